import asyncio
from collections.abc import Awaitable

import pytest

from client import Entered, NotConnected, Page, RequestRefused, Said
from tests.client.callers import entered, event, together
from tests.scripted import Body, Caller, ScriptedServer


async def test_matches_replies_by_their_reference(versions: ScriptedServer) -> None:
    """Several requests may be under way; each gets its own reply, in whatever order they come."""
    async with entered(versions) as (chat, caller):
        asking = [asyncio.create_task(chat.user_list(room)) for room in ("a", "b", "c")]
        requests = [await caller.asked() for _ in asking]
        for request in reversed(requests):
            await caller.answer(request, users=[f"in {request['room']}"])
        assert await asyncio.gather(*asking) == [["in a"], ["in b"], ["in c"]]


async def test_matches_replies_without_reference_by_their_order(versions: ScriptedServer) -> None:
    """A server that repeats no `ref` still promises the order of replies."""
    async with entered(versions) as (chat, caller):
        asking = [asyncio.create_task(chat.user_list(room)) for room in ("a", "b")]
        for room in ("a", "b"):
            await caller.asked()
            await caller.tell({"action": "user_list", "success": True, "users": [room]})
        assert await asyncio.gather(*asking) == [["a"], ["b"]]


async def test_requests_are_those_of_the_wire(versions: ScriptedServer) -> None:
    """Each method sends its action and nothing that was not given."""
    async with entered(versions) as (chat, caller):
        requests: list[tuple[Awaitable[object], Body]] = [
            (chat.say("hi"), {"action": "chat_message", "message": "hi"}),
            (chat.set_nick("bob"), {"action": "set_nick", "nick": "bob"}),
            (chat.join_room("den"), {"action": "join_room", "room": "den"}),
            (chat.user_list(), {"action": "user_list"}),
            (chat.user_list("den"), {"action": "user_list", "room": "den"}),
            (chat.room_list(), {"action": "room_list"}),
            (chat.history("den", after=3), {"action": "history", "room": "den", "after": 3}),
            (chat.history(before=9, limit=2), {"action": "history", "before": 9, "limit": 2}),
        ]
        for asking, body in requests:
            refused = asyncio.gather(asking, return_exceptions=True)
            request = await caller.answer_next(success=False)
            request.pop("key", None)
            assert request == body | {"ref": request["ref"]}
            await refused


async def test_reads_the_lists(versions: ScriptedServer) -> None:
    """Users, rooms and history come as lists of names, of pairs, and as a page."""
    async with entered(versions) as (chat, caller):
        users = await together(chat.user_list(), caller.answer_next(room="default", users=["ann"]))
        rooms = await together(
            chat.room_list(), caller.answer_next(rooms=[{"room": "default", "users": 2}])
        )
        said = {"id": 1, "ts": 5, "user": "bob", "message": "hi"}
        page = await together(
            chat.history(),
            caller.answer_next(room="default", epoch="e", messages=[said], more=False),
        )
    assert users == ["ann"]
    assert rooms == [("default", 2)]
    assert page == Page("default", "e", [Said(1, 5, "bob", "hi")], more=False)


async def test_refusals_carry_the_text(versions: ScriptedServer) -> None:
    """What the server refuses is raised with the server's words, and changes nothing."""
    async with entered(versions) as (chat, caller):
        refusal = caller.answer_next(success=False, message="Nickname is already in use")
        with pytest.raises(RequestRefused, match="Nickname is already in use") as raised:
            await together(chat.set_nick("bob"), refusal)
        assert raised.value.text == "Nickname is already in use"
        assert chat.nick == "ann"


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"users": 1, "rooms": 1, "messages": 1},
        {"users": [1], "rooms": [1], "room": "r", "epoch": "e", "messages": [1], "more": True},
        {"rooms": [{"room": "a", "users": "many"}]},
        {"success": None},
        {"success": 1, "message": [1]},
    ],
)
async def test_replies_that_make_no_sense_are_refusals(
    versions: ScriptedServer, reply: dict[str, object]
) -> None:
    """A reply of the wrong shape fails its own request and nothing else."""
    async with entered(versions) as (chat, caller):
        for asking in (chat.user_list, chat.room_list, chat.history):
            with pytest.raises(RequestRefused):
                await together(asking(), caller.answer_next(**reply))


async def test_knows_where_it_is(versions: ScriptedServer) -> None:
    """Nick, room and people follow the replies; the room is spelled as the server shows it."""
    async with entered(versions) as (chat, caller):
        await together(chat.set_nick(" anna "), caller.answer_next())
        assert (chat.nick, chat.users) == ("anna", ["anna", "bob"])
        await together(chat.join_room("DEN"), moves(caller, room="Den", users=["cyd", "anna"]))
        assert (chat.room, chat.users) == ("Den", ["cyd", "anna"])
        await together(chat.user_list("attic"), caller.answer_next(room="attic", users=[]))
        assert (chat.room, chat.users) == ("Den", ["cyd", "anna"])
        assert await event(chat) == Entered("anna", "Den", ("cyd", "anna"), caller.last)


async def moves(caller: Caller, **place: object) -> None:
    """Let the client into another room; in version 1 it has to ask who is there."""
    await caller.answer_next(**caller.place(**place) if caller.version > 1 else {})
    if caller.version == 1:
        await caller.answer_next(**place)


async def test_knows_who_is_there(versions: ScriptedServer) -> None:
    """The people of the room follow the notices of who comes, leaves and takes another nick."""
    async with entered(versions) as (chat, caller):
        for notice in (
            {"action": "joined", "user": "cyd"},
            {"action": "joined", "user": "cyd"},
            {"action": "nick_changed", "from_user": "bob", "to_user": "rob"},
            {"action": "left", "user": "ann", "shame": False},
            {"action": "left", "user": "nobody", "shame": False},
        ):
            await caller.tell(notice)
            await event(chat)
        assert chat.users == ["rob", "cyd"]


async def test_own_messages_are_events_at_their_place(server: ScriptedServer) -> None:
    """What the client says comes back numbered, among what the others say, and is told once."""
    async with entered(server, last=7) as (chat, caller):
        saying = asyncio.create_task(chat.say("mine"))
        request = await caller.asked()
        await caller.says("theirs")
        await caller.answer(request, id=9, ts=6)
        assert await saying == Said(9, 6, "ann", "mine")
        caller.last = 9
        await caller.says("more")
        told = [await event(chat) for _ in range(3)]
    assert told == [
        Said(8, 5, "bob", "theirs"),
        Said(9, 6, "ann", "mine"),
        Said(10, 5, "bob", "more"),
    ]


async def test_one_message_is_on_its_way_at_a_time(versions: ScriptedServer) -> None:
    """Messages said side by side go out in order, each once the one before is acknowledged."""
    async with entered(versions) as (chat, caller):
        saying = asyncio.gather(*(chat.say(text) for text in "abc"), chat.set_nick("rob"))
        for text in "abc":
            request = await caller.asked()
            assert request["message"] == text
            users = asyncio.create_task(chat.user_list("den"))
            await caller.answer_next(users=["only this"])
            assert await users == ["only this"]  # nothing else was asked meanwhile
            await caller.answer(request, message=text)
        assert (await caller.answer_next())["nick"] == "rob"
        await saying


async def test_waits_as_long_as_it_is_told(server: ScriptedServer) -> None:
    """A message that came too early is said again in its time, before those after it."""
    async with entered(server) as (chat, caller):
        saying = asyncio.gather(chat.say("one"), chat.say("two"))
        refusal = {"success": False, "code": "rate_limited", "retry_after": 0.001}
        keys = [(await caller.answer_next(**refusal))["key"] for _ in range(3)]
        first, second = [await caller.stores_next() for _ in range(2)]
        assert (first["message"], second["message"]) == ("one", "two")
        assert set(keys) == {first["key"]} != {second["key"]}
        await saying


async def test_who_is_told_to_wait_can_leave(server: ScriptedServer) -> None:
    """Closing does not wait for the time that the server set."""
    async with entered(server) as (chat, caller):
        saying = asyncio.create_task(chat.say("hi"))
        await caller.answer_next(success=False, code="rate_limited", retry_after=1e9)
        await together(chat.user_list("den"), caller.answer_next(users=[]))
        await chat.close()
        with pytest.raises(NotConnected):
            await saying


@pytest.mark.parametrize("text", ["x" * 65_536, "\ud800"])
async def test_sends_nothing_that_ends_the_connection(versions: ScriptedServer, text: str) -> None:
    """What no server would take is refused here, and the connection lives on."""
    async with entered(versions) as (chat, caller):
        with pytest.raises(RequestRefused):
            await chat.say(text)
        request = await together(caller.answer_next(), chat.say("short"))
        assert request["message"] == "short"


async def test_a_reply_nobody_waits_for_any_more_counts(versions: ScriptedServer) -> None:
    """Who stopped waiting for a change has it all the same once the server made it."""
    async with entered(versions) as (chat, caller):
        changing = asyncio.create_task(chat.set_nick("bob"))
        request = await caller.asked()
        changing.cancel()
        await asyncio.wait([changing])
        await caller.answer(request)
        await together(chat.say("hi"), caller.answer_next())
        assert chat.nick == "bob"
