import asyncio
import json

import pytest

from tests.strangers import BINARY, CLOSE, PING, PONG, TEXT, Stranger, frame, guest, request
from tests.transcript import Body, House, Person

LEFT = {"action": "left", "room": "default", "user": "bob"}

NONSENSE = [
    "",
    " ",
    "nonsense",
    "{",
    '{"action":"room_list"',
    '{"action":"room_list"}}',
    "{'action':'room_list'}",
    "null",
    "1",
    '"room_list"',
    "[]",
    '[{"action":"room_list"}]',
    '{"action":"room_list","x":NaN}',
    '{"action":"room_list","x":Infinity}',
    '{"action":"room_list","x":[-Infinity]}',
    '{"action":"room_list","x":01}',
    '{"action":"room_list","x":"\x00"}',
    '{"action":"room_list","x":"\\ud800"}',
    '{"action":"room_list","\\udc00":1}',
    '{"action":"room_list","x":["\\ud83d \\ude00"]}',
    '{"action":"\\ud800"}',
    '{"action":"room_list","ref":"\\udfff"}',
    '{"a":' * 10000,
    "[" * 65000,
    '{"action":"room_list","x":' + "[" * 30000 + "]" * 30000 + "}",
    "\ufeff{}",
    '{"action":null}',
    '{"action":1}',
    '{"action":["room_list"]}',
    '{"action":{}}',
    "{}",
    '{"Action":"room_list"}',
]


@pytest.mark.parametrize("text", NONSENSE, ids=range(len(NONSENSE)))
async def test_nonsense_is_refused_and_the_connection_stays(house: House, text: str) -> None:
    """What is no request is refused with `"action":null`; Ann goes on, and Bob hears nothing."""
    ann, bob = await house.gathers("ann", "bob")
    await ann.sends(text)
    reply = await ann.hears()
    assert reply.pop("message")
    assert reply == {"action": None, "success": False}
    await ann.does("chat_message", message="hello")
    assert (await bob.hears())["message"] == "hello"
    await bob.has_heard_all()


async def test_binary_frames_are_refused_and_the_connection_stays(house: House) -> None:
    """A request in a binary frame is none."""
    ann = await house.lets_in("ann")
    for payload in (b'{"action":"room_list"}', b"", b"\xff\x00", bytes(65536)):
        await ann.ws.send_bytes(payload)
        reply = await ann.hears()
        assert reply.pop("message")
        assert reply == {"action": None, "success": False}
    await ann.has_heard_all()


@pytest.mark.parametrize("action", ["dance", "", "CHAT_MESSAGE", "connecting", "é", "x" * 60000])
async def test_an_unknown_action_is_refused_by_its_name(house: House, action: str) -> None:
    """Whoever asks for what there is not is told so, with the action they named."""
    ann = await house.lets_in("ann")
    reply = await ann.asks(action)
    assert reply.pop("message")
    assert reply == {"action": action, "success": False}
    await ann.has_heard_all()


async def test_of_duplicate_keys_the_last_holds(house: House) -> None:
    """An action named twice is the second one."""
    ann = await house.lets_in("ann")
    await ann.sends('{"action":"dance","ref":1,"action":"room_list","ref":2}')
    assert {"action": "room_list", "ref": 2}.items() <= (await ann.hears()).items()


async def test_keys_that_mean_nothing_change_nothing(house: House) -> None:
    """A request may carry anything besides, however large its numbers."""
    ann = await house.lets_in("ann")
    body: Body = {"x": 10**4000, "y": [1.5], "user": "eve", "shame": True, "message": "hi"}
    assert await ann.asks("chat_message", **body) == {
        "action": "chat_message",
        "success": True,
        "message": "hi",
    }


def padded(size: int) -> bytes:
    """Return a request of exactly so many bytes."""
    body = '{"action":"set_nick","nick":"bob","x":""}'
    return body.replace('""', f'"{"x" * (size - len(body))}"').encode()


async def bob_left(house: House, frames: bytes, code: int | None) -> None:
    """See that these frames end Bob's connection, without shame, and disturb nobody."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "bob") as bob:
        assert await ann.hears() == {"action": "joined", "room": "default", "user": "bob"}
        await bob.sends_what_it_can(frames)
        assert await ann.hears() == LEFT | {"shame": False}
        if code is not None:
            assert await bob.hears_end() == code
        await bob.reads_to_end()
    await ann.does("chat_message", message="hello")
    await ann.has_heard_all()


async def test_a_frame_of_64_kib_is_accepted(house: House) -> None:
    """A request of exactly 65,536 bytes is carried out."""
    async with guest(house.port, "bob") as bob:
        await bob.sends(frame(TEXT, padded(65536)))
        assert await bob.hears() == {"action": "set_nick", "success": True, "message": ""}


async def test_a_longer_frame_ends_the_connection(house: House) -> None:
    """One byte more is closed with 1009, and Bob is not shamed."""
    await bob_left(house, frame(TEXT, padded(65537)), 1009)


async def test_a_frame_of_ten_megabytes_ends_the_connection(house: House) -> None:
    """A huge frame ends the connection before it has all come, and Bob is not shamed."""
    await bob_left(house, frame(TEXT, bytes(10_000_000)), None)


@pytest.mark.parametrize("size", [65537, 10**7, 2**31, 2**63 - 1, 2**63, 2**64 - 1])
async def test_a_frame_that_only_says_it_is_long_ends_the_connection(
    house: House, size: int
) -> None:
    """The length that a frame names is believed: 1009 before anything of it has come."""
    await bob_left(house, b"\x81\xff" + size.to_bytes(8) + b"mask", 1009)


async def test_parts_that_are_too_long_together_end_the_connection(house: House) -> None:
    """Fragments of 64 KiB in all are accepted, one byte more is closed with 1009."""
    whole = padded(65536)
    async with guest(house.port, "cem", "tea") as cem:
        await cem.sends(frame(TEXT, whole[:40000], fin=False) + frame(0, whole[40000:]))
        assert (await cem.hears())["success"] is True
    parts = [frame(0, bytes(1000), fin=False) for _ in range(66)]
    await bob_left(house, frame(TEXT, b"x", fin=False) + b"".join(parts), 1009)


BROKEN = {
    "invalid UTF-8": (frame(TEXT, b'{"action":"\xff"}'), 1007),
    "UTF-8 of a surrogate": (frame(TEXT, b'"\xed\xa0\x80"'), 1007),
    "UTF-8 cut off": (frame(TEXT, b'"\xf0\x9f"'), 1007),
    "reserved bit 1": (frame(TEXT, b"{}", reserved=0x40), 1002),
    "reserved bit 2": (frame(TEXT, b"{}", reserved=0x20), 1002),
    "reserved bit 3": (frame(TEXT, b"{}", reserved=0x10), 1002),
    "unknown opcode": (frame(0x3, b"{}"), 1002),
    "unknown control opcode": (frame(0xB, b""), 1002),
    "continuation of nothing": (frame(0, b"{}"), 1002),
    "message within a message": (frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), 1002),
    "long ping": (frame(PING, bytes(126)), 1002),
    "ping in parts": (frame(PING, b"", fin=False), 1002),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_frame_ends_the_connection(house: House, name: str) -> None:
    """What breaks the protocol is closed with the code for it; nobody is shamed or disturbed."""
    frames, code = BROKEN[name]
    await bob_left(house, frames, code)


async def test_an_unmasked_frame_disturbs_nobody(house: House) -> None:
    """Whether a frame without a mask is read or not, the others are served."""
    ann = await house.lets_in("ann", "tea")
    async with guest(house.port, "bob") as bob:
        await bob.sends(frame(TEXT, b"{}", masked=False) + frame(TEXT, b"\x00", masked=False))
        await ann.has_heard_all()


async def test_what_came_before_a_broken_frame_counts(house: House) -> None:
    """Bob speaks and then breaks the protocol: he is heard, and only then put out."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "bob") as bob:
        await ann.hears()
        spoken = b"".join(request("chat_message", message=str(ref), ref=ref) for ref in range(50))
        await bob.sends(spoken + frame(0x3, b""))
        for number in range(50):
            assert (await ann.hears())["message"] == str(number)
        assert await ann.hears() == LEFT | {"shame": False}


async def test_half_a_frame_and_silence_disturb_nobody(house: House) -> None:
    """While Bob does not finish his frame others talk; once he does he is answered."""
    ann = await house.lets_in("ann")
    async with guest(house.port, "bob") as bob:
        await ann.hears()
        sent = request("chat_message", message="hello")
        for end in range(1, len(sent)):
            await bob.sends(sent[end - 1 : end])
            await ann.does("chat_message", message=str(end))
            assert (await bob.hears())["message"] == str(end)
        await bob.sends(sent[-1:])
        assert (await bob.hears())["success"] is True
        assert (await ann.hears())["message"] == "hello"


async def test_pings_are_answered_and_pongs_are_not(house: House) -> None:
    """A ping gets its own payload back; an unasked pong, or an empty ping, does no harm."""
    async with guest(house.port, "bob") as bob:
        await bob.sends(frame(PONG, b"unasked") + frame(PING, b"") + frame(PING, bytes(125)))
        assert await bob.hears_frame() == (PONG, b"")
        assert await bob.hears_frame() == (PONG, bytes(125))


GARBAGE = [
    b"\x00\x01\x02\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET /chat HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n",
    b"GET /chat HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n",
    b"GET /chat HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    b"GET /chat?room=%ff&nick=%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http:// HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET //[ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /chat?nick=\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
async def test_garbage_is_answered_as_the_askers_fault(house: House, garbage: bytes) -> None:
    """What is no HTTP is answered with a 4xx, and the others are served."""
    ann = await house.lets_in("ann")
    async with Stranger(house.port) as stranger:
        await stranger.sends_what_it_can(garbage)
        assert (await stranger.reads_head())[9:10] == b"4"
    await ann.has_heard_all()


async def until_only(person: Person, room: Body) -> None:
    """Wait until everybody else is gone."""
    rooms = None
    while rooms != [room]:
        await person.says("room_list", ref="rooms")
        while "ref" not in (body := await person.hears()):
            pass
        rooms = body["rooms"]


QUERIES = [
    "nick=%ff%fe",
    "room=%ED%A0%80",
    "nick=%00&room=%0a",
    "nick=a&nick=b",
    "&;=",
]


@pytest.mark.parametrize("query", [*QUERIES, "room=" + "x" * 6000], ids=ascii)
async def test_a_strange_address_is_no_fault_of_ours(house: House, query: str) -> None:
    """Whatever is asked for in the address, one is in a room under a nick that can be said."""
    ann = await house.lets_in("ann")
    async with Stranger(house.port) as stranger:
        await stranger.enters(f"/chat?{query}")
        assert (await stranger.hears())["action"] == "connecting"
    await until_only(ann, {"room": "default", "users": 1})


async def test_random_bytes_disturb_nobody(house: House) -> None:
    """Fifty strangers send noise behind a good handshake; Ann and Bob talk as before."""
    ann, bob = await house.gathers("ann", "bob")

    async def noise(seed: int) -> None:
        async with guest(house.port, f"n{seed}", "noise") as stranger:
            value = seed + 1
            sent = bytearray()
            for _ in range(2000):
                value = value * 6364136223846793005 % 2**64 + 1442695040888963407
                sent.append(value >> 32 & 0xFF)
            await stranger.sends_what_it_can(bytes(sent) + frame(CLOSE, b""))

    await asyncio.gather(*(noise(seed) for seed in range(50)))
    await ann.does("chat_message", message="hello")
    assert (await bob.hears())["message"] == "hello"
    await until_only(ann, {"room": "default", "users": 2})


async def test_a_binary_message_in_parts_is_refused_once(house: House) -> None:
    """Fragments of a binary message are one request, which is refused."""
    async with guest(house.port, "bob") as bob:
        await bob.sends(frame(BINARY, b"{", fin=False) + frame(0, b"}"))
        assert (await bob.hears())["action"] is None
        await bob.sends(request("room_list"))
        assert (await bob.hears())["action"] == "room_list"


async def test_whoever_says_nothing_is_left_in_peace(house: House) -> None:
    """A person who sends nothing hears the others like anybody else."""
    ann: Person = await house.lets_in("ann")
    async with guest(house.port, "bob") as bob:
        await ann.hears()
        await ann.does("chat_message", message="hello")
        assert json.dumps(await bob.hears()).count("hello") == 1
