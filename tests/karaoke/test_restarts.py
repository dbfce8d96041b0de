import json
import logging
from pathlib import Path

import pytest

from journal.sqlite import SqliteStore
from karaoke.door import KIND
from karaoke.hall import IDLE_SECONDS, Hall
from karaoke.payloads import Payload
from karaoke.room import KaraokeRoom, new_room
from karaoke.room_config import checked
from karaoke.sources import Library
from tests.karaoke.people import PATHS, SECRET, Body, Visitor, performers, visitor
from tests.karaoke.songs import entry
from tests.program import started
from tests.transcript import opened


async def an_evening(machine: Visitor) -> Body:
    """Fill queue, waiting room and recent; return the last state."""
    await machine.registers(preview_duration=5)
    await machine.offers()
    for number, (name, event) in enumerate(
        [("ann", "append"), ("bob", "append"), ("bob", "waiting-room-append")]
    ):
        song = {"performer": name, "source": "files", "ident": PATHS[number], "uid": None}
        await machine.asks(event, song)
        await machine.hears("state")
        await machine.hears("get-meta-info")
    await machine.asks("get-first")
    await machine.hears("play")
    await machine.asks("pop-then-get-next")
    await machine.hears("state")
    state: Body = await machine.hears("state")
    assert await machine.hears("play") == state["queue"][0]
    return state


async def test_a_room_outlives_a_stop(tmp_path: Path) -> None:
    """The next start has everything as it was, the secret too."""
    data = str(tmp_path / "log.db")
    async with opened(data=data) as house, visitor(house) as machine:
        state = await an_evening(machine)
    async with opened(data=data) as house, visitor(house) as guest:
        await guest.says("register-web", {"room": "tea"})
        assert await guest.hears("state") == state
        assert await guest.asks("register-admin", {"secret": SECRET}) is True
    assert [len(state[key]) for key in ("queue", "waiting_room", "recent")] == [1, 1, 1]


async def test_what_one_heard_of_outlives_a_kill(tmp_path: Path) -> None:
    """A state is told once it is stored, so that no end of the process takes it back."""
    data = tmp_path / "log.db"
    async with started(data) as program, Visitor(f"http://127.0.0.1:{program.port}") as machine:
        state = await an_evening(machine)
        await program.is_killed()
    async with (
        started(data) as program,
        Visitor(f"http://127.0.0.1:{program.port}") as machine,
    ):
        assert await machine.registers(preview_duration=5) == state
        await machine.offers()
        await machine.asks("pop-then-get-next")
        assert performers(await machine.hears("state"), "recent") == ["ann", "bob"]


async def test_an_idle_room_is_dropped_at_a_start(tmp_path: Path) -> None:
    """After four hours nothing is left of it, in the file either."""
    data = tmp_path / "log.db"
    async with opened(data=str(data)) as house, visitor(house) as machine:
        await machine.registers()
        await machine.registers("Coffee")
    store = SqliteStore(data)
    [(key, text)] = [(key, text) for key, text in store.documents(KIND).items() if key == "tea"]
    document = json.loads(text)
    document["last_seen"] -= IDLE_SECONDS + 60
    await store.put(KIND, key, json.dumps(document))
    await store.close()
    async with opened(data=str(data)) as house, visitor(house) as guest:
        assert await guest.asks("register-web", {"room": "Tea"}) is False
        assert await guest.asks("register-web", {"room": "Coffee"}) is True
    store = SqliteStore(data)
    assert list(store.documents(KIND)) == ["coffee"]
    await store.close()


def room(name: str, last_seen: float) -> KaraokeRoom:
    """Return a room in which something happened last at this time."""
    lists = Payload({"queue": [entry("ann").body()], "waiting_room": [], "recent": []})
    return new_room(name, checked({"secret": SECRET}), lists, Library(), last_seen)


def test_rooms_without_a_machine_are_idle_after_four_hours() -> None:
    """A machine that is connected keeps its room."""
    now = 100_000.0
    hall = Hall(Library(), lambda: now)
    for name, ago in (("a", 0), ("b", IDLE_SECONDS - 1), ("c", IDLE_SECONDS + 1), ("d", 90_000)):
        hall[name] = room(name, now - ago)
    hall["d"].playback = "sid"
    assert [found.name for found in hall.idle()] == ["c"]


def test_what_cannot_be_read_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """One document that is damaged costs one room, and the log says so."""
    hall = Hall(Library())
    whole = json.dumps(room("Tea", 1.0).document())
    hall.restore({"x": "{", "y": "[]", "z": '{"name": "z"}', "tea": whole, "w": '{"name": "\\n"}'})
    assert list(hall) == ["Tea"]
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 4


def test_a_made_up_name_grows_until_it_is_free() -> None:
    """Neither a karaoke room nor a chat room has it."""
    hall = Hall(Library())
    assert len(hall.made_up_name(lambda name: len(name) < 7)) == 7
    assert hall.made_up_name(lambda _name: False).isalpha()
