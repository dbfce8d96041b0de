"""Feeds: everyone hears everything, as it came, and no reader holds another up."""

import asyncio
import random
import socket

import pytest
from aiohttp import WSMsgType

from doors.feed import Feed
from lines.line import BOUND
from server import LINES
from settings import Settings
from tests.strangers import BINARY, CLOSE, TEXT, Stranger, frame, handshake
from tests.transcript import PATIENCE, House, Person, opened
from wire.errors import Disconnect

SMALL = 4096
MESSAGE = 1024 * 1024


async def hears(person: Person) -> str | bytes:
    """Return the next message of a feed."""
    async with asyncio.timeout(PATIENCE):
        message = await person.ws.receive()
    assert message.type in (WSMsgType.TEXT, WSMsgType.BINARY), message
    data: str | bytes = message.data
    return data


async def test_everyone_hears_every_message_as_it_came(house: House) -> None:
    """Texts and bytes go to everyone in the feed, the sender included; nothing is parsed."""
    people = [await house.opens("/feed") for _ in range(3)]
    for sent in ("{not json", b"\x00\xff", "", b"", "é😀\0", '{"action":"set_nick"}'):
        if isinstance(sent, str):
            await people[0].ws.send_str(sent)
        else:
            await people[0].ws.send_bytes(sent)
        for person in people:
            heard = await hears(person)
            assert (type(heard), heard) == (type(sent), sent)


async def test_feeds_do_not_hear_each_other(house: House) -> None:
    """A feed has a name, which is what stands in the address; /feed is one of its own."""
    paths = ("/feed", "/feed/a", "/feed/A", "/feed/a%20b", "/feed/%F0%9F%98%80", "/feed/..a")
    people = [await house.opens(path) for path in paths]
    others = [await house.opens(path) for path in paths]
    for path, person in zip(paths, people, strict=True):
        await person.ws.send_str(path)
    for path, person, other in zip(paths, people, others, strict=True):
        assert await hears(person) == await hears(other) == path


async def test_a_feed_has_one_order(house: House) -> None:
    """Three people send at once: all hear the same, in the same order."""
    people = [await house.opens("/feed/x") for _ in range(3)]

    async def sends(person: Person, name: str) -> None:
        for number in range(200):
            await person.ws.send_str(f"{name}{number}")

    await asyncio.gather(*(sends(person, name) for person, name in zip(people, "abc", strict=True)))
    heard = [[await hears(person) for _ in range(600)] for person in people]
    assert heard[0] == heard[1] == heard[2]
    for name in "abc":
        own = [text for text in heard[0] if str(text).startswith(name)]
        assert own == [f"{name}{number}" for number in range(200)]


async def test_who_is_gone_is_taken_out_unnoticed(house: House) -> None:
    """Bob's line breaks, Cem closes: what Ann sends from then on reaches her and Dan."""
    ann, bob, cem, dan = [await house.opens("/feed") for _ in range(4)]
    bob.vanishes()
    await ann.ws.send_str("one")
    assert await hears(ann) == await hears(cem) == await hears(dan) == "one"
    await cem.leaves()
    await ann.ws.send_str("two")
    assert await hears(ann) == await hears(dan) == "two"


async def test_people_in_feeds_are_in_no_room(house: House) -> None:
    """A feed is no room of the chat: nobody sees who is there, and nothing is left of it."""
    ann = await house.lets_in("ann")
    bob = await house.opens("/feed/default")
    await bob.ws.send_str("hi")
    assert await hears(bob) == "hi"
    assert (await ann.asks("room_list"))["rooms"] == [{"room": "default", "users": 1}]
    await bob.leaves()
    await ann.has_heard_all()


async def test_a_message_of_the_limit_goes_and_a_longer_one_does_not(house: House) -> None:
    """One MiB is relayed; one byte more ends the sender's connection with 1009."""
    async with Stranger(house.port) as ann:
        await ann.enters("/feed")
        await ann.sends(frame(BINARY, bytes(MESSAGE)))
        assert await ann.hears_frame() == (BINARY, bytes(MESSAGE))
        await ann.sends(frame(TEXT, b"x" * MESSAGE))
        assert await ann.hears_frame() == (TEXT, b"x" * MESSAGE)
        await ann.sends_what_it_can(frame(BINARY, bytes(MESSAGE + 1)))
        assert await ann.hears_end() == 1009


async def test_the_limit_can_be_set(quiet_log: None) -> None:
    """The limit is that of the settings, 1 MiB if they say nothing."""
    assert quiet_log is None
    assert Settings().feed_message_bytes == MESSAGE
    async with opened(feed_message_bytes=5) as house:
        ann = await house.opens("/feed")
        await ann.ws.send_str("12345")
        assert await hears(ann) == "12345"
        await ann.ws.send_str("123456")
        assert await ann.hears_end() == 1009


async def test_who_does_not_read_is_closed_and_delays_nobody(house: House) -> None:
    """The one who holds more than the bound unsent is closed with 1013; the others hear on."""
    ann, bob = await house.opens("/feed"), await house.opens("/feed")
    text = "x" * 16_000
    async with Stranger(house.port, SMALL) as slow:
        await slow.enters("/feed")
        heard = 0
        while len(house.app[LINES]) == 3:
            await ann.ws.send_str(text)
            assert await hears(ann) == await hears(bob) == text
            heard += 1
            assert max(line.unsent for line in house.app[LINES]) <= BOUND + len(text) + 100
            assert heard < 1000
            if any(not line.open for line in house.app[LINES]):
                break
        for _ in range(heard - 1):
            assert await slow.hears_frame() == (TEXT, text.encode())
        assert await slow.hears_end() == 1013
        await slow.sends(frame(CLOSE, b"\x03\xf5"))
        assert await slow.reads_to_end() == b""
    await ann.ws.send_str("on")
    assert await hears(ann) == await hears(bob) == "on"


async def test_what_comes_after_our_last_word_is_dropped(house: House) -> None:
    """Who was put out is relayed no more, though they have not heard of it yet."""
    out, other = await house.opens("/feed"), await house.opens("/feed")
    lines = house.app[LINES]
    next(iter(lines)).end(Disconnect.TOO_SLOW)
    for _number in range(3):
        await out.ws.send_str("too late")
    assert await out.hears_end() == 1013
    await other.ws.send_str("next")
    assert await hears(other) == "next"


async def test_one_permitted_message_always_goes(house: House) -> None:
    """A message over the bound is written whole to who holds nothing; the next is one too many."""
    ann = await house.opens("/feed", max_msg_size=0)
    async with Stranger(house.port, SMALL) as slow:
        await slow.enters("/feed")
        for _ in range(2):
            await ann.ws.send_bytes(bytes(MESSAGE))
            assert await hears(ann) == bytes(MESSAGE)
        assert await slow.hears_frame() == (BINARY, bytes(MESSAGE))
        assert await slow.hears_end() == 1013


async def test_one_s_own_pace_is_that_of_one_s_reading(house: House) -> None:
    """Who sends a lot and reads it later is not closed for it, but waits; nothing is missed."""
    async with Stranger(house.port, SMALL) as ann:
        await ann.enters("/feed")
        sending = asyncio.create_task(
            ann.sends(b"".join(frame(BINARY, bytes((n,)) * 200_000) for n in range(100)))
        )
        for number in range(100):
            assert await ann.hears_frame() == (BINARY, bytes((number,)) * 200_000)
        await sending


@pytest.mark.parametrize("code", [1005, 1006, 1015])
async def test_a_reserved_close_code_is_answered_with_1002(house: House, code: int) -> None:
    """Codes that are never sent are a fault in the protocol (RFC 6455, section 7.4.1)."""
    async with Stranger(house.port) as ann:
        await ann.enters("/feed")
        await ann.sends(frame(CLOSE, code.to_bytes(2) + b"bye"))
        assert await ann.hears_end() == 1002
        assert await ann.reads_to_end() == b""


@pytest.mark.parametrize("path", ["/feed", "/feed/a"])
async def test_pages_from_elsewhere_may_not_connect(house: House, path: str) -> None:
    """The Origin rule is that of all doors, and a plain GET is told what to do."""
    async with Stranger(house.port) as ann:
        await ann.sends(handshake(path, {"Origin": "http://elsewhere.example"}))
        assert (await ann.reads_head())[9:12] == b"403"
    async with house.client.get(house.url(path)) as response:
        assert response.status == 426


async def test_a_stop_closes_feeds_too(quiet_log: None) -> None:
    """When the service stops everyone in a feed is closed with 1012."""
    assert quiet_log is None
    async with opened() as house:
        people = [await house.opens("/feed") for _ in range(3)]
        await house.app.shutdown()
        for person in people:
            assert await person.hears_end() == 1012


async def test_compressed_messages_are_relayed_beside_others(house: House) -> None:
    """Who compresses and who does not hear each other; a compressed bomb is too long."""
    deflating = await house.opens("/feed", compress=15, max_msg_size=0)
    plain = await house.opens("/feed", max_msg_size=0)
    assert deflating.ws.compress
    assert not plain.ws.compress
    numbers = random.Random(1)  # noqa: S311 - any bytes will do
    for number in range(300):
        sender = deflating if number % 3 else plain
        message = numbers.randbytes(number * 7) + b"zzz" * number
        await sender.ws.send_bytes(message)
        assert await hears(deflating) == await hears(plain) == message
    await deflating.ws.send_bytes(bytes(4 * MESSAGE))
    assert await deflating.hears_end() == 1009
    await plain.ws.send_str("on")
    assert await hears(plain) == "on"


def test_a_feed_that_someone_left_twice_is_not_troubled() -> None:
    """To take out who is out already changes nothing."""
    feed = Feed("x")
    feed.discard("1")
    assert len(feed) == 0


async def test_a_sender_that_resets_is_heard_to_the_end(house: House) -> None:
    """What somebody sends right before the line breaks is relayed or not, and harms nobody."""
    ann = await house.opens("/feed")
    async with Stranger(house.port) as bob:
        await bob.enters("/feed")
        await bob.sends(b"".join(frame(TEXT, str(n).encode()) for n in range(100)))
        bob._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        bob.hangs_up()
    await ann.ws.send_str("on")
    heard: list[str | bytes] = []
    while not heard or heard[-1] != "on":
        heard.append(await hears(ann))
    assert [text for text in heard if text != "on"] == [str(n) for n in range(len(heard) - 1)]
