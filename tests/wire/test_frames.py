import json
import struct
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import frames
from wire.errors import Code, Refused

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**59), 2**59)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
# Text that is nearly JSON: brackets, quotes, escapes and numbers in any order.
NEARLY_JSON = st.lists(
    st.sampled_from(
        [
            *("{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "\\ud800", "\\udc00"),
            *(
                "NaN",
                "-Infinity",
                "Infinity",
                "null",
                "true",
                "-",
                "0",
                "1e999",
                "1E-999",
                "9" * 40,
            ),
            *("\ufeff", " ", "\n", "\x00", "\x1f", "\u2028", '"a"', "e", ".", "\\ud83d\\ude00"),
        ]
    ),
    max_size=40,
).map("".join)


def refused(text: str) -> Refused:
    """Return how a text is refused."""
    with pytest.raises(Refused) as caught:
        frames.decode_json(text)
    assert caught.value.code is Code.INVALID_JSON
    assert caught.value.text.encode()
    return caught.value


def nested(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Return whether a value can be sent on as UTF-8; Infinity is no concern of UTF-8."""
    json.dumps(value, ensure_ascii=False).encode()
    return True


@given(st.text() | NEARLY_JSON)
def test_any_text_decodes_or_is_refused(text: str) -> None:
    """No text raises anything but Refused, and what decodes can be sent on as UTF-8."""
    try:
        value = frames.decode_json(text)
    except Refused:
        assert refused(text)
    else:
        assert nested(value)


@given(NEARLY_JSON | JSON_VALUES.map(json.dumps) | JSON_VALUES.map(frames.encode_json))
def test_what_json_is_agrees_with_python(text: str) -> None:
    """What Python takes for JSON decodes, but for NaN, Infinity and unpaired surrogates."""
    try:
        value = json.loads(text)
        strict = not any(word in text for word in ("NaN", "Infinity")) and nested(value)
    except ValueError:
        strict = False
    if strict:
        frames.decode_json(text)
    elif "NaN" not in text and "Infinity" not in text:
        refused(text)


@given(JSON_VALUES)
def test_what_is_encoded_decodes_to_itself(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Encoding and decoding is the identity on every value that JSON can say exactly."""
    assert frames.decode_json(frames.encode_json(value)) == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "{", "}", "[1,]", '{"a":1,}', "{'a':1}", "{a:1}", "01", "+1", "1.", ".5", "0x1"),
        *("nul", "True", '"', '"\n"', '"\x00"', '"\\x41"', '"\\u12"', "[1] 2", "//", "\xa01"),
        *("NaN", "Infinity", "-Infinity", "[NaN]", '{"a":-Infinity}', '{"a":[{"b":NaN}]}'),
    ],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    """Texts outside the grammar of RFC 8259 are refused, the Python dialect's words too."""
    assert "not JSON" in refused(text).text


@pytest.mark.parametrize(
    "text",
    ["\ufeff{}", "\ufeff", "{}\ufeff", "\ufffe{}"],
)
def test_a_byte_order_mark_is_no_json(text: str) -> None:
    """A byte order mark is not part of a JSON text (RFC 8259, section 8.1)."""
    refused(text)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":', "[[1],"])
@pytest.mark.parametrize("size", [5_000, frames.MAX_FRAME])
@pytest.mark.parametrize("tail", ["", "1", '"\\u0041"'])
def test_nesting_without_end_is_refused(opening: str, size: int, tail: str) -> None:
    """A frame full of opening brackets is refused, closed or not."""
    depth = size // len(opening)
    closing = opening[::-1].translate(str.maketrans("[{", "]}", '1,:a"'))
    refused(opening * depth + tail)
    refused(opening * depth + (tail or "1") + closing * depth)


@pytest.mark.parametrize("depth", [*range(1, 64), *range(300, 1200, 7)])
def test_no_depth_lies_between_decoding_and_refusing(depth: int) -> None:
    """At every depth, with an escape to be looked at, a text decodes or is refused."""
    text = "[" * depth + '"\\u0041"' + "]" * depth
    try:
        value = frames.decode_json(text)
    except Refused:
        assert depth > 64
    else:
        for _ in range(depth):
            (value,) = value
        assert value == "A"


@pytest.mark.parametrize(
    "text",
    [
        *('"\\ud800"', '"\\udfff"', '"\\uDC00\\uD800"', '"a\\ud83db"', '"\\ud83d\\ud83d\\ude00"'),
        *('{"\\ud800":1}', '[[{"a":{"\\udc00":null}}]]', '{"a":"\\ud800\\u0041"}'),
        *('"\\\\\\ud800"', '{"action":"user_list","room":"\\udbff"}', '["\\ud800\\\\udc00"]'),
    ],
)
def test_an_unpaired_surrogate_is_refused_anywhere(text: str) -> None:
    """Half a character cannot be sent on: not in a value, not in a key, at no depth."""
    assert "surrogate" in refused(text).text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
        ('"\\\\ud800"', "\\ud800"),
        ('"\\u0000"', "\x00"),
        ('{"\\ud83d\\ude00":1}', {"\N{GRINNING FACE}": 1}),
        ('{"a":1,"a":2}', {"a": 2}),
        ('{"a":1,"\\u0061":[3]}', {"a": [3]}),
        (" \t\r\n[ ] ", []),
        ("null", None),
        ('"\\/"', "/"),
        ("-0", 0),
    ],
)
def test_what_is_json_decodes(text: str, value: object) -> None:
    """Pairs of surrogates are one character, and of duplicate keys the last holds."""
    assert frames.decode_json(text) == value


@pytest.mark.parametrize("digits", [20, 400, 5_000, 100_000])
@pytest.mark.parametrize("sign", ["", "-"])
def test_integers_of_any_length_decode(digits: int, sign: str) -> None:
    """An integer of a hundred thousand digits is read, if not exactly, and refuses nothing."""
    value = frames.decode_json(f'{{"a":{sign}{"9" * digits}}}')["a"]
    assert isinstance(value, int | float)
    assert (value < 0) is bool(sign)


@pytest.mark.parametrize("value", [0, 1, -1, 2**53 - 1, -(2**53 - 1), 2**62, -(2**59)])
def test_integers_within_bounds_stay_exact(value: int) -> None:
    """Integers that fit 64 bits lose no digit and stay integers."""
    decoded = frames.decode_json(str(value))
    assert decoded == value
    assert type(decoded) is int


@pytest.mark.parametrize("text", ["1e999", "-1e999", "[1E400]", '{"ref":1e999}'])
def test_numbers_beyond_all_bounds_are_never_encoded(text: str) -> None:
    """What overflows to infinity is read, but can never be sent on as JSON."""
    with pytest.raises(ValueError, match="JSON compliant"):
        frames.encode_json(frames.decode_json(text))


def test_encoded_json_is_compact_and_unescaped() -> None:
    """Bodies carry no spaces between their parts and no escapes that UTF-8 makes needless."""
    assert frames.encode_json({"a": [1, "é\N{GRINNING FACE}"]}) == '{"a":[1,"é\N{GRINNING FACE}"]}'


class Frame(NamedTuple):
    """A frame as a client takes it apart (RFC 6455, section 5.2)."""

    opcode: int
    payload: bytes


def parse(data: bytes) -> list[Frame]:
    """Take frames apart, and see that each is final, unmasked and as short as can be."""
    found = []
    while data:
        first, second = struct.unpack_from("!BB", data)
        assert first & 0xF0 == 0x80, "final, and no reserved bits"
        assert not second & 0x80, "unmasked"
        width, least = {126: ("!H", 126), 127: ("!Q", 1 << 16)}.get(second, ("", 0))
        length = struct.unpack_from(width, data, 2)[0] if width else second
        assert length >= least, "no longer header than it takes"
        start = 2 + struct.calcsize(width)
        assert len(data) >= start + length, "complete"
        found.append(Frame(first & 0x0F, data[start : start + length]))
        data = data[start + length :]
    return found


LENGTHS = [0, 1, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537, 300_000]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("opcode", [0x1, 0x2])
def test_a_frame_is_what_a_client_reads(length: int, opcode: int) -> None:
    """A frame of any length, also where the header grows, reads back as one whole message."""
    payload = bytes(range(256)) * (length // 256) + b"x" * (length % 256)
    assert parse(frames.frame(opcode, payload)) == [Frame(opcode, payload)]


@pytest.mark.parametrize(
    ("length", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_header_is_the_shortest_there_is(length: int, header: bytes) -> None:
    """Lengths are written in the fewest bytes, final and unmasked (RFC 6455, section 5.2)."""
    assert frames.frame(0x1, b"x" * length) == header + b"x" * length


@given(st.lists(st.text(max_size=200), max_size=8))
def test_frames_follow_each_other_without_seam(texts: list[str]) -> None:
    """Frames that are joined are still the same messages, each a text frame of JSON."""
    read = parse(b"".join(frames.json_frame(text) for text in texts))
    assert [frame.opcode for frame in read] == [0x1] * len(texts)
    assert [json.loads(frame.payload) for frame in read] == texts


@pytest.mark.parametrize("length", [2, 125, 126, 127, 128, 65535, 65536])
def test_a_value_of_any_size_is_one_text_frame(length: int) -> None:
    """The header is that of `frame`, on both sides of where it grows."""
    text = "x" * (length - 2)
    assert frames.json_frame(text) == frames.frame(frames.TEXT, f'"{text}"'.encode())


def test_ping_and_pong_are_control_frames() -> None:
    """A ping is empty, and a pong carries the ping's payload back."""
    ping, pong = parse(frames.PING + frames.pong(b"\x00\xff" * 62))
    assert ping == Frame(0x9, b"")
    assert pong == Frame(0xA, b"\x00\xff" * 62)
