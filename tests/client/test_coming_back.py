import asyncio

import pytest
from aiohttp import WSMsgType

from calls import lifeline
from calls.events import Event
from client import (
    CaughtUp,
    ChatClient,
    ConnectionLost,
    Disconnected,
    Entered,
    Gone,
    Joined,
    LogReplaced,
    NotConnected,
    Said,
)
from tests.client.callers import entered, event, together
from tests.scripted import Caller, ScriptedServer

PEOPLE = ("ann", "bob")
UNKNOWN = {"success": False, "code": "unknown_session", "message": "No such session."}


async def events(chat: ChatClient, count: int) -> list[Event]:
    """Return the next events; the first is that the connection was lost."""
    assert isinstance(await event(chat), Disconnected)
    return [await event(chat) for _ in range(count)]


async def refuses(server: ScriptedServer, last: int, user: str = "ann") -> Caller:
    """Let the client connect once more, and refuse to resume."""
    again = await server.called()
    again.last = last
    await again.greet(user, session="new", users=("bob",))
    assert (await again.answer_next(**UNKNOWN))["action"] == "resume"
    return again


async def test_resumes(server: ScriptedServer) -> None:
    """After a lost line the client takes its place back, and is told all it missed, once."""
    async with entered(server, last=7) as (chat, caller):
        await caller.says("before")
        caller.cut()
        again = await server.called()
        request = await again.resumes(10)
        assert request == {
            "action": "resume",
            "session": "token",
            "room": "default",
            "epoch": "e",
            "after": 8,
            "ref": request["ref"],
        }
        for number in (9, 10, 10, 9, 11):
            await again.says(f"text {number}", number=number)
        assert await event(chat) == Said(8, 5, "bob", "before")
        assert await events(chat, 5) == [
            Entered("ann", "default", PEOPLE, 8),
            Said(9, 5, "bob", "text 9"),
            Said(10, 5, "bob", "text 10"),
            CaughtUp(2),
            Said(11, 5, "bob", "text 11"),
        ]


async def test_who_missed_nothing_is_told_so(server: ScriptedServer) -> None:
    """Where nothing was said meanwhile, the client knows that it has everything."""
    async with entered(server) as (chat, caller):
        caller.cut()
        await (await server.called()).resumes(0)
        assert await events(chat, 2) == [Entered("ann", "default", PEOPLE), CaughtUp(0)]


async def test_what_is_told_before_the_resume_is_not_for_it(server: ScriptedServer) -> None:
    """A new connection hears of another place until it has resumed; the client passes that over."""
    async with entered(server) as (chat, caller):
        caller.cut()
        again = await (await server.called()).greet("User1", "elsewhere", last_id=40)
        await again.says("not for us", number=41)
        await again.tell({"action": "joined", "room": "elsewhere", "user": "eve"})
        again.last = 1
        await again.answer_next(**again.place(user="ann"))
        await again.says("missed", number=1)
        told = await events(chat, 3)
        assert told == [
            Entered("ann", "default", PEOPLE),
            Said(1, 5, "bob", "missed"),
            CaughtUp(1),
        ]
        assert chat.users == ["ann", "bob"]


async def test_a_message_in_flight_completes(server: ScriptedServer) -> None:
    """A line cut between a message and its reply: it is said again under the same key."""
    async with entered(server) as (chat, caller):
        saying = asyncio.gather(chat.say("one"), chat.say("two"))
        first = await caller.asked()
        caller.cut()
        again = await server.called()
        await again.resumes(0)
        second = await again.stores_next()
        assert (second["message"], second["key"]) == ("one", first["key"])
        assert (await again.stores_next())["message"] == "two"
        assert tuple(await saying) == (Said(1, 5, "ann", "one"), Said(2, 5, "ann", "two"))


async def test_a_message_that_was_stored_is_told_once(server: ScriptedServer) -> None:
    """Stored, but the reply was lost: it comes by the recovery, and the second reply adds none."""
    async with entered(server) as (chat, caller):
        saying = asyncio.create_task(chat.say("mine"))
        await caller.asked()
        caller.cut()
        again = await server.called()
        await again.resumes(1)
        await again.says("mine", "ann", number=1)
        await again.answer_next(id=1, ts=5)
        await again.says("next")
        assert await saying == Said(1, 5, "ann", "mine")
        assert (await events(chat, 4))[1:] == [
            Said(1, 5, "ann", "mine"),
            CaughtUp(1),
            Said(2, 5, "bob", "next"),
        ]


async def test_every_request_completes(server: ScriptedServer) -> None:
    """Whatever was asked when the line was lost, or without one, is asked over the next."""
    async with entered(server) as (chat, caller):
        moving = asyncio.create_task(chat.join_room("den"))
        listing = asyncio.create_task(chat.room_list())
        for _ in range(2):
            await caller.asked()
        caller.cut()
        again = await server.called()
        later = asyncio.create_task(chat.user_list("attic"))
        await again.resumes(0)
        for _ in range(3):
            request = await again.asked()
            answers = {"rooms": [], "users": [], **again.place(room="den")}
            await again.answer(request, **answers)
        assert await listing == []
        assert await later == ["ann", "bob"] or await later == []
        await moving
        assert chat.room == "den"


async def test_replies_that_come_late_or_twice_change_nothing(server: ScriptedServer) -> None:
    """A reply given twice is counted once, also where it comes after others."""
    async with entered(server) as (chat, caller):
        saying = asyncio.create_task(chat.say("hi"))
        request = await caller.stores_next()
        await caller.answer(request, id=1, ts=5)
        await saying
        await caller.answer(request, id=2, ts=5)
        await caller.says("next")
        assert [await event(chat) for _ in range(2)] == [
            Said(1, 5, "ann", "hi"),
            Said(2, 5, "bob", "next"),
        ]


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "chat_message", "user": "bob", "message": "hi", "id": 3, "ts": 5},
        {"action": "caught_up", "room": "default", "last_id": 3, "users": ["ann"]},
        {"action": "gap", "room": "default", "from": 2, "to": 3},
    ],
)
async def test_a_hole_is_mended(server: ScriptedServer, fault: dict[str, object]) -> None:
    """If the server leaves messages out, the client does not believe it: it resumes."""
    async with entered(server) as (chat, caller):
        await caller.tell(fault)
        again = await server.called()
        assert (await again.resumes(3))["after"] == 0
        for number in (1, 2, 3):
            await again.says("text", number=number)
        lost = await event(chat)
        assert isinstance(lost, Disconnected)
        assert "left something out" in lost.reason
        assert await event(chat) == Entered("ann", "default", PEOPLE)
        assert [(await event(chat)) for _ in range(4)][-1] == CaughtUp(3)


async def test_a_late_reader_is_told_when_it_has_caught_up(server: ScriptedServer) -> None:
    """Who falls behind is told how much came late, what was trimmed, and who is there now."""
    async with entered(server, last=7) as (chat, caller):
        await caller.tell({"action": "lagging", "room": "default", "from": 8})
        await caller.tell({"action": "gap", "room": "default", "from": 8, "to": 9})
        await caller.says("late", number=10)
        await caller.tell(
            {"action": "caught_up", "room": "default", "last_id": 10, "users": ["ann", "cyd"]}
        )
        assert [await event(chat) for _ in range(3)] == [
            Gone(8, 9),
            Said(10, 5, "bob", "late"),
            CaughtUp(1, gone=2),
        ]
        assert chat.users == ["ann", "cyd"]


async def test_what_was_trimmed_is_gone_and_the_rest_is_told(server: ScriptedServer) -> None:
    """A recovery refused for a gap: the gap is told, and what the room has after it is fetched."""
    async with entered(server, last=2) as (chat, caller):
        caller.cut()
        again = await server.called()
        await again.resumes(9, recovered=False, gap={"from": 3, "to": 7})
        await again.says("too early", number=10)
        request = await again.answer_next(**again.place())
        assert (request["action"], request["after"]) == ("join_room", 7)
        for number in (8, 9, 10):
            await again.says(f"text {number}", number=number)
        assert await events(chat, 6) == [
            Gone(3, 7),
            Entered("ann", "default", PEOPLE, 7),
            Said(8, 5, "bob", "text 8"),
            Said(9, 5, "bob", "text 9"),
            Said(10, 5, "bob", "text 10"),
            CaughtUp(3, gone=5),
        ]


@pytest.mark.parametrize(("last", "gap"), [(7, (3, 7)), (1, (2, 2))])
async def test_a_gap_up_to_the_end(server: ScriptedServer, last: int, gap: tuple[int, int]) -> None:
    """Where nothing is kept after the gap, or the log is shorter than it was, that is all."""
    async with entered(server, last=2) as (chat, caller):
        caller.cut()
        again = await server.called()
        await again.resumes(last, recovered=False, gap={"from": gap[0], "to": gap[1]})
        await again.says("next")
        assert await events(chat, 4) == [
            Entered("ann", "default", PEOPLE, last),
            Gone(*gap),
            CaughtUp(0, gone=gap[1] - gap[0] + 1),
            Said(last + 1, 5, "bob", "next"),
        ]


@pytest.mark.parametrize("last", [0, 3])
async def test_another_log_is_told(server: ScriptedServer, last: int) -> None:
    """In another epoch the numbers mean nothing: that is said, and read on from its end."""
    async with entered(server, last=7) as (chat, caller):
        caller.cut()
        again = await server.called()
        gap = {"from": 1, "to": last}
        await again.resumes(last, epoch="f", recovered=False, gap=gap)
        await again.says("next")
        assert await events(chat, 3) == [
            Entered("ann", "default", PEOPLE, last),
            LogReplaced(),
            Said(last + 1, 5, "bob", "next"),
        ]
        again.cut()
        third = await server.called()
        assert (await third.resumes(last + 1, epoch="f"))["epoch"] == "f"


async def test_taken_over_is_final(server: ScriptedServer) -> None:
    """Where the session goes on elsewhere the client says so, ends, and does not come back."""
    async with entered(server) as (chat, caller):
        asking = asyncio.create_task(chat.set_nick("rob"))
        waiting = asyncio.create_task(chat.say("hi"))
        await caller.asked()
        await caller.close(4001, "this session goes on in another connection")
        told = [each async for each in chat]
        assert len(told) == 1
        assert isinstance(told[0], Disconnected)
        assert "4001: this session goes on" in told[0].reason
        assert told[0].retry_in is None
        with pytest.raises(ConnectionLost) as lost:
            await asking
        assert not isinstance(lost.value, NotConnected)
        with pytest.raises(NotConnected, match="4001"):
            await waiting
        with pytest.raises(NotConnected):
            await chat.room_list()


async def test_joins_anew_where_the_session_is_unknown(server: ScriptedServer) -> None:
    """A forgotten client enters anew, says why, and recovers what was said meanwhile."""
    async with entered(server, last=2) as (chat, caller):
        saying = asyncio.create_task(chat.say("mine"))
        first = await caller.asked()
        caller.cut()
        again = await refuses(server, 3)
        request = await again.answer_next(**again.place())
        assert (request["action"], request["room"], request["after"]) == ("join_room", "default", 2)
        await again.says("missed", number=3)
        second = await again.stores_next()
        assert (second["message"], second["key"]) == ("mine", first["key"])
        await saying
        assert await events(chat, 4) == [
            Entered("ann", "default", PEOPLE, 2, lost="No such session."),
            Said(3, 5, "bob", "missed"),
            CaughtUp(1),
            Said(4, 5, "ann", "mine"),
        ]
        again.cut()
        assert (await (await server.called()).resumes(4))["session"] == "new"


async def test_a_message_found_again_is_not_said_twice(server: ScriptedServer) -> None:
    """A forgotten client that hears its own message in the recovery knows that it was said."""
    async with entered(server) as (chat, caller):
        saying = asyncio.create_task(chat.say("mine"))
        await caller.asked()
        caller.cut()
        again = await refuses(server, 2)
        await again.answer_next(**again.place())
        assert len(await events(chat, 1)) == 1
        for user in ("cyd", "dee", "eve"):  # meanwhile nothing is said again
            await again.tell({"action": "joined", "user": user})
            assert await event(chat) == Joined(user)
        await again.says("mine", "bob", number=1)
        await again.says("mine", "ann", number=2)
        assert await saying == Said(2, 5, "ann", "mine")
        await together(chat.user_list("den"), again.answer_next(users=[]))


async def test_a_message_that_nobody_can_tell_of_is_given_back(server: ScriptedServer) -> None:
    """Forgotten, and a part of the log is gone: it is not said again; what waits behind it is."""
    async with entered(server) as (chat, caller):
        saying = asyncio.gather(chat.say("one"), chat.say("two"), return_exceptions=True)
        await caller.asked()
        caller.cut()
        again = await refuses(server, 2)
        await again.answer_next(**again.place(recovered=False, gap={"from": 1, "to": 2}))
        assert (await again.stores_next())["message"] == "two"
        one, two = await saying
        assert isinstance(one, ConnectionLost)
        assert not isinstance(one, NotConnected)
        assert two == Said(3, 5, "ann", "two")


async def test_takes_another_nick_where_its_own_is_taken(server: ScriptedServer) -> None:
    """Where somebody else has its nick the client takes one like it, and says so."""
    async with entered(server) as (chat, caller):
        caller.cut()
        again = await refuses(server, 0, "User7")
        taken = {"success": False, "code": "nick_taken", "message": "Taken."}
        assert (await again.answer_next(**taken))["nick"] == "ann"
        assert (await again.answer_next(**taken))["nick"] == "ann2"
        assert (await again.answer_next())["nick"] == "ann3"
        assert (await again.answer_next(**again.place()))["action"] == "join_room"
        (told,) = await events(chat, 1)
        assert told == Entered("ann3", "default", PEOPLE, 0, lost="No such session.")
        assert chat.nick == "ann3"
        again.cut()
        third = await server.called()
        assert third.query == {"nick": "ann", "room": "default"}


async def test_a_resume_that_is_too_early_is_made_again(server: ScriptedServer) -> None:
    """A refusal that time mends does not cost the place."""
    async with entered(server) as (chat, caller):
        caller.cut()
        again = await (await server.called()).greet("User1")
        for refusal in ({"code": "rate_limited", "retry_after": 0.001}, {"code": "no_history"}):
            assert (await again.answer_next(success=False, **refusal))["action"] == "resume"
        await again.answer_next(**again.place(user="ann"))
        assert await events(chat, 1) == [Entered("ann", "default", PEOPLE)]


@pytest.mark.parametrize(
    "reply", [{}, {"room": "default", "epoch": "e", "last_id": 0, "users": [], "recovered": False}]
)
async def test_a_resume_answered_with_nonsense_is_tried_anew(
    server: ScriptedServer, reply: dict[str, object]
) -> None:
    """A server that does not say where the client is gets another call."""
    async with entered(server) as (chat, caller):
        caller.cut()
        again = await (await server.called()).greet("User1")
        await again.answer_next(**reply)
        assert await again.ended() is WSMsgType.CLOSE
        await (await server.called()).resumes(0)
        told = await events(chat, 2)
        assert isinstance(told[0], Disconnected)
        assert told[1] == Entered("ann", "default", PEOPLE)


async def test_a_resume_that_is_never_answered_is_given_up(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that greets and then says nothing is tried again."""
    async with entered(server) as (chat, caller):
        monkeypatch.setattr(lifeline, "OPENING", 0.05)
        caller.cut()
        again = await (await server.called()).greet("User1")
        await again.asked()
        assert await again.ended() is WSMsgType.CLOSE
        monkeypatch.undo()
        assert "does not answer" in str((await event(chat), await event(chat)))


async def test_cut_again_during_the_recovery(server: ScriptedServer) -> None:
    """A line that is lost during the recovery too: the next goes on from where it was."""
    async with entered(server) as (chat, caller):
        caller.cut()
        again = await server.called()
        await again.resumes(3)
        await again.says("one", number=1)
        again.cut()
        third = await server.called()
        assert (await third.resumes(3))["after"] == 1
        await third.says("two", number=2)
        await third.says("three", number=3)
        told = [await event(chat) for _ in range(8)]
        assert [each.id for each in told if isinstance(each, Said)] == [1, 2, 3]
        assert told[-1] == CaughtUp(3)


async def test_a_new_session_takes_its_first_nick_too(server: ScriptedServer) -> None:
    """Where the nick is taken on the first entering, the client takes one like it."""
    entering = asyncio.create_task((chat := ChatClient(server.url, nick="ann")).__aenter__())
    caller = await (await server.called()).greet("User7", users=("ann", "User7"))
    await caller.tell({"action": "joined", "room": "default", "user": "cyd"})
    assert (await caller.answer_next(success=False))["nick"] == "ann"
    assert (await caller.answer_next())["nick"] == "ann2"
    await entering
    assert await event(chat) == Joined("cyd")
    assert await event(chat) == Entered("ann2", "default", ("ann", "ann2", "cyd"))
    await chat.close()
