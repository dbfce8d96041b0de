import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.karaoke.machines import compose
from tests.karaoke.people import SECRET, Body, Visitor, performers
from tests.karaoke.syng import at_work
from tests.program import started
from tests.transcript import PATIENCE

pytestmark = pytest.mark.timeout(300)  # the client is installed first

SHORT, LONG = "Ann - Short - Songs.wav", "b/Bob - Long - Songs.wav"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of songs of seven and nine seconds."""
    folder = tmp_path / "songs"
    folder.mkdir()
    compose(folder / SHORT, 7)
    compose(folder / LONG, 9)
    return folder


async def is_open(guest: Visitor) -> None:
    """Wait until the client has made its room, and told which songs it has."""
    found: list[Body] = []
    async with asyncio.timeout(3 * PATIENCE):
        while not await guest.asks("register-web", {"room": "Tea"}):  # noqa: ASYNC110 - a program
            await asyncio.sleep(0.1)
        await guest.hears("state")
        assert await guest.asks("register-admin", {"secret": SECRET}) is True
        while not found:
            await guest.says("search", {"query": "songs"})
            found = (await guest.hears_in_the_end("search-results"))["results"]
            await asyncio.sleep(0.1)
    assert sorted(song["ident"] for song in found) == [SHORT, LONG]
    assert {song["album"] for song in found} == {"Songs"}


async def sees(guest: Visitor, looks_right: Callable[[Body], bool]) -> Body:
    """Return the next state that looks right."""
    async with asyncio.timeout(3 * PATIENCE):
        while True:
            state: Body = await guest.hears_in_the_end("state")
            if looks_right(state):
                return state


async def adds(guest: Visitor, performer: str, ident: str, event: str = "append") -> None:
    """Wish for a song."""
    song = {"performer": performer, "source": "files", "ident": ident, "uid": None}
    await guest.says(event, song)


def sung(state: Body) -> list[str]:
    """Return who has sung."""
    return performers(state, "recent")


async def test_the_public_client_plays(folder: Path, tmp_path: Path) -> None:
    """It makes a room, serves its folder, tells lengths, plays songs in turn, and is skipped."""
    async with started(":memory:") as program:
        server = f"http://127.0.0.1:{program.port}"
        async with at_work(server, folder, tmp_path), Visitor(server) as guest:
            await is_open(guest)
            await adds(guest, "ann", SHORT)
            await adds(guest, "bob", LONG)
            await sees(guest, lambda state: sung(state) == ["ann"])
            state = await sees(guest, lambda state: state["queue"][0]["duration"] == 9)
            assert performers(state) == ["bob"]
            assert state["queue"][0]["started_at"] > 0
            await adds(guest, "bob", SHORT)
            assert (await guest.hears_in_the_end("ask_for_waitingroom"))["old_entry"]["title"] == (
                "Long"
            )
            await adds(guest, "bob", SHORT, "waiting-room-append")
            await sees(guest, lambda state: performers(state, "waiting_room") == ["bob"])
            await guest.says("skip-current")
            await sees(guest, lambda state: sung(state) == ["ann", "bob", "bob"])
    played = [line for line in (tmp_path / "played").read_text().splitlines() if "Songs" in line]
    assert [line.rpartition("/")[2] for line in played] == [
        SHORT,
        LONG.partition("/")[2],
        SHORT,
    ]


async def test_the_public_client_finds_its_room_after_a_restart(
    folder: Path, tmp_path: Path
) -> None:
    """The queue is as it was, the config an admin set holds, and the songs are there again."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server, data = f"http://127.0.0.1:{port}", tmp_path / "log.db"
    place = "--port", str(port)
    async with started(data, *place) as program:
        client = at_work(server, folder, tmp_path)
        await client.__aenter__()
        async with Visitor(server) as guest:
            await is_open(guest)
            for performer, song in (("eve", LONG), ("ann", LONG), ("bob", SHORT)):
                await adds(guest, performer, song)
            await sees(guest, lambda state: bool(state["queue"][0]["started_at"]))
            await guest.says("show_config")
            config = await guest.hears_in_the_end("config")
            del config["secret"]
            text = json.dumps(config | {"preview_duration": 1})
            await guest.says("update_config", {"config": text})
            await sees(guest, lambda state: state["config"]["preview_duration"] == 1)
            await guest.says("skip-current")  # once the client has done that, it knows the config
            kept = await sees(guest, lambda state: performers(state) == ["ann", "bob"])
            while not kept["queue"][0]["started_at"]:  # of that, asked for so, nobody else is told
                await guest.says("get-state")
                kept = await guest.hears_in_the_end("state")
            await program.is_killed()
    try:
        async with started(data, *place), Visitor(server) as guest:
            await is_open(guest)
            await guest.says("get-state")
            state = await guest.hears("state")
            assert [entry["uuid"] for entry in state["queue"]] == [
                entry["uuid"] for entry in kept["queue"]
            ]
            assert state["config"]["preview_duration"] == 1
            await guest.says("skip-current")
            await sees(guest, lambda state: sung(state) == ["eve", "ann", "bob"])
    finally:
        await client.__aexit__(None, None, None)
