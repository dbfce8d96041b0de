"""How the service stops: everybody is told, nobody is shamed, and nothing is lost."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.program import FREE, Program, started
from tests.strangers import Stranger, guest, request
from tests.stuck import LONG, SMALL, speak
from tests.transcript import Person

STOPS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", STOPS)
async def test_everybody_is_told_that_the_service_stops(
    tmp_path: Path, number: signal.Signals
) -> None:
    """On either signal all get the close code 1012, nobody hears of shame, and the status is 0."""
    async with started(tmp_path / "log.db") as program:
        people = [await program.lets_in(nick, nick) for nick in ("ann", "bob")]
        people += [await program.lets_in(nick) for nick in ("cem", "dan")]
        await people[2].hears()
        url = f"http://127.0.0.1:{program.port}/echo"
        people.append(Person(await program.client.ws_connect(url)))
        program.is_told(number)
        for person in people:
            assert await person.hears_end() == 1012
        assert await program.ends(5) == (0, "")


@pytest.mark.parametrize("number", STOPS)
async def test_a_second_signal_changes_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """However often it is told to stop, the program stops as if told once."""
    async with started(tmp_path / "log.db", *FREE) as program:
        people = [await program.lets_in(f"p{count}", f"r{count}") for count in range(50)]
        stuck = await stuck_reader(program)
        async with stuck:
            program.is_told(number)
            ending = asyncio.create_task(program.ends(10))
            while not ending.done():
                with suppress(ProcessLookupError):
                    os.kill(program.process.pid, number)  # `send_signal` would take the status
                await asyncio.sleep(0.002)
            for person in people:
                assert await person.hears_end() == 1012
            assert await ending == (0, "")


async def stuck_reader(program: Program) -> Stranger:
    """Return somebody who has long stopped to read what is said."""
    slow = Stranger(program.port, receive_buffer=SMALL)
    await slow.__aenter__()
    await slow.enters("/chat?nick=slow&room=tea")
    ann = await program.lets_in("ann", "tea")
    await speak(ann, [f"{number} {LONG}" for number in range(300)])
    await ann.leaves()
    return slow


@pytest.mark.parametrize("asks", [False, True])
async def test_a_stuck_reader_does_not_hold_up_the_end(tmp_path: Path, asks: bool) -> None:  # noqa: FBT001 - a case
    """With somebody who does not read, and may have asked for more, it ends within 5 seconds."""
    async with started(tmp_path / "log.db", *FREE) as program:
        ann = await program.lets_in("ann")
        async with await stuck_reader(program) as slow:
            if asks:
                await slow.sends(request("chat_message", message="hello") * 10)
            program.is_told(signal.SIGTERM)
            assert await ann.hears_end() == 1012
            assert await program.ends(5) == (0, "")


async def test_a_silent_handshake_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """Connections that have not said what they want, or half of it, end with the service."""
    async with (
        started(tmp_path / "log.db") as program,
        Stranger(program.port),
        Stranger(program.port) as half,
        guest(program.port, "ann") as ann,
    ):
        await half.sends(b"GET /chat HTTP/1.1\r\nHost:")
        await ann.sends(request("chat_message", message="hello")[:9])
        program.is_told(signal.SIGTERM)
        assert await ann.hears_end() == 1012
        assert await program.ends(5) == (0, "")


async def test_the_end_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Everybody speaks while the service stops: what was acknowledged is there afterwards."""
    acknowledged: list[str] = []

    async def talk(person: Person) -> int | None:
        for number in range(2000):
            await person.ws.send_json(
                {"action": "chat_message", "message": f"{person.nick} {number}", "ref": number}
            )
        return None

    async def listen(person: Person) -> int | None:
        while True:
            message = await person.ws.receive()
            if message.data is None or isinstance(message.data, int):
                return message.data
            body = message.json()
            if "ref" in body:
                assert body["success"] is True
                acknowledged.append(body["message"])
                if len(acknowledged) == 500:
                    program.is_told(signal.SIGTERM)

    path = tmp_path / "log.db"
    async with started(path, *FREE) as program:
        people = [await program.lets_in(f"p{number}", f"r{number}") for number in range(8)]
        talking = [asyncio.create_task(talk(person)) for person in people]
        codes = await asyncio.gather(*(listen(person) for person in people))
        assert codes == [1012] * 8
        assert await program.ends(5) == (0, "")
        await asyncio.gather(*talking, return_exceptions=True)
    async with started(path, *FREE) as program:
        ann = await program.lets_in("ann")
        kept: list[str] = []
        for number in range(8):
            kept += await whole_log(ann, f"r{number}")
        assert len(kept) == len(set(kept))
        assert set(acknowledged) <= set(kept)


async def whole_log(person: Person, room: str) -> list[str]:
    """Return all that was said in a room, and see that the numbers have no holes."""
    found: list[str] = []
    more = True
    while more:
        page = await person.asks("history", room=room, after=len(found), limit=200)
        ids = [said["id"] for said in page["messages"]]
        assert ids == list(range(len(found) + 1, len(found) + len(ids) + 1))
        found += [said["message"] for said in page["messages"]]
        more = page["more"]
    return found


async def test_whoever_reads_the_banner_may_hang_up(tmp_path: Path) -> None:
    """With nobody left to read its output the service goes on, and stops with status 0."""
    async with started(tmp_path / "log.db") as program:
        assert program.process.stdout is not None
        program.process.stdout._transport.close()  # type: ignore[attr-defined]
        ann = await program.lets_in("ann")
        await ann.does("chat_message", message="hello")
        program.is_told(signal.SIGTERM)
        assert await ann.hears_end() == 1012
        async with asyncio.timeout(5):
            assert await program.process.wait() == 0
