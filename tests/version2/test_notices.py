"""What notices, replies and refusals gain."""

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import pytest

import utils
from journal.promise import NotStored
from lines.heartbeat import DEAD_AFTER
from server import LINES
from tests.transcript import UNLIMITED, House, Person, opened
from tests.version2.guests import arrives, comes, end_graces, gathers, loses


async def test_a_message_has_its_number_and_time(house: House) -> None:
    """Notice and reply name the same number and time; version 1 gets not a key more."""
    ann, bob = await gathers(house, "ann", "bob")
    old = await house.lets_in("old")
    for person in (ann, bob):
        await person.hears_joined("old")
    before = time.time_ns() // 1_000_000
    for number, text in enumerate(("one", "two"), 1):
        reply = await ann.asks("chat_message", message=text, ref="r")
        assert before <= reply["ts"] <= time.time_ns() // 1_000_000
        assert reply == {
            "action": "chat_message",
            "success": True,
            "message": text,
            "id": number,
            "ts": reply["ts"],
            "ref": "r",
        }
        notice = {"action": "chat_message", "message": text, "user": "ann"}
        assert await bob.hears() == notice | {
            "room": "default",
            "id": number,
            "ts": reply["ts"],
        }
        assert await old.hears() == notice
    assert await old.asks("chat_message", message="three", key="k") == {
        "action": "chat_message",
        "success": True,
        "message": "three",
    }
    assert await ann.hears_said("three") == [3]


async def test_the_reply_to_join_room_says_where_one_is(house: House) -> None:
    """It gains room, epoch, last number and people, and no recovery that was not asked for."""
    ann = await comes(house, "ann", room="tea")
    await ann.says_all("one")
    bob = await comes(house, "bob")
    assert await bob.asks("join_room", room="TEA", ref=1) == {
        "action": "join_room",
        "success": True,
        "message": "",
        "room": "tea",
        "epoch": bob.epoch,
        "last_id": 1,
        "users": ["ann", "bob"],
        "ref": 1,
    }
    await ann.hears_joined("bob", "tea")


async def test_rooms_are_numbered_each_for_itself(house: House) -> None:
    """Every room counts from 1, and goes on where it was after all have left."""
    ann = await comes(house, "ann")
    assert await ann.says_all("one", "two") == [1, 2]
    await ann.does("join_room", room="tea")
    assert await ann.says_all("one") == [1]
    await ann.does("join_room", room="default")
    assert await ann.says_all("three") == [3]


async def test_whoever_closes_or_moves_leaves_for_that_reason(house: House) -> None:
    """The reason of a close frame is `closed`, that of a move is `moved`."""
    ann, bob = await gathers(house, "ann", "bob")
    old = await house.lets_in("old")
    for person in (ann, bob):
        await person.hears_joined("old")
    await bob.does("join_room", room="tea")
    await ann.hears_left("bob", "moved")
    await old.leaves()
    await ann.hears_left("old", "closed")
    cem = await comes(house, "cem", ann)
    await cem.leaves()
    await ann.hears_left("cem", "closed")


async def test_version_1_is_lost_at_once_and_version_2_after_the_grace(house: House) -> None:
    """Either is heard as `lost`, with shame."""
    ann, bob = await gathers(house, "ann", "bob")
    old = await house.lets_in("old")
    for person in (ann, bob):
        await person.hears_joined("old")
    old.vanishes()
    await ann.hears_left("old", "lost")
    await loses(house, bob, ann)
    await ann.has_heard_all()
    end_graces(house)
    await ann.hears_left("bob", "lost")


async def test_a_dead_line_is_lost(house: House) -> None:
    """Whose line gives no sign of life is lost, after the grace time."""
    ann, _bob = await gathers(house, "ann", "bob")
    line = utils.rooms_of(house.app)["default"]["bob"]
    lines = house.app[LINES]
    line.last_heard -= DEAD_AFTER + 1  # type: ignore[attr-defined] # it is a WebSocketLine
    lines.beat(asyncio.get_running_loop().time())
    await ann.has_heard_all()
    while not house.app[LINES]._watched.keys() - {line} or line in lines._watched:
        await ann.has_heard_all()
    end_graces(house)
    await ann.hears_left("bob", "lost")


async def test_whoever_the_server_puts_out_is_kicked(house: House) -> None:
    """Too long a frame, and too many refusals, end with `kicked` and without shame, at once."""
    ann, bob = await gathers(house, "ann", "bob")
    old = await house.lets_in("old")
    for person in (ann, bob):
        await person.hears_joined("old")
    await bob.sends("x" * 70_000)
    await ann.hears_left("bob", "kicked")
    await old.hears()
    await old.sends("x" * 70_000)
    await ann.hears_left("old", "kicked")


async def test_whoever_asks_too_much_is_kicked() -> None:
    """A hundred and one refusals in a row are the end, without shame."""
    async with opened(replace(UNLIMITED, messages_per_second=0.01)) as house:
        ann = await arrives(house, "ann")
        bob = await arrives(house, "bob")
        await bob.asks("room_list")
        await ann.hears_joined("bob")
        for _ in range(101):
            await bob.says("room_list")
        for _ in range(100):
            assert (await bob.hears())["code"] == "rate_limited"
        assert await bob.hears_end() == 1008
        await ann.hears_left("bob", "kicked")


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("unknown_action", {"action": "no such thing"}),
        ("unknown_action", {"room": "tea"}),
        ("invalid_request", {"action": "room_list", "ref": 1.5}),
        ("invalid_nick", {"action": "set_nick", "nick": "a b"}),
        ("nick_taken", {"action": "set_nick", "nick": "BOB"}),
        ("nick_taken", {"action": "join_room", "room": "tea"}),
        ("invalid_room", {"action": "join_room", "room": ""}),
        ("invalid_room", {"action": "user_list", "room": 7}),
        ("invalid_message", {"action": "chat_message", "message": ""}),
        ("invalid_message", {"action": "chat_message", "message": "x" * 4097}),
        ("invalid_request", {"action": "chat_message", "message": "x", "key": ""}),
        ("invalid_request", {"action": "chat_message", "message": "x", "key": "k" * 65}),
        ("invalid_request", {"action": "chat_message", "message": "x", "key": 1}),
        ("invalid_request", {"action": "join_room", "room": "x", "after": 1}),
        ("invalid_request", {"action": "join_room", "room": "x", "epoch": "e"}),
        ("invalid_request", {"action": "join_room", "room": "x", "epoch": "e", "after": -1}),
        ("invalid_request", {"action": "join_room", "room": "x", "epoch": 1, "after": 1}),
        ("invalid_request", {"action": "history", "limit": 0}),
    ],
)
async def test_a_refusal_has_a_code(house: House, code: str, asked: dict[str, Any]) -> None:
    """Every kind of refusal is named, beside the text for people; version 1 gets the text."""
    bob = await comes(house, "bob")
    ann = await comes(house, "ann", bob)
    await comes(house, "ann", room="tea")
    await ann.sends(json.dumps(asked))
    reply = await ann.hears()
    assert reply == {
        "action": asked.get("action"),
        "success": False,
        "message": reply["message"],
        "code": code,
    }
    await ann.has_heard_all()
    await bob.has_heard_all()


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"action":NaN}', '"\\ud800"'])
async def test_nonsense_has_a_code(house: House, text: str) -> None:
    """What is no request is `invalid_json`."""
    ann = await arrives(house, "ann")
    await ann.sends(text)
    reply = await ann.hears()
    assert (reply["action"], reply["success"], reply["code"]) == (None, False, "invalid_json")


async def test_who_is_too_fast_is_told_when_to_try_again() -> None:
    """The refusal says how many seconds to wait, and version 1 is told in words alone."""
    async with opened(replace(UNLIMITED, messages_per_second=0.01)) as house:
        ann = await arrives(house, "ann")
        await ann.asks("room_list")
        reply = await ann.asks("chat_message", message="x", ref=3)
        assert reply.keys() == {"action", "success", "message", "code", "retry_after", "ref"}
        assert reply["code"] == "rate_limited"
        assert 0 < reply["retry_after"] <= 100
        old = Person((await house.opens()).ws)
        await old.hears()
        await old.asks("room_list")
        assert (await old.asks("room_list")).keys() == {"action", "success", "message"}


async def test_what_could_not_be_stored_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender is told `not_stored`, nobody hears it, and the next number has no hole."""

    async def fail(*_: object) -> None:
        raise NotStored("The disk is full.")

    async with opened() as house:
        ann, bob = await gathers(house, "ann", "bob")
        with monkeypatch.context() as broken:
            broken.setattr(house.app[utils.JOURNAL]._store, "append", fail)
            reply = await ann.asks("chat_message", message="lost", key="k", ref=1)
            assert reply == {
                "action": "chat_message",
                "success": False,
                "message": reply["message"],
                "code": "not_stored",
                "ref": 1,
            }
        assert await ann.says_all("kept", key="k") == [1]
        assert await bob.hears_said("kept") == [1]


async def test_the_place_of_every_snapshot_is_true(house: House) -> None:
    """While people come, go and speak, each list and last number fits what was heard before."""
    ann = await comes(house, "ann")
    await asyncio.gather(*(_visit(house, f"p{number}") for number in range(10)), _watch(ann, 60))


async def _visit(house: House, nick: str) -> None:
    for turn in range(4):
        guest = await arrives(house, nick)
        await guest.says("chat_message", message=f"{nick} {turn}")
        await guest.says("join_room", room="tea")
        await guest.says("chat_message", message="in the other room")
        while (await guest.hears())["action"] != "join_room":
            pass
        await guest.leaves()


async def _watch(ann: Any, times: int) -> None:  # noqa: ANN401
    users: list[str] | None = None
    last: int | None = None
    for _ in range(times):
        await ann.says("user_list")
        await ann.says("join_room", room="default")
        answers = 0
        while answers < 2:
            body = await ann.hears()
            match body["action"]:
                case "joined" if users is not None:
                    users.append(body["user"])
                case "left" if users is not None:
                    users.remove(body["user"])
                case "chat_message" if last is not None:
                    last += 1
                    assert body["id"] == last
                case "user_list" | "join_room":
                    answers += 1
                    assert body["users"] == (users or body["users"])
                    users = body["users"]
                    if body["action"] == "join_room":
                        assert body["last_id"] == (last or body["last_id"])
                        last = body["last_id"]
