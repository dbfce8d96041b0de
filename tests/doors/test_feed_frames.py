"""A feed with one client is an echo: the protocol, frame by frame (RFC 6455, RFC 7692).

The cases are those of the Autobahn test suite that a change here could break.
"""

import asyncio

import pytest

from tests.strangers import BINARY, CLOSE, PING, PONG, TEXT, Stranger, frame
from tests.transcript import House, opened

SIZES = [0, 1, 125, 126, 127, 128, 65535, 65536, 1 << 20]
MORE = 0x0
PROTOCOL_ERROR, INVALID_TEXT = 1002, 1007
KOSME = "κόσμε".encode()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_messages_of_all_sizes_come_back(house: House, opcode: int, size: int) -> None:
    """Each length of the header, text and binary, comes back as it went (cases 1, 9)."""
    async with Stranger(house.port) as ann:
        await ann.enters("/feed")
        await ann.sends(frame(opcode, b"*" * size))
        assert await ann.hears_frame() == (opcode, b"*" * size)


@pytest.mark.parametrize("payload", [b"", b"hi", b"\x00\xff\xfe", b"\xfe" * 125])
async def test_a_ping_is_answered_in_its_place(house: House, payload: bytes) -> None:
    """A pong repeats the ping's payload, an unasked pong is nothing (case 2)."""
    async with Stranger(house.port) as ann:
        await ann.enters("/feed")
        await ann.sends(frame(PONG, payload) + frame(TEXT, b"1") + frame(PING, payload))
        assert await ann.hears_frame() == (TEXT, b"1")
        assert await ann.hears_frame() == (PONG, payload)


@pytest.mark.parametrize("step", [1, 3, 100])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_fragments_are_put_together(house: House, opcode: int, step: int) -> None:
    """A message in fragments, pings between them, comes back as one (case 5)."""
    message = KOSME * 20
    parts = [message[at : at + step] for at in range(0, len(message), step)]
    async with Stranger(house.port) as ann:
        await ann.enters("/feed")
        for number, part in enumerate(parts):
            kind = MORE if number else opcode
            await ann.sends(frame(kind, part, fin=False) + frame(PING, b"%d" % number))
            assert await ann.hears_frame() == (PONG, b"%d" % number)
        await ann.sends(frame(MORE, b""))
        assert await ann.hears_frame() == (opcode, message)


FAULTS = {
    "rsv 1 without an extension": frame(TEXT, b"x", reserved=0x40),
    "rsv 2": frame(TEXT, b"x", reserved=0x20),
    "rsv 3 on a ping": frame(PING, b"x", reserved=0x10),
    "all reserved bits on a close": frame(CLOSE, b"", reserved=0x70),
    **{f"opcode {opcode}": frame(opcode, b"x") for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "a ping of 126 bytes": frame(PING, b"x" * 126),
    "a ping in fragments": frame(PING, b"x", fin=False),
    "a continuation of nothing": frame(MORE, b"x"),
    "a text within a text": frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"),
    "a close of one byte": frame(CLOSE, b"\x03"),
    "a close of 126 bytes": frame(CLOSE, b"\x03\xe8" + b"x" * 124),
    **{
        f"close code {code}": frame(CLOSE, code.to_bytes(2))
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999)
    },
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_ends_the_connection(house: House, fault: str) -> None:
    """What went before comes back; then the connection is closed with 1002 (cases 3, 4, 5, 7)."""
    async with Stranger(house.port) as ann:
        await ann.enters("/feed")
        await ann.sends(frame(TEXT, b"before") + FAULTS[fault] + frame(TEXT, b"behind"))
        assert await ann.hears_frame() == (TEXT, b"before")
        assert await ann.hears_end() == PROTOCOL_ERROR


NO_TEXT = [
    b"\xfe",
    b"\x80",
    b"\xc3",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xed\xa0\x80\xed\xb0\x80",
    b"\xf4\x90\x80\x80",
    KOSME + b"\xed\xa0\x80edited",
]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("payload", NO_TEXT, ids=ascii)
async def test_what_is_no_utf_8_is_no_text(house: House, payload: bytes, whole: bool) -> None:  # noqa: FBT001
    """At the latest at its end such a text ends the connection with 1007 (case 6)."""
    async with Stranger(house.port) as ann:
        await ann.enters("/feed")
        if whole:
            await ann.sends(frame(TEXT, payload))
        else:
            pieces = [frame(MORE, payload[at : at + 1], fin=False) for at in range(len(payload))]
            await ann.sends(frame(TEXT, b"", fin=False) + b"".join(pieces) + frame(MORE, b""))
        assert await ann.hears_end() == INVALID_TEXT


@pytest.mark.parametrize("payload", [b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf", b"\0", KOSME], ids=ascii)
async def test_all_of_unicode_is_text(house: House, payload: bytes) -> None:
    """Non-characters and the last code point are text too (case 6)."""
    async with Stranger(house.port) as ann:
        await ann.enters("/feed")
        await ann.sends(frame(TEXT, payload))
        assert await ann.hears_frame() == (TEXT, payload)


async def test_a_close_reason_that_is_no_utf_8_is_a_fault(house: House) -> None:
    """The reason of a close frame is text (case 7.5.1)."""
    async with Stranger(house.port) as ann:
        await ann.enters("/feed")
        await ann.sends(frame(CLOSE, b"\x03\xe8" + NO_TEXT[-1]))
        assert await ann.hears_end() in (PROTOCOL_ERROR, INVALID_TEXT)


@pytest.mark.parametrize("code", [None, 1000, 1001, 1003, 1007, 1011, 1012, 1014, 3000, 4999])
async def test_a_close_is_answered_and_the_last_word(house: House, code: int | None) -> None:
    """A close frame of any permitted code is answered; nothing counts behind it (case 7)."""
    async with Stranger(house.port) as ann:
        await ann.enters("/feed")
        payload = b"" if code is None else code.to_bytes(2) + b"bye"
        await ann.sends(frame(CLOSE, payload) + frame(TEXT, b"psst") + frame(PING, b""))
        assert await ann.hears_end() == 1000
        assert await ann.reads_to_end() == b""


async def test_a_message_of_16_mib_comes_back_where_it_may(quiet_log: None) -> None:
    """The limit can be raised, and a big message may come in many fragments (case 9)."""
    assert quiet_log is None
    size = 16 * 1024 * 1024
    async with opened(feed_message_bytes=size) as house, Stranger(house.port) as ann:
        await ann.enters("/feed")
        part = b"x" * (size // 64)
        parts = [frame(MORE if n else BINARY, part, fin=n == 63) for n in range(64)]
        sending = asyncio.create_task(ann.sends(b"".join(parts)))
        assert await ann.hears_frame() == (BINARY, b"x" * size)
        await sending


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=9",
        "permessage-deflate; server_max_window_bits=15",
    ],
)
async def test_compression_is_agreed_on(house: House, offer: str) -> None:
    """Offers of permessage-deflate are accepted; what comes back may be plain (cases 12, 13)."""
    async with Stranger(house.port) as ann:
        await ann.enters("/feed", **{"Sec-WebSocket-Extensions": offer})
        hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00"  # RFC 7692, section 7.2.3.1
        for _ in range(2):
            await ann.sends(frame(TEXT, hello, reserved=0x40))
            assert await ann.hears_frame() == (TEXT, b"Hello")
        await ann.sends(frame(TEXT, b"plain"))
        assert await ann.hears_frame() == (TEXT, b"plain")
