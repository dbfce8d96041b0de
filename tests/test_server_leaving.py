"""How one leaves: politely with a close frame of whatever kind, or in shame without."""

import asyncio

import pytest

from server import LINES, SESSIONS
from tests.strangers import CLOSE, Stranger, frame, guest, request
from tests.transcript import PATIENCE, House, Person

LEFT = {"action": "left", "room": "default", "user": "bob"}


async def joined(person: Person) -> None:
    """Hear that Bob is there."""
    assert await person.hears() == {"action": "joined", "room": "default", "user": "bob"}


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011, 1012, 3000, 4001, 4999])
async def test_a_close_frame_of_any_code_is_polite(house: House, code: int) -> None:
    """Bob closes with some code: Ann hears that he left, without shame."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "bob") as bob:
        await joined(ann)
        await bob.sends(frame(CLOSE, code.to_bytes(2) + b"bye"))
        assert await ann.hears() == LEFT | {"shame": False}
        assert await bob.hears_end() == 1000
        assert await bob.reads_to_end() == b""
    await ann.has_heard_all()


@pytest.mark.parametrize("payload", [b"", b"\x03", b"\x00\x00", b"\x03\xed", b"\x0b\xb7\xff\xfe"])
async def test_a_close_frame_without_a_code_or_with_a_bad_one_is_polite(
    house: House, payload: bytes
) -> None:
    """A close frame that says nothing, or nonsense, shames nobody either."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "bob") as bob:
        await joined(ann)
        await bob.sends(frame(CLOSE, payload))
        assert await ann.hears() == LEFT | {"shame": False}
        await bob.reads_to_end()
    await ann.has_heard_all()


async def test_a_close_frame_right_before_the_end_of_the_line_is_polite(house: House) -> None:
    """Bob sends a close frame and hangs up in the same instant: no shame."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "bob") as bob:
        await joined(ann)
        await bob.sends(frame(CLOSE, b"\x03\xe8"))
        bob.hangs_up()
        assert await ann.hears() == LEFT | {"shame": False}


async def test_requests_before_a_close_frame_count(house: House) -> None:
    """Bob speaks a hundred times, closes and hangs up at once: all of it is heard."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "bob") as bob:
        await joined(ann)
        spoken = b"".join(request("chat_message", message=str(number)) for number in range(100))
        await bob.sends(spoken + frame(CLOSE, b""))
        for number in range(100):
            assert (await ann.hears())["message"] == str(number)
        assert await ann.hears() == LEFT | {"shame": False}


async def test_nothing_counts_after_a_close_frame(house: House) -> None:
    """What Bob sends behind his close frame is neither heard nor answered."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "bob") as bob:
        await joined(ann)
        await bob.sends(frame(CLOSE, b"") + request("chat_message", message="psst"))
        assert await ann.hears() == LEFT | {"shame": False}
        assert await bob.hears_end() == 1000
        assert await bob.reads_to_end() == b""
    await ann.has_heard_all()


async def test_a_line_that_ends_without_a_close_frame_is_shame(house: House) -> None:
    """Bob hangs up, without a word and with what he said before still counting: shame."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "bob") as bob:
        await joined(ann)
        await bob.sends(request("chat_message", message="one"))
        assert (await ann.hears())["message"] == "one"
        bob.hangs_up()
        assert await ann.hears() == LEFT | {"shame": True}
    await ann.has_heard_all()


async def test_a_line_that_breaks_is_shame(house: House) -> None:
    """Bob's transport is aborted: Ann hears it with shame, and his nick is free again."""
    ann, bob = await house.gathers("ann", "bob")
    bob.vanishes()
    assert await ann.hears() == LEFT | {"shame": True}
    await house.lets_in("bob")
    await joined(ann)


async def test_half_a_frame_and_then_the_end_is_shame(house: House) -> None:
    """Bob hangs up in the middle of a frame: shame, and nothing is heard of it."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "bob") as bob:
        await joined(ann)
        await bob.sends(request("chat_message", message="hello")[:-3])
        bob.hangs_up()
        assert await ann.hears() == LEFT | {"shame": True}
    await ann.has_heard_all()


async def test_everybody_may_leave_at_once(house: House) -> None:
    """When all hang up in the same instant no room and no line is left over."""
    ann = await house.lets_in("ann", "tea")
    crowd = [await house.lets_in(f"p{number}") for number in range(50)]
    for number, person in enumerate(crowd):
        if number % 2:
            person.vanishes()
    await asyncio.gather(*(person.leaves() for person in crowd[::2]))
    while (await ann.asks("room_list"))["rooms"] != [{"room": "tea", "users": 1}]:
        pass
    assert list(house.rooms) == ["tea"]
    async with asyncio.timeout(PATIENCE):
        while len(house.app[LINES]) > 1 or len(house.app[SESSIONS]) > 1:
            await ann.has_heard_all()


async def test_whoever_only_knocks_is_never_heard(house: House) -> None:
    """A handshake that is broken off is no visit."""
    ann = await house.lets_in("ann")
    for end in range(0, 160, 20):
        async with Stranger(house.port) as bob:
            await bob.sends(b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"[:end])
    await ann.has_heard_all()
    assert list(house.rooms["default"]) == ["ann"]
