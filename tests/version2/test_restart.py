"""Sessions, keys and seats outlive the server: a stop, and a kill -9."""

import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import chat.seats
import utils
from tests.program import FREE, Program, started
from tests.transcript import House, opened
from tests.version2.guests import (
    Guest,
    arrives,
    comes,
    end_graces,
    gathers,
    loses,
    resumes,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the log is kept."""
    return tmp_path / "log.db"


async def ends(program: Program, number: signal.Signals) -> None:
    """End a program in this way."""
    if number is signal.SIGKILL:
        await program.is_killed()
    else:
        program.is_told(number)
        assert await program.ends() == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_session_outlives_the_process(path: Path, number: signal.Signals) -> None:
    """After the restart all are where they were, under their tokens, and the log goes on."""
    async with started(path, *FREE) as program:
        ann, bob, cem = await gathers(program, "ann", "bob", "cem")
        await bob.does("set_nick", nick="zoe")
        for person in (ann, cem):
            assert (await person.hears())["to_user"] == "zoe"
        await ann.says_all("one", "two")
        await ends(program, number)
    async with started(path, *FREE) as program:
        people: list[Guest] = []
        for person, nick in ((cem, "cem"), (bob, "zoe"), (ann, "ann")):
            again, reply = await resumes(
                program, person, room="default", epoch=person.epoch, after=1
            )
            assert (reply["user"], reply["recovered"]) == (nick, True)
            assert reply["users"] == ["ann", "zoe", "cem"]
            assert await again.hears_said("two") == [2]
            people.append(again)
        assert await people[0].says_all("three") == [3]
        assert await people[1].hears_said("three") == [3]
        for person in people[:2]:
            await person.has_heard_all()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_key_outlives_the_process(path: Path, number: signal.Signals) -> None:
    """What was acknowledged before is there, and sent again it is not said again."""
    async with started(path, *FREE) as program:
        ann = await comes(program, "ann")
        first = [
            await ann.asks("chat_message", message=f"hello {key}", key=str(key))
            for key in range(20)
        ]
        await ends(program, number)
    async with started(path, *FREE) as program:
        again, reply = await resumes(program, ann, room="default", epoch=ann.epoch, after=0)
        assert (reply["recovered"], reply["last_id"]) == (True, 20)
        await again.hears_said(*(f"hello {key}" for key in range(20)))
        for key in range(20):
            reply = await again.asks("chat_message", message=f"hello {key}", key=str(key))
            assert reply == first[key]
        other = await comes(program, "other", again)
        assert await other.says_all("hello 3", key="3") == [21]
        assert await again.hears_said("hello 3") == [21]
        await again.has_heard_all()


async def test_what_was_under_way_at_a_kill_is_said_once(path: Path) -> None:
    """Two hundred messages, killed in their midst: sent again they are there once, in order."""
    async with started(path, *FREE) as program:
        ann = await comes(program, "ann")
        for key in range(200):
            await ann.says("chat_message", message=str(key), key=str(key))
        for _ in range(20):
            await ann.hears()
        await ends(program, signal.SIGKILL)
    async with started(path, *FREE) as program:
        again, _reply = await resumes(program, ann, room="default")
        ids = [(await again.says_all(str(key), key=str(key)))[0] for key in range(200)]
        assert ids == list(range(1, 201))
        page = await again.asks("history", after=0, limit=200)
        assert [said["message"] for said in page["messages"]] == [str(key) for key in range(200)]


async def test_who_stays_away_after_a_restart_leaves_without_shame(path: Path) -> None:
    """Seats stand in grace after a restart; then the reason is `restart`, and the token holds."""
    async with opened(data=str(path)) as house:
        ann, bob = await gathers(house, "ann", "bob")
        old = await house.lets_in("old")
        for person in (ann, bob):
            await person.hears_joined("old")
        await stops(house, ann, bob, old)
    async with opened(data=str(path)) as house:
        assert list(house.rooms["default"]) == ["ann", "bob"]
        again, reply = await resumes(house, ann)
        assert reply["users"] == ["ann", "bob"]
        old = await house.lets_in("old")
        await again.hears_joined("old")
        end_graces(house)
        await again.hears_left("bob", "restart")
        assert await old.hears() == {
            "action": "left",
            "room": "default",
            "user": "bob",
            "shame": False,
        }
        back, reply = await resumes(house, bob, room="default")
        assert reply["users"] == ["ann", "old", "bob"]
        await again.hears_joined("bob")
        await back.has_heard_all()


async def stops(house: House, *_people: object) -> None:
    """Stop a house as the server is stopped, so that nobody has left before."""
    for hook in house.app.on_shutdown:
        await hook(house.app)


async def test_who_stood_in_grace_at_the_stop_stands_in_grace_again(path: Path) -> None:
    """A restart within somebody's grace time begins it anew, without shame."""
    async with opened(data=str(path)) as house:
        ann, bob = await gathers(house, "ann", "bob")
        await loses(house, bob, ann)
        await stops(house)
    async with opened(data=str(path)) as house:
        again, reply = await resumes(house, ann)
        assert reply["users"] == ["ann", "bob"]
        end_graces(house)
        await again.hears_left("bob", "restart")


async def test_who_left_before_the_stop_is_not_there_after_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever left, in whatever way, stands in no grace; their tokens still resume."""
    monkeypatch.setattr(chat.seats, "GRACE", 0.0)
    async with opened(data=str(path)) as house:
        ann, bob, cem = await gathers(house, "ann", "bob", "cem")
        await bob.leaves()
        await ann.hears_left("bob", "closed")
        cem.vanishes()
        await ann.hears_left("cem", "lost")
        await ann.leaves()
    async with opened(data=str(path)) as house:
        assert not house.rooms
        for person, nick in ((ann, "ann"), (bob, "bob"), (cem, "cem")):
            _again, reply = await resumes(house, person)
            assert (reply["success"], reply["user"]) == (True, nick)


async def test_seats_that_cannot_stand_together_hold_up_no_start(path: Path) -> None:
    """Of a seat that was not let go in the file and one that took its place the later holds."""
    async with opened(data=str(path)) as house:
        ann, bob = await gathers(house, "ann", "bob")
        await stops(house)
        store: Any = house.app[utils.JOURNAL]._store
        await store._write(
            store._file.writer.execute,
            "update seat set nick = 'Ann'",
        )
    async with opened(data=str(path)) as house:
        assert len(house.rooms["default"]) == 1
        _again, reply = await resumes(house, bob)
        assert reply["success"]
        _again, reply = await resumes(house, ann)
        assert reply["code"] == "nick_taken"


async def test_a_refused_move_changes_no_place(path: Path) -> None:
    """Ann is refused another room and renames: after a restart she is still the first."""
    async with opened(data=str(path)) as house:
        ann, bob = await gathers(house, "ann", "bob")
        await comes(house, "ann", room="tea")
        assert (await ann.asks("join_room", room="tea"))["code"] == "nick_taken"
        await ann.does("set_nick", nick="zoe")
        await bob.hears()
        await stops(house)
    async with opened(data=str(path)) as house:
        assert list(house.rooms["default"]) == ["zoe", "bob"]


async def test_who_moved_stands_behind_who_was_there(path: Path) -> None:
    """The order of arrival in each room outlives a restart, whoever connected first."""
    async with opened(data=str(path)) as house:
        ann = await comes(house, "ann")
        await comes(house, "bob", room="tea")
        await ann.does("join_room", room="tea")
        await stops(house)
    async with opened(data=str(path)) as house:
        assert list(house.rooms["tea"]) == ["bob", "ann"]


async def test_another_boot_may_have_lost_messages(path: Path) -> None:
    """After a fall of the machine the log has a new name: nobody is told they have it all."""
    async with started(path, *FREE) as program:
        ann = await comes(program, "ann")
        await ann.says_all("one", "two")
        await ends(program, signal.SIGKILL)
    with sqlite3.connect(path) as db:
        db.execute("update meta set value = 'another' where name = 'boot'")
    db.close()
    async with started(path, *FREE) as program:
        again, reply = await resumes(program, ann, room="default", epoch=ann.epoch, after=2)
        assert reply["epoch"] != ann.epoch
        assert (reply["recovered"], reply["gap"]) == (False, {"from": 1, "to": 2})
        assert (await arrives(program)).epoch == reply["epoch"]
        await again.has_heard_all()
