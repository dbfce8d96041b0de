"""Whoever falls behind is told so, fed in order, and told when they have caught up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import lines.websocket
import utils
from chat.seats import SEATS
from journal.promise import Seat
from lines.line import BOUND
from rooms.batch import CUT
from tests.strangers import CLOSE, Stranger, frame, guest, request
from tests.stuck import SMALL, most_unsent, someone_is_behind
from tests.transcript import Body, House, Person
from tests.version2.guests import V2, Guest, comes, resumes

TEXT = "\U0001f600" * 4000  # 16 KB


@asynccontextmanager
async def slow_guest(house: House, nick: str = "slow") -> AsyncIterator[tuple[Stranger, Body]]:
    """Let somebody in who reads only what a test asks for; return the greeting too."""
    async with Stranger(house.port, SMALL) as slow:
        await slow.enters(f"/chat?nick={nick}", **V2)
        greeting = await slow.hears()
        await slow.sends(request("room_list"))
        await slow.hears()
        yield slow, greeting


async def fill(house: House, ann: Person, start: int = 0) -> int:
    """Speak until somebody is behind; return the number of the last message."""
    last = start
    while not someone_is_behind(house):
        await ann.does("chat_message", message=TEXT)
        last += 1
        assert last < 1000
    return last


async def hear_ids(slow: Stranger, first: int, last: int) -> None:
    """Hear the messages of these numbers, in order, and nothing else."""
    for number in range(first, last + 1):
        body = await slow.hears()
        assert (body["action"], body.get("id")) == ("chat_message", number), body


async def test_who_falls_behind_is_told_fed_and_told_again(kept: House) -> None:
    """First `lagging` with the first message that is missing, then all, then `caught_up`."""
    ann = await comes(kept, "ann")
    async with slow_guest(kept) as (slow, _greeting):
        await ann.hears_joined("slow")
        last = await fill(kept, ann)
        await ann.says_all(*map(str, range(500)))
        assert most_unsent(kept) <= BOUND + CUT
        first = 0
        while (body := await slow.hears())["action"] == "chat_message":
            first += 1
            assert body["id"] == first
        assert body == {"action": "lagging", "room": "default", "from": first + 1}
        await hear_ids(slow, first + 1, last + 500)
        assert await slow.hears() == {
            "action": "caught_up",
            "room": "default",
            "last_id": last + 500,
            "users": ["ann", "slow"],
        }
        await ann.says_all("next")
        await hear_ids(slow, last + 501, last + 501)
        await ann.has_heard_all()


async def test_what_changed_among_the_people_is_in_the_list(kept: House) -> None:
    """Who came, left and renamed meanwhile is told by the list of `caught_up` alone."""
    ann = await comes(kept, "ann")
    old = await kept.lets_in("old")
    await ann.hears_joined("old")
    async with slow_guest(kept) as (slow, _greeting):
        await ann.hears_joined("slow")
        await old.hears()
        last = await fill(kept, ann)
        cem = await comes(kept, "cem", ann)
        await comes(kept, "dan", ann)
        await ann.does("set_nick", nick="zoe")
        await cem.leaves()
        bodies: list[Body] = []
        while (body := await slow.hears())["action"] != "caught_up":
            bodies.append(body)
        assert {body["action"] for body in bodies} == {"chat_message", "lagging"}
        assert (body["last_id"], body["users"]) == (last, ["zoe", "old", "slow", "dan"])


async def test_what_was_trimmed_meanwhile_is_named(kept: House) -> None:
    """The place of a reader was trimmed: `gap` names what is gone, then the rest comes."""
    ann = await comes(kept, "ann")
    async with slow_guest(kept) as (slow, _greeting):
        await ann.hears_joined("slow")
        last = await fill(kept, ann)
        await ann.says_all(*[TEXT] * 200)
        last += 200
        await kept.app[utils.JOURNAL].trim(10, 0)
        heard: list[int] = []
        gaps: list[Body] = []
        while (body := await slow.hears())["action"] != "caught_up":
            if body["action"] == "chat_message":
                heard.append(body["id"])
            elif body["action"] == "gap":
                gaps.append(body)
        assert [set(gap) for gap in gaps] == [{"action", "room", "from", "to"}]
        missing = list(range(gaps[0]["from"], gaps[0]["to"] + 1))
        assert missing
        assert sorted(heard + missing) == list(range(1, last + 1))
        assert heard[-10:] == list(range(last - 9, last + 1))
        assert heard == sorted(heard)


async def test_replies_stay_in_order_while_one_is_behind(kept: House) -> None:
    """Requests sent by somebody who reads nothing are answered once each, in their order."""
    ann = await comes(kept, "ann")
    async with slow_guest(kept) as (slow, _greeting):
        await ann.hears_joined("slow")
        for number in range(60):
            await slow.sends(request("chat_message", message=TEXT, ref=number, key=str(number)))
        await slow.sends(request("user_list", ref=60) + request("set_nick", nick="s2", ref=61))
        await slow.sends(request("join_room", room="tea", ref=62))
        await slow.sends(request("chat_message", message="there", ref=63))
        refs: list[int] = []
        while len(refs) < 64:
            body = await slow.hears()
            if "success" in body:
                assert body["success"], body
                refs.append(body["ref"])
        assert refs == list(range(64))
        assert (await kept.app[utils.JOURNAL].page("tea", after=0, limit=9)).messages


async def test_who_is_behind_may_lose_the_line_and_resume(kept: House) -> None:
    """A reader who gives up and resumes gets exactly what they have not read."""
    ann = await comes(kept, "ann")
    async with slow_guest(kept) as (slow, greeting):
        await ann.hears_joined("slow")
        last = await fill(kept, ann)
        await hear_ids(slow, 1, 3)
    again = Guest((await kept.opens(protocols=("chat.v2",))).ws)
    again.greeting = await again.hears()
    await again.says(
        "resume", session=greeting["session"], room="default", epoch=ann.epoch, after=3
    )
    reply = await again.hears()
    assert (reply["user"], reply["recovered"]) == ("slow", True)
    assert await again.hears_said(*[TEXT] * (last - 3)) == list(range(4, last + 1))
    await again.has_heard_all()
    await ann.has_heard_all()


async def test_a_reader_who_is_behind_can_be_taken_over(kept: House) -> None:
    """The line that does not read is cut off; the new one gets everything."""
    ann = await comes(kept, "ann")
    async with slow_guest(kept) as (_slow, greeting):
        await ann.hears_joined("slow")
        last = await fill(kept, ann)
        old = Guest(ann.ws)
        old.greeting = greeting
        again, reply = await resumes(kept, old, room="default", epoch=ann.epoch, after=0)
        assert (reply["users"], reply["recovered"]) == (["ann", "slow"], True)
        assert await again.hears_said(*[TEXT] * last) == list(range(1, last + 1))
        await ann.says_all("next")
        await again.hears_said("next")
        await again.has_heard_all()
        await ann.has_heard_all()


async def test_who_goes_on_falling_behind_misses_nothing(kept: House) -> None:
    """Again and again behind: numbers without a hole, and each `lagging` has its `caught_up`."""
    ann = await comes(kept, "ann")
    async with slow_guest(kept) as (slow, _greeting):
        await ann.hears_joined("slow")
        said = heard = lagging = 0
        for _ in range(4):
            said = await fill(kept, ann, said)
            while heard < said or lagging:
                body = await slow.hears()
                match body["action"]:
                    case "chat_message":
                        heard += 1
                        assert body["id"] == heard
                    case "lagging":
                        lagging += 1
                        assert body["from"] == heard + 1
                    case "caught_up":
                        lagging -= 1
                        assert body["last_id"] == heard
            assert lagging == 0


async def test_version_1_gets_the_messages_and_then_the_people(kept: House) -> None:
    """In the same situation a reader of version 1 is told nothing but messages, then changes."""
    ann = await comes(kept, "ann")
    async with guest(kept.port, "slow", receive_buffer=SMALL) as slow:
        await ann.hears_joined("slow")
        last = await fill(kept, ann)
        await comes(kept, "cem", ann)
        for _ in range(last):
            assert (await slow.hears())["action"] == "chat_message"
        assert await slow.hears() == {"action": "joined", "room": "default", "user": "cem"}
        await slow.sends(request("room_list"))
        assert (await slow.hears())["action"] == "room_list"


async def test_who_falls_behind_while_a_seat_is_looked_up_is_fed_in_the_new_room(
    kept: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The room of the connecting is loud: nothing of it is told after the reply to resume."""
    ann = await comes(kept, "ann")
    bob = await comes(kept, "bob", room="tea")
    await bob.says_all("one", "two", "three")
    await bob.leaves()
    asked, found = asyncio.Event(), asyncio.Event()
    find = kept.app[SEATS].find

    async def find_late(key: int) -> Seat | None:
        asked.set()
        await found.wait()
        return await find(key)

    monkeypatch.setattr(kept.app[SEATS], "find", find_late)
    async with Stranger(kept.port, SMALL) as again:
        await again.enters("/chat?nick=again", **V2)
        await again.hears()
        place = {"room": "tea", "epoch": ann.epoch, "after": 0}
        await again.sends(request("resume", session=bob.session, **place))
        await asked.wait()
        last = await fill(kept, ann)
        await ann.says_all(*[TEXT] * 20)
        found.set()
        await again.sends(request("room_list"))
        first = 0
        while (body := await again.hears())["action"] != "resume":
            if body["action"] == "chat_message":
                first += 1
                assert body["id"] == first
        assert first < last + 20
        assert (body["room"], body["user"], body["recovered"]) == ("tea", "bob", True)
        for number, text in enumerate(("one", "two", "three"), 1):
            body = await again.hears()
            assert (body["id"], body["message"]) == (number, text)
        assert (await again.hears())["action"] == "room_list"
        feeding = [task for task in asyncio.all_tasks() if "_feed" in repr(task.get_coro())]
        await asyncio.gather(*feeding, return_exceptions=True)
        await again.sends(request("chat_message", message="four"))
        assert (await again.hears())["id"] == 4


async def test_who_reads_up_the_rest_of_a_line_that_was_ended_leaves_no_error(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The close frame is answered before all is read: the line ends by itself, in time."""
    monkeypatch.setattr(lines.websocket, "CLOSING_TIME", 0.5)
    ann = await comes(house, "ann")
    async with slow_guest(house) as (slow, greeting):
        await ann.hears_joined("slow")
        await fill(house, ann)
        old = Guest(ann.ws)
        old.greeting = greeting
        await resumes(house, old)
        over = asyncio.get_running_loop().call_later(0.6, lambda: None).when()
        await slow.sends(frame(CLOSE, b""))
        await ann.has_heard_all()
        assert (await slow.reads_to_end())[-2:] == b"on"
        while asyncio.get_running_loop().time() < over:
            await ann.has_heard_all()
