import json

import pytest
from aiohttp import WSMsgType

from tests.strangers import CLOSE, PING, PONG, TEXT, Stranger, frame
from tests.transcript import House

EXACT = [
    "1",
    "null",
    '"é"',
    '"\\u00e9 \\/ \\ud83d\\ude00"',
    "  [1 , 2\n]\t",
    "123456789012345678901234567890",
    "-0.10000000000000000000000000000001e+5",
    "1e999",
    '{"a":1,"a":2}',
    '{"b":{},"a":[[],{}]}',
    '""',
    "[" * 50 + "]" * 50,
    '"' + "x" * 65534 + '"',
    "9" * 65536,
]


NOT_JSON = [
    *("", " ", "{", "nonsense", "NaN", "[Infinity]", "-Infinity", "'a'", "{1:2}", "1 2"),
    *("\ufeff1", "01", '"\t"', "[1,]", "[" * 60000, '{"a":' * 10000),
]


@pytest.mark.parametrize("text", EXACT, ids=range(len(EXACT)))
async def test_json_is_repeated_to_the_letter(house: House, text: str) -> None:
    """Ann sends a JSON text and gets it back within `{"echo":...}`, every letter of it."""
    ann = await house.opens("/echo")
    await ann.sends(text)
    assert await ann.hears_text() == f'{{"echo":{text}}}'


@pytest.mark.parametrize("text", NOT_JSON, ids=range(len(NOT_JSON)))
async def test_what_is_no_json_is_refused(house: House, text: str) -> None:
    """Ann is told that this is no JSON, and may go on."""
    ann = await house.opens("/echo")
    await ann.sends(text)
    reply = await ann.hears()
    assert reply.pop("message")
    assert reply == {"success": False}
    await ann.sends("[1]")
    assert await ann.hears_text() == '{"echo":[1]}'


async def test_a_binary_message_is_refused(house: House) -> None:
    """Only text messages are echoed; the connection stays."""
    ann = await house.opens("/echo")
    await ann.ws.send_bytes(b"1")
    assert (await ann.hears())["success"] is False
    await ann.sends("1")
    assert await ann.hears_text() == '{"echo":1}'


async def test_echoes_come_in_order_and_to_nobody_else(house: House) -> None:
    """A thousand texts sent at once come back in order, each to who sent it."""
    ann, bob = await house.opens("/echo"), await house.opens("/echo")
    for number in range(1000):
        await ann.sends(str(number))
        await bob.sends(f"-{number + 1}")
    for number in range(1000):
        assert json.loads(await ann.hears_text()) == {"echo": number}
        assert json.loads(await bob.hears_text()) == {"echo": -number - 1}


async def test_a_message_in_parts_is_one_message(house: House) -> None:
    """Fragments are put together, and a ping between them is answered at once."""
    async with Stranger(house.port) as ann:
        await ann.enters("/echo")
        await ann.sends(frame(TEXT, b"[1,", fin=False) + frame(PING, b"?") + frame(0, b"2]"))
        assert await ann.hears_frame() == (PONG, b"?")
        assert await ann.hears_frame() == (TEXT, b'{"echo":[1,2]}')


async def test_an_echo_ends_politely(house: House) -> None:
    """A close frame is answered with one, and nobody in a room hears of it."""
    bob = await house.lets_in("bob")
    async with Stranger(house.port) as ann:
        await ann.enters("/echo")
        await ann.sends(frame(CLOSE, b"\x0f\xa1"))
        assert await ann.hears_end() == 1000
        assert await ann.reads_to_end() == b""
    await bob.has_heard_all()


async def test_too_long_a_message_ends_the_echo(house: House) -> None:
    """A message of more than 64 KiB is closed with 1009."""
    ann = await house.opens("/echo")
    await ann.sends("9" * 65537)
    assert await ann.hears_end() == 1009


async def test_a_reader_who_does_not_read_its_echoes_holds_nobody_up(house: House) -> None:
    """While one sends and never reads, another is answered; then the first gets all, in order."""
    async with Stranger(house.port, receive_buffer=4096) as slow:
        await slow.enters("/echo")
        echoes = [json.dumps(str(number) * 1000).encode() for number in range(1000, 1800)]
        sending = slow.sends(b"".join(frame(TEXT, echo) for echo in echoes[:400]))
        await sending
        ann = await house.opens("/echo")
        await ann.sends("1")
        assert await ann.hears_text() == '{"echo":1}'
        for echo in echoes[:400]:
            assert await slow.hears_frame() == (TEXT, b'{"echo":' + echo + b"}")


async def test_an_echo_has_nothing_to_do_with_rooms(house: House) -> None:
    """Whoever is in an echo is in no room."""
    ann = await house.opens("/echo")
    await ann.sends('{"action":"chat_message","message":"hello"}')
    assert json.loads(await ann.hears_text())["echo"]["action"] == "chat_message"
    assert not house.rooms
    await ann.leaves()
    assert (await ann.ws.receive()).type is WSMsgType.CLOSED
