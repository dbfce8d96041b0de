"""People who do not read: they hold nobody up, cost little, and miss nothing."""

import asyncio

import pytest

from lines.line import BOUND
from rooms.batch import CUT
from server import LINES
from tests.strangers import PING, frame, guest, request
from tests.stuck import LONG, SMALL, fill, hear_texts, most_unsent, speak
from tests.transcript import House

LEFT = {"action": "left", "room": "default", "user": "slow"}


async def test_who_does_not_read_costs_little_and_misses_nothing(kept: House) -> None:
    """Ann says 30 MB; Bob hears it at once, and who read nothing hears it all later."""
    ann, bob = await kept.gathers("ann", "bob")
    async with guest(kept.port, "slow", receive_buffer=SMALL) as slow:
        for person in (ann, bob):
            await person.hears()
        texts = [f"{number} {LONG}" for number in range(1900)]
        most = 0
        for start in range(0, len(texts), 50):
            await speak(ann, texts[start : start + 50], bob)
            most = max(most, most_unsent(kept))
        assert BOUND < most <= BOUND + CUT
        await hear_texts(slow, texts)
        await speak(ann, ["one more"], bob)
        await hear_texts(slow, ["one more"])
    for person in (ann, bob):
        assert await person.hears() == LEFT | {"shame": True}
        await person.has_heard_all()


@pytest.mark.parametrize("letter", ["x", '"', "\U0001f600"])
async def test_who_catches_up_slowly_costs_little_all_the_while(kept: House, letter: str) -> None:
    """At no time while one is fed from the log is more unsent than the bound and one cut."""
    ann = await kept.lets_in("ann")
    async with guest(kept.port, "slow", receive_buffer=SMALL) as slow:
        await ann.hears()
        count = 1000 // len(letter.encode())
        texts = [f"{number} {letter * 4000}" for number in range(count)]
        await speak(ann, texts)
        most = 0
        for text in texts:
            await hear_texts(slow, [text])
            most = max(most, most_unsent(kept))
        assert most <= BOUND + CUT


async def test_many_short_messages_are_caught_up_with_too(kept: House) -> None:
    """Nine thousand short messages come in order and once, while more are being said."""
    ann = await kept.lets_in("ann")
    async with guest(kept.port, "slow", receive_buffer=SMALL) as slow:
        said = await fill(kept, ann)
        texts = [str(number) for number in range(9000)]
        await asyncio.gather(speak(ann, texts), hear_texts(slow, said + texts))
        await ann.has_heard_all()


async def test_who_was_behind_hears_what_changed_among_the_people(kept: House) -> None:
    """Behind all messages come those who left, then those who entered; what was undone is not."""
    ann, eve, mia = await kept.gathers("ann", "eve", "mia")
    async with guest(kept.port, "slow", receive_buffer=SMALL) as slow:
        said = await fill(kept, ann, eve, mia)
        cem = await kept.lets_in("cem")
        await cem.leaves()
        await kept.lets_in("dan")
        await eve.leaves()
        await mia.says("set_nick", nick="zoe")
        again = await kept.lets_in("eve")
        again.vanishes()
        await mia.says("set_nick", nick="mia")
        await mia.says("set_nick", nick="zoe")
        for _ in range(9):
            assert (await ann.hears())["action"] in ("joined", "left", "nick_changed")
        await hear_texts(slow, said)
        changes = [await slow.hears() for _ in range(4)]
        assert [(body["action"], body["user"]) for body in changes[:2]] in (
            [("left", "eve"), ("left", "mia")],
            [("left", "mia"), ("left", "eve")],
        )
        assert sorted(body["user"] for body in changes[2:]) == ["dan", "zoe"]
        assert changes[2].keys() == {"action", "room", "user"}
        assert changes[3]["action"] == "joined"
        await slow.sends(request("user_list"))
        assert (await slow.hears())["users"] == ["ann", "zoe", "slow", "dan"]


async def test_pings_that_nobody_reads_the_answers_of_cost_little(house: House) -> None:
    """A hundred thousand pings whose pongs are never read are not gathered, and hold nobody up."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "slow", receive_buffer=SMALL) as slow:
        await ann.hears()
        pings = frame(PING, bytes(125)) * 5000
        most = 0
        for _ in range(20):
            await slow.sends(pings)
            await ann.has_heard_all()
            most = max(most, most_unsent(house))
        assert most <= BOUND + CUT


async def test_requests_that_nobody_reads_the_replies_of_cost_little(house: House) -> None:
    """Who asks on and on and reads nothing is not read any more; the others are."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "slow", receive_buffer=SMALL) as slow:
        await ann.hears()
        asking = asyncio.create_task(slow.sends(request("x" * 50000) * 200))
        most = 0
        while not any(line.unsent > BOUND for line in house.app[LINES]):
            await ann.has_heard_all()
        for _ in range(100):
            await ann.has_heard_all()
            most = max(most, most_unsent(house))
        assert not asking.done()
        assert most <= BOUND + CUT
        for _ in range(200):
            assert (await slow.hears())["success"] is False
        await asking
