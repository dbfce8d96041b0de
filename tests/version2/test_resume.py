"""Resuming takes back nick, room and place, from a line that lives, is lost, or left."""

import json
import time

import pytest
from aiohttp import WSMsgType

import chat.person
import chat.seats
import utils
from tests.transcript import House
from tests.version2.guests import (
    arrives,
    comes,
    end_graces,
    gathers,
    in_grace,
    loses,
    resumes,
)


async def test_a_living_line_is_taken_over(kept: House) -> None:
    """The old line is closed with 4001; nobody else hears anything, and the place stays."""
    ann, bob, cem = await gathers(kept, "ann", "bob", "cem")
    again, reply = await resumes(kept, bob, room="default", epoch=bob.epoch, after=0, ref=7)
    assert reply == {
        "action": "resume",
        "success": True,
        "message": "",
        "user": "bob",
        "room": "default",
        "epoch": bob.epoch,
        "last_id": 0,
        "users": ["ann", "bob", "cem"],
        "recovered": True,
        "ref": 7,
    }
    assert await bob.hears_end() == 4001
    await again.says_all("it is me")
    for person in (ann, cem):
        await person.hears_said("it is me")
        await person.has_heard_all()
    await bob.leaves()
    await ann.has_heard_all()
    assert await ann.users() == ["ann", "bob", "cem"]


async def test_within_the_grace_time_nobody_hears_anything(kept: House) -> None:
    """Bob's line is lost and he comes back: he was in the list all the while, at his place."""
    ann, bob, cem = await gathers(kept, "ann", "bob", "cem")
    await loses(kept, bob, ann)
    assert await ann.users() == ["ann", "bob", "cem"]
    assert (await cem.asks("set_nick", nick="bob"))["code"] == "nick_taken"
    assert (await arrives(kept, "bob")).nick != "bob"
    await ann.says_all("one")
    again, reply = await resumes(kept, bob, room="default", epoch=bob.epoch, after=0)
    assert (reply["recovered"], reply["users"]) == (True, ["ann", "bob", "cem"])
    await again.hears_said("one")
    assert not in_grace(kept)
    await again.says_all("back")
    await cem.hears_said("one", "back")
    for person, heard in ((ann, ["back"]), (cem, [])):
        await person.hears_said(*heard)
        await person.has_heard_all()


async def test_after_the_grace_time_one_is_heard_to_leave_and_to_join(kept: House) -> None:
    """Then the others hear the shame, and a later resume as `joined`, at the end of the list."""
    ann, bob, cem = await gathers(kept, "ann", "bob", "cem")
    await loses(kept, bob, ann)
    end_graces(kept)
    for person in (ann, cem):
        await person.hears_left("bob", "lost")
    again, reply = await resumes(kept, bob, room="default", epoch=bob.epoch, after=0)
    assert (reply["success"], reply["users"]) == (True, ["ann", "cem", "bob"])
    for person in (ann, cem):
        await person.hears_joined("bob")
        await person.has_heard_all()
    await again.has_heard_all()


async def test_the_grace_time_ends_by_itself(kept: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to ask: the others hear it when the time is over."""
    monkeypatch.setattr(chat.seats, "GRACE", 0.0)
    ann, bob = await gathers(kept, "ann", "bob")
    bob.vanishes()
    await ann.hears_left("bob", "lost")
    assert await ann.users() == ["ann"]


async def test_a_nick_that_was_taken_meanwhile_is_refused(kept: House) -> None:
    """Somebody else is Bob now: `nick_taken`, and once he has gone the session resumes."""
    ann, bob = await gathers(kept, "ann", "bob")
    await loses(kept, bob, ann)
    end_graces(kept)
    await ann.hears_left("bob", "lost")
    other = await comes(kept, "Bob", ann)
    again, reply = await resumes(kept, bob, room="default")
    assert reply == {
        "action": "resume",
        "success": False,
        "message": reply["message"],
        "code": "nick_taken",
    }
    await ann.has_heard_all()
    await other.leaves()
    await ann.hears_left("Bob", "closed")
    later, reply = await resumes(kept, bob, room="default")
    assert (reply["success"], reply["user"]) == (True, "bob")
    await ann.hears_joined("bob")
    await later.has_heard_all()
    await again.leaves()
    await ann.has_heard_all()


async def test_a_nick_that_is_taken_in_the_other_room_changes_nothing(kept: House) -> None:
    """Resuming into a room where the nick is taken is refused; the old line stays."""
    ann, bob = await gathers(kept, "ann", "bob")
    await comes(kept, "bob", room="tea")
    _again, reply = await resumes(kept, bob, room="tea")
    assert reply["code"] == "nick_taken"
    await bob.has_heard_all()
    await ann.has_heard_all()
    assert await ann.users() == ["ann", "bob"]


async def test_into_another_room_one_is_resumed_and_then_moves(kept: House) -> None:
    """The room of the seat hears `left` with `moved`, the other `joined`; the log is R's."""
    ann, bob = await gathers(kept, "ann", "bob")
    eve = await comes(kept, "eve", room="tea")
    await eve.says_all("one", "two")
    again, reply = await resumes(kept, bob, room="TEA", epoch=bob.epoch, after=1)
    assert (reply["room"], reply["users"]) == ("tea", ["eve", "bob"])
    assert (reply["recovered"], reply["last_id"]) == (True, 2)
    await again.hears_said("two")
    await ann.hears_left("bob", "moved")
    await eve.hears_joined("bob", "tea")
    assert await bob.hears_end() == 4001
    for person in (ann, eve, again):
        await person.has_heard_all()


async def test_from_grace_into_another_room_one_moves_too(kept: House) -> None:
    """A seat in grace is taken back the same way."""
    ann, bob = await gathers(kept, "ann", "bob")
    await loses(kept, bob, ann)
    again, reply = await resumes(kept, bob, room="tea")
    assert (reply["room"], reply["users"]) == ("tea", ["bob"])
    await ann.hears_left("bob", "moved")
    await again.has_heard_all()
    await ann.has_heard_all()


async def test_after_grace_into_another_room_one_only_joins_there(kept: House) -> None:
    """Who has left already is heard only where they enter."""
    ann, bob = await gathers(kept, "ann", "bob")
    eve = await comes(kept, "eve", room="tea")
    await loses(kept, bob, ann)
    end_graces(kept)
    await ann.hears_left("bob", "lost")
    _again, reply = await resumes(kept, bob, room="tea")
    assert (reply["room"], reply["users"]) == ("tea", ["eve", "bob"])
    await eve.hears_joined("bob", "tea")
    await ann.has_heard_all()


async def test_without_a_room_one_is_where_one_was(kept: House) -> None:
    """R may be left out: the room of the seat; without a place nothing is said of recovery."""
    bob = await comes(kept, "bob", room="tea")
    _again, reply = await resumes(kept, bob)
    assert (reply["room"], reply["user"]) == ("tea", "bob")
    assert not {"recovered", "gap"} & reply.keys()


async def test_who_renamed_and_moved_is_resumed_as_they_were(kept: House) -> None:
    """The seat goes along with every rename and move."""
    ann, bob = await gathers(kept, "ann", "bob")
    await bob.does("set_nick", nick="zoe")
    await bob.does("join_room", room="tea")
    await bob.does("set_nick", nick="kim")
    await ann.hears()
    await ann.hears_left("zoe", "moved")
    again, reply = await resumes(kept, bob)
    assert (reply["user"], reply["room"], reply["users"]) == ("kim", "tea", ["kim"])
    await again.leaves()
    _third, reply = await resumes(kept, bob)
    assert (reply["user"], reply["room"], reply["users"]) == ("kim", "tea", ["kim"])
    await ann.has_heard_all()


async def test_the_same_token_resumes_again_and_again(kept: House) -> None:
    """The session stays the same one, whatever line it is on."""
    ann, bob = await gathers(kept, "ann", "bob")
    lines = [bob]
    for _ in range(5):
        again, reply = await resumes(kept, bob, room="default")
        assert reply["users"] == ["ann", "bob"]
        assert await lines[-1].hears_end() == 4001
        lines.append(again)
    await loses(kept, lines[-1], ann)
    _last, reply = await resumes(kept, bob, room="default")
    assert reply["users"] == ["ann", "bob"]
    await ann.has_heard_all()


async def test_the_token_of_the_own_connecting_is_void(kept: House) -> None:
    """Whoever resumed has given up the seat of their connecting, while they stay and after."""
    bob = await comes(kept, "bob")
    again, _ = await resumes(kept, bob)
    _other, reply = await resumes(kept, again)
    assert (reply["success"], reply["code"]) == (False, "unknown_session")
    await again.leaves()
    _other, reply = await resumes(kept, again)
    assert reply["code"] == "unknown_session"


async def test_resuming_is_only_for_the_first_request(kept: House) -> None:
    """Whoever has asked for anything else before is refused, and nothing changes."""
    ann, bob = await gathers(kept, "ann", "bob")
    eve = await comes(kept, "eve", ann, bob)
    reply = await eve.asks("resume", session=bob.session)
    assert (reply["success"], reply["code"]) == (False, "invalid_request")
    again, _ = await resumes(kept, bob)
    reply = await again.asks("resume", session=bob.session)
    assert reply["code"] == "invalid_request"
    assert await ann.users() == ["ann", "bob", "eve"]


@pytest.mark.parametrize("token", ["x", "x" * 24, "'; --", "\0", "ü" * 128, " "])
async def test_a_token_that_is_none_is_unknown(kept: House, token: str) -> None:
    """Garbage is refused with a code; one stays who one is, and the session is one's own."""
    ann = await comes(kept, "ann")
    bob = await arrives(kept, "bob")
    reply = await bob.asks("resume", session=token, room="default", epoch="e", after=0)
    assert (reply["action"], reply["success"]) == ("resume", False)
    assert reply["code"] == "unknown_session"
    await ann.has_heard_all()
    await bob.has_heard_all()
    await ann.hears_joined("bob")
    again, reply = await resumes(kept, bob)
    assert reply["user"] == "bob"
    await again.has_heard_all()


@pytest.mark.parametrize("token", ["", "x" * 129, None, 7, ["x"], {}])
async def test_what_cannot_be_a_token_is_refused(kept: House, token: object) -> None:
    """What is no string of the right length is an invalid request."""
    bob = await arrives(kept, "bob")
    assert (await bob.asks("resume", session=token))["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"room": ""}, "invalid_room"),
        ({"room": 3}, "invalid_room"),
        ({"epoch": "e"}, "invalid_request"),
        ({"after": 3}, "invalid_request"),
        ({"epoch": "e", "after": "3"}, "invalid_request"),
    ],
)
async def test_a_resume_that_is_refused_changes_nothing(
    kept: House, more: dict[str, object], code: str
) -> None:
    """A valid token with a broken place: the old line lives on."""
    ann, bob = await gathers(kept, "ann", "bob")
    _again, reply = await resumes(kept, bob, **more)
    assert (reply["success"], reply["code"]) == (False, code)
    await bob.has_heard_all()
    await ann.has_heard_all()


async def test_version_1_cannot_resume(kept: House) -> None:
    """In version 1 `resume` is an unknown action."""
    bob = await comes(kept, "bob")
    old = await kept.lets_in("old")
    assert (await old.asks("resume", session=bob.session))["success"] is False
    await bob.hears_joined("old")
    await bob.has_heard_all()


async def test_who_left_politely_may_come_back_within_the_hour(
    kept: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token of a closed line resumes for an hour, heard as `joined`, and then no more."""
    ann, bob = await gathers(kept, "ann", "bob")
    await bob.leaves()
    await ann.hears_left("bob", "closed")
    again, reply = await resumes(kept, bob, room="default")
    assert reply["users"] == ["ann", "bob"]
    await ann.hears_joined("bob")
    await again.leaves()
    await ann.hears_left("bob", "closed")
    now = chat.seats.now()
    hour = 3600 * 1000
    monkeypatch.setattr(chat.seats, "now", lambda: now + hour - 60_000)
    again, reply = await resumes(kept, bob, room="default")
    assert reply["success"]
    await ann.hears_joined("bob")
    monkeypatch.setattr(chat.seats, "now", lambda: now)
    await again.leaves()
    await ann.hears_left("bob", "closed")
    monkeypatch.setattr(chat.seats, "now", lambda: now + hour + 60_000)
    _again, reply = await resumes(kept, bob, room="default")
    assert reply["code"] == "unknown_session"


async def test_after_an_hour_a_seat_is_forgotten(
    kept: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seats whose time is over are trimmed, and their keys with them; others stay."""
    ann, bob, cem = await gathers(kept, "ann", "bob", "cem")
    await bob.leaves()
    await ann.hears_left("bob", "closed")
    await cem.hears_left("bob", "closed")
    journal = kept.app[utils.JOURNAL]
    then = time.time_ns() + 3660 * 10**9
    with monkeypatch.context() as later:
        later.setattr(time, "time_ns", lambda: then)
        later.setattr(journal._store, "_seats_due", 0.0, raising=False)
        await journal.trim(0, 0)
    _again, reply = await resumes(kept, bob, room="default")
    assert reply["code"] == "unknown_session"
    _again, reply = await resumes(kept, cem, room="default")
    assert reply["success"]


async def test_who_was_put_out_may_come_back(kept: House) -> None:
    """A kicked line ends at once; the session resumes as after any end."""
    ann, bob = await gathers(kept, "ann", "bob")
    await bob.sends("x" * 70_000)
    await ann.hears_left("bob", "kicked")
    _again, reply = await resumes(kept, bob, room="default")
    assert reply["users"] == ["ann", "bob"]
    await ann.hears_joined("bob")


async def test_version_1_has_no_grace(kept: House) -> None:
    """The nick of a lost line of version 1 is free at once."""
    ann = await comes(kept, "ann")
    old = await kept.lets_in("old")
    await ann.hears_joined("old")
    old.vanishes()
    await ann.hears_left("old", "lost")
    await comes(kept, "old", ann)


async def test_who_was_not_heard_yet_is_heard_when_resumed(kept: House) -> None:
    """Bob asked for nothing before his line was lost: his resume is the first the others hear."""
    ann = await comes(kept, "ann")
    bob = await arrives(kept, "bob")
    bob.vanishes()
    while "bob" in kept.rooms["default"]:
        await ann.has_heard_all()
    again, reply = await resumes(kept, bob, room="default")
    assert reply["users"] == ["ann", "bob"]
    await ann.hears_joined("bob")
    await again.has_heard_all()
    await ann.has_heard_all()


async def test_who_was_not_heard_yet_is_heard_when_taken_over(kept: House) -> None:
    """Bob's first line still lives and asked for nothing: taken over, he is heard once."""
    ann = await comes(kept, "ann")
    bob = await arrives(kept, "bob")
    _again, reply = await resumes(kept, bob, room="default")
    assert reply["users"] == ["ann", "bob"]
    await ann.hears_joined("bob")
    await ann.has_heard_all()
    assert await bob.hears_end() == 4001


async def test_a_message_comes_before_nothing_that_resumes(
    kept: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was announced by the clock, and spoke as the first thing, cannot resume any more."""
    monkeypatch.setattr(chat.person, "ANNOUNCED_AFTER", 0.0)
    (ann,) = await gathers(kept, "ann")
    bob = await arrives(kept, "bob")
    await ann.hears_joined("bob")
    await bob.says_all("hi")
    reply = await bob.asks("resume", session=ann.session)
    assert (reply["success"], reply["code"]) == (False, "invalid_request")


async def test_a_refused_resume_may_be_followed_by_anything(kept: House) -> None:
    """The line lives on as that of its own connecting: it speaks, and is heard."""
    ann = await comes(kept, "ann")
    bob = await arrives(kept, "bob")
    assert not (await bob.asks("resume", session="nonsense"))["success"]
    assert await bob.says_all("hello") == [1]
    await ann.hears_joined("bob")
    await ann.hears_said("hello")


async def test_two_lines_that_resume_one_session_do_not_both_have_it(kept: House) -> None:
    """The later one has it, the earlier one is closed with 4001, and nobody hears of either."""
    ann, bob = await gathers(kept, "ann", "bob")
    await loses(kept, bob, ann)
    first, second = await arrives(kept), await arrives(kept)
    await first.says("resume", session=bob.session, room="default")
    await second.says("resume", session=bob.session, room="default")
    assert (await second.hears())["users"] == ["ann", "bob"]
    while (message := await first.ws.receive()).type is WSMsgType.TEXT:
        assert json.loads(message.data)["action"] == "resume"
    assert (message.type, message.data) == (WSMsgType.CLOSE, 4001)
    await second.has_heard_all()
    await ann.has_heard_all()
    assert await ann.users() == ["ann", "bob"]
