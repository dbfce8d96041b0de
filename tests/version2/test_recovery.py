"""Recovery is all that was missed, once and in order, or an honest no."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import utils
from tests.strangers import Stranger, request
from tests.transcript import Body, House, opened
from tests.version2.guests import V2, Guest, comes, gathers, resumes


async def joins(guest: Guest, room: str, after: int, epoch: str | None = None) -> Body:
    """Enter a room, having its log up to a message."""
    return await guest.asks("join_room", room=room, epoch=epoch or guest.epoch, after=after)


async def test_what_was_missed_follows_the_reply(kept: House) -> None:
    """All that was said since follows once, in order, one's own included, before what is newer."""
    ann, bob = await gathers(kept, "ann", "bob")
    await bob.says_all("mine")
    await ann.hears_said("mine")
    await bob.does("join_room", room="tea")
    await ann.hears_left("bob", "moved")
    await ann.says_all("one", "two")
    reply = await joins(bob, "default", 0)
    assert reply == {
        "action": "join_room",
        "success": True,
        "message": "",
        "room": "default",
        "epoch": bob.epoch,
        "last_id": 3,
        "users": ["ann", "bob"],
        "recovered": True,
    }
    notice = await bob.hears()
    assert notice == {
        "action": "chat_message",
        "message": "mine",
        "user": "bob",
        "room": "default",
        "id": 1,
        "ts": notice["ts"],
    }
    assert await bob.hears_said("one", "two") == [2, 3]
    await ann.hears_joined("bob")
    await ann.says_all("three")
    assert await bob.hears_said("three") == [4]
    await bob.has_heard_all()


@pytest.mark.parametrize("count", [0, 3])
async def test_who_missed_nothing_recovers(kept: House, count: int) -> None:
    """With the last number, 0 in an empty room, the answer is yes and nothing follows."""
    ann = await comes(kept, "ann", room="tea")
    await ann.says_all(*map(str, range(count)))
    bob = await comes(kept, "bob")
    reply = await joins(bob, "tea", count)
    assert (reply["recovered"], reply["last_id"]) == (True, count)
    assert "gap" not in reply
    await bob.has_heard_all()
    await ann.hears_joined("bob", "tea")
    await ann.says_all("next")
    assert await bob.hears_said("next") == [count + 1]


async def test_a_room_that_never_was_recovers_from_0(kept: House) -> None:
    """Nobody ever was there: nothing is missing."""
    bob = await comes(kept, "bob")
    reply = await joins(bob, "new", 0)
    assert (reply["recovered"], reply["last_id"], reply["users"]) == (True, 0, ["bob"])
    assert await bob.says_all("hello") == [1]


@pytest.mark.parametrize(
    ("epoch", "after", "gap"),
    [
        ("another", 2, {"from": 1, "to": 3}),
        ("another", 0, {"from": 1, "to": 3}),
        ("another", 9, {"from": 1, "to": 3}),
        (None, 4, {"from": 4, "to": 4}),
        (None, 2**53 - 1, {"from": 4, "to": 2**53 - 1}),
    ],
)
async def test_what_cannot_be_had_is_named(
    kept: House, epoch: str | None, after: int, gap: Body
) -> None:
    """Another log, and numbers that it does not have, are a no; then nothing old follows."""
    ann = await comes(kept, "ann", room="tea")
    await ann.says_all("one", "two", "three")
    bob = await comes(kept, "bob")
    reply = await joins(bob, "tea", after, epoch)
    assert (reply["recovered"], reply["gap"], reply["last_id"]) == (False, gap, 3)
    await bob.has_heard_all()
    await ann.hears_joined("bob", "tea")
    await ann.says_all("four")
    assert await bob.hears_said("four") == [4]


async def test_what_was_trimmed_is_named(kept: House) -> None:
    """One number before what is kept is a no that names it; from there on all is kept."""
    ann = await comes(kept, "ann", room="tea")
    await ann.says_all(*map(str, range(1, 21)))
    await kept.app[utils.JOURNAL].trim(5, 0)
    bob = await comes(kept, "bob")
    reply = await joins(bob, "tea", 12)
    assert (reply["recovered"], reply["gap"]) == (False, {"from": 13, "to": 15})
    await bob.has_heard_all()
    reply = await joins(bob, "tea", 15)
    assert reply["recovered"] is True
    assert await bob.hears_said(*map(str, range(16, 21))) == list(range(16, 21))


async def test_what_was_all_trimmed_is_named(tmp_path: Path) -> None:
    """Nothing is kept at all: everything that was missed is named, and who has it all recovers."""
    async with opened(data=str(tmp_path / "log.db")) as house:
        ann = await comes(house, "ann", room="tea")
        await ann.says_all("one", "two")
        await house.app[utils.JOURNAL]._store.trim(0, 2**53)
        bob = await comes(house, "bob")
        reply = await joins(bob, "tea", 1)
        assert (reply["recovered"], reply["gap"]) == (False, {"from": 2, "to": 2})
        assert (await joins(bob, "tea", 2))["recovered"] is True
        await ann.hears_joined("bob", "tea")
        assert await ann.says_all("three") == [3]
        assert await bob.hears_said("three") == [3]


async def test_messages_that_arrive_during_the_recovery_follow_it(kept: House) -> None:
    """Bob goes and comes again and again while Ann speaks: nothing is missing, nothing twice."""
    ann = await comes(kept, "ann", room="tea")
    bob = await comes(kept, "bob")
    ids: list[int] = []

    async def speak() -> None:
        for number in range(1, 1001):
            await ann.says("chat_message", message=str(number))

    async def recover() -> None:
        while len(ids) < 1000:
            await _moves(bob, ids, "tea", epoch=bob.epoch, after=len(ids))
            await _moves(bob, ids, "default")

    await asyncio.gather(speak(), _hears_replies(ann, 1000), recover())
    assert ids == list(range(1, 1001))


async def _hears_replies(guest: Guest, count: int) -> None:
    while count:
        count -= (await guest.hears())["action"] == "chat_message"


async def _moves(guest: Guest, ids: list[int], room: str, **place: object) -> None:
    """Move to another room and note what is heard, up to the last of what was missed there."""
    await guest.says("join_room", room=room, **place)
    while (reply := await guest.hears())["action"] != "join_room":
        ids.append(reply["id"])
    assert reply.get("recovered", True) is True
    while place and len(ids) < reply["last_id"]:
        ids.append((await guest.hears())["id"])


async def test_a_recovery_larger_than_any_buffer(kept: House) -> None:
    """Twenty megabytes were missed: all of it comes, once and in order, to a slow reader too."""
    ann = await comes(kept, "ann")
    text = "\U0001f600" * 4000
    count = 1250
    for start in range(0, count, 10):  # so few that she does not fall behind herself
        numbers = range(start + 1, start + 11)
        for number in numbers:
            await ann.says("chat_message", message=f"{number} {text}")
        assert [(await ann.hears())["id"] for _ in numbers] == list(numbers)
    async with Stranger(kept.port, receive_buffer=4096) as bob:
        await bob.enters("/chat?nick=bob", **V2)
        await bob.hears()
        await bob.sends(request("join_room", room="default", epoch=ann.epoch, after=0))
        await ann.hears_joined("bob")
        await ann.says_all("the last")
        reply = await bob.hears()
        assert (reply["recovered"], reply["last_id"]) == (True, count)
        for number in range(1, count + 1):
            body = await bob.hears()
            assert (body["action"], body["id"]) == ("chat_message", number)
            assert body["message"] == f"{number} {text}"
        assert (await bob.hears())["id"] == count + 1


async def test_who_comes_while_somebody_recovers_is_told_with_a_list(house: House) -> None:
    """People who come during a long recovery are in the list that ends it."""
    ann = await comes(house, "ann")
    for number in range(100):
        await ann.says("chat_message", message=f"{number} {'x' * 4000}")
    for _ in range(100):
        await ann.hears()
    async with Stranger(house.port, receive_buffer=4096) as bob:
        await bob.enters("/chat?nick=bob", **V2)
        await bob.hears()
        await bob.sends(request("join_room", room="default", epoch=ann.epoch, after=0))
        await ann.hears_joined("bob")
        await comes(house, "cem", ann)
        users: list[str] = []
        ids: list[int] = []
        while len(ids) < 100 or "cem" not in users:
            body = await bob.hears()
            match body["action"]:
                case "join_room" | "caught_up":
                    users = body["users"]
                case "joined":
                    users.append(body["user"])
                case "chat_message":
                    ids.append(body["id"])
        assert ids == list(range(1, 101))
        assert users == ["ann", "bob", "cem"]


async def test_keep_trims_the_log_of_every_room(tmp_path: Path) -> None:
    """With a small --keep who missed more gets the gap, from a new start of the service too."""
    path = str(tmp_path / "log.db")
    async with opened(data=path, keep=10) as house:
        ann = await comes(house, "ann")
        await ann.says_all(*map(str, range(1, 31)))
        await ann.leaves()
    async with opened(data=path, keep=10) as house:
        bob = await comes(house, "bob")
        reply = await joins(bob, "default", 5)
        while reply.get("gap") is None:
            reply = await _again(bob, reply)
        assert reply["gap"] == {"from": 6, "to": 20}
        assert reply["epoch"] == ann.epoch
        assert (await joins(bob, "default", 20))["recovered"] is True
        assert await bob.hears_said(*map(str, range(21, 31))) == list(range(21, 31))


async def _again(bob: Guest, reply: Body) -> Body:
    """Hear a recovery to its end and ask once more; the log is being trimmed."""
    last = 5
    while reply["recovered"] and last < reply["last_id"]:
        last = (await bob.hears())["id"]
    return await joins(bob, "default", 5)


async def test_a_page_that_is_trimmed_while_it_is_read_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is trimmed between the question and the reading: what is kept still comes."""
    async with opened(data=str(tmp_path / "log.db")) as house:
        ann = await comes(house, "ann", room="tea")
        await ann.says_all(*map(str, range(1, 501)))
        journal = house.app[utils.JOURNAL]
        read = journal._store._read  # type: ignore[attr-defined] # it is a SqliteStore
        trims = iter([400, 200, 0])

        async def trim_first(*args: Any) -> Any:  # noqa: ANN401 - it is passed on
            keep = next(trims, 0)
            if keep:
                await journal._store._write(  # type: ignore[attr-defined]
                    journal._store._trim,  # type: ignore[attr-defined]
                    keep,
                    0,
                )
            return await read(*args)

        monkeypatch.setattr(journal._store, "_read", trim_first)
        bob = await comes(house, "bob")
        assert (await joins(bob, "tea", 0))["recovered"] is True
        gap = await bob.hears()
        assert (gap["action"], gap["room"], gap["from"]) == ("gap", "tea", 1)
        first = gap["to"] + 1
        assert first in (101, 301)
        texts = map(str, range(first, 501))
        assert await bob.hears_said(*texts) == list(range(first, 501))
        await bob.has_heard_all()


async def test_a_resume_recovers_like_a_join(kept: House) -> None:
    """What was said while the line was gone follows the reply to resume; or there is a gap."""
    ann, bob = await gathers(kept, "ann", "bob")
    await ann.says_all("one", "two")
    again, reply = await resumes(kept, bob, room="default", epoch=bob.epoch, after=1)
    assert (reply["recovered"], reply["last_id"], reply["user"]) == (True, 2, "bob")
    assert await again.hears_said("two") == [2]
    third, reply = await resumes(kept, bob, room="default", epoch="another", after=1)
    assert (reply["recovered"], reply["gap"]) == (False, {"from": 1, "to": 2})
    await third.has_heard_all()
    await ann.has_heard_all()


async def test_what_was_under_way_on_the_old_line_follows(kept: House) -> None:
    """Bob spoke and lost his line before the reply: the resumed line hears each of it once."""
    ann, bob = await gathers(kept, "ann", "bob")
    texts = [str(number) for number in range(200)]
    for text in texts:
        await bob.says("chat_message", message=text, key=text)
    again, reply = await resumes(kept, bob, room="default", epoch=bob.epoch, after=0)
    assert reply["recovered"] is True
    for text in texts:
        await again.says("chat_message", message=text, key=text, ref=text)
    assert await _heard(again, texts) == await _heard(ann, texts) == sorted(texts, key=texts.index)


async def _heard(guest: Guest, texts: Iterable[str]) -> list[str]:
    """Hear each text said once, as a notice or a first reply, in the order of numbers."""
    said: dict[int, str] = {}
    awaited = set(texts) if guest.nick != "ann" else set()
    while len(said) < 200 or awaited:
        body = await guest.hears()
        if body["action"] == "chat_message":
            assert said.setdefault(body["id"], body["message"]) == body["message"]
            awaited.discard(body.get("ref", ""))
    return [said[number] for number in sorted(said)]
