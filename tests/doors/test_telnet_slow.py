"""Telnet people who have stopped reading: nothing is missed, and nobody waits for them."""

import asyncio

from lines.line import BOUND
from rooms.batch import CUT
from server import TELNET
from tests.doors.visitors import visitor
from tests.stuck import LONG, SMALL, speak
from tests.transcript import House, Person


def most_unsent(house: House) -> int:
    """Return how many bytes the visitor holds who holds most."""
    return max((line.unsent for line in house.app[TELNET].lines), default=0)


async def fill(house: House, person: Person, count: int = 0) -> list[str]:
    """Speak until a visitor is behind, and then a few times more; return what was said."""
    said: list[str] = []
    while not any(line.behind for line in house.app[TELNET].lines):
        assert len(said) < 1000
        said.append(f"{len(said)} {LONG}")
        await speak(person, said[-1:])
    more = [f"{len(said) + number} {LONG}" for number in range(count)]
    await speak(person, more)
    return said + more


async def test_a_reader_who_stops_catches_up(port: int, house: House) -> None:
    """Who reads nothing for a while then sees all messages, in order, and each once."""
    ann = await house.lets_in("ann")
    async with visitor(port, "slow", receive_buffer=SMALL) as slow:
        await ann.hears()
        said = await fill(house, ann, 100)
        assert most_unsent(house) <= BOUND + CUT
        cem = await house.lets_in("cem")
        await cem.leaves()
        await house.lets_in("dan")
        await slow.types("say and I?")
        for text in said:
            await slow.sees(f"ann: {text}")
            assert most_unsent(house) <= BOUND + CUT
        rest = [await slow.reads_line() for _ in range(2)]
        assert sorted(rest) == ["dan has entered the room.", "slow: and I?"]
        await slow.has_seen_all()


async def test_requests_that_nobody_reads_the_replies_of_cost_little(
    port: int, house: House
) -> None:
    """Who asks on and on and reads nothing is not read any more; the others are."""
    ann = await house.lets_in("ann")
    async with visitor(port, "slow", receive_buffer=SMALL) as slow:
        await ann.hears()
        asking = asyncio.create_task(slow.types(*["x" * 20000] * 1000))
        while most_unsent(house) <= BOUND:
            await ann.has_heard_all()
        for _ in range(100):
            await ann.has_heard_all()
            assert most_unsent(house) <= BOUND + CUT
        assert not asking.done()
        await slow.sees(*["Unknown command: " + "x" * 20000] * 1000)
        await asking


async def test_options_that_nobody_reads_the_answers_of_cost_little(
    port: int, house: House
) -> None:
    """Three megabytes of negotiation whose answers are never read are not gathered."""
    ann = await house.lets_in("ann")
    async with visitor(port, "slow", receive_buffer=SMALL) as slow:
        await ann.hears()
        for _ in range(20):
            await slow.sends(b"\xff\xfd\x06" * 50_000)
            await ann.has_heard_all()
            assert most_unsent(house) <= BOUND + CUT


async def test_the_lobby_waits_for_who_does_not_read(port: int, house: House) -> None:
    """Somebody who never logs in and never reads gets no more than the bound either."""
    async with visitor(port, receive_buffer=SMALL) as slow:
        asking = asyncio.create_task(slow.types(*["x"] * 200_000))
        while most_unsent(house) <= BOUND:  # noqa: ASYNC110 - the line tells nobody
            await asyncio.sleep(0)
        for _ in range(1000):
            await asyncio.sleep(0)
            assert most_unsent(house) <= BOUND + CUT
        asking.cancel()
        await asyncio.wait([asking])


async def test_a_stop_does_not_wait_for_who_does_not_read(port: int, house: House) -> None:
    """A reader who is behind is cut off when the service stops, and nobody is shamed."""
    ann = await house.lets_in("ann")
    async with visitor(port, "slow", receive_buffer=SMALL):
        await ann.hears()
        await fill(house, ann, 10)
        await house.app.shutdown()
        assert await ann.hears_end() == 1012
        await house.app[TELNET].finished()
        assert not house.app[TELNET].lines
