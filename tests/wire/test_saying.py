from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from wire import messages, version2
from wire.errors import Refused
from wire.frames import decode_json
from wire.saying import read_saying

WHOLE = ['{"action":"chat_message","message":"hi"', "}"]


def read_the_long_way(text: str) -> tuple[Any, ...] | None:
    """Return what a request says, its reference and its key, or None if it is no such request."""
    try:
        request = decode_json(text)
        if not isinstance(request, dict) or request.get("action") != "chat_message":
            return None
        ref = messages.reference(request).get("ref", UNSET)
        return messages.message_text(request), ref, version2.key(request)
    except Refused:
        return None


KEYS = st.sampled_from(
    ['"action"', '"message"', '"ref"', '"key"', '"x"', '"Action"', r'"\u0061ction"', '"message "']
)
VALUES = st.sampled_from(
    [
        *('"chat_message"', r'"chat\u005fmessage"', '"hi"', '"h\u00e9 \U0001f600"', '""', '" "'),
        *(r'"a\nb"', '"a\tb"', r'"\t"', r'"\u0000"', r'"\u009f"', '"\x9f"', r'"\u2028"'),
        *(r'"\ud800"', r'"\ud83d\ude00"', r'"\q"', r'"\"', '"a', '"\u202e"', '"\xa0"', '"\xad"'),
        *('"' + letter * count + '"' for letter in "x\U0001f600" for count in (64, 65, 4096, 4097)),
        *("5", "0", "-0", "-1", "1.0", "1e2", "01", "+1", "0.5"),
        *(str(2**53 - 1), str(2**53), str(2**64), str(10**400), "1e999"),
        *("true", "false", "null", "nul", "NaN", "-Infinity", "", "[]", "{}", "[1,]", "[" * 3000),
        *("[" * 3000 + "]" * 3000, '{"message":"x"}', '{"action":1,"action":2}', "/**/1"),
    ]
)
REQUESTS = st.builds(
    lambda pairs, around: around.format("{" + ",".join(":".join(pair) for pair in pairs) + "}"),
    st.lists(st.tuples(KEYS, VALUES), max_size=4).map(
        lambda more: [('"action"', '"chat_message"'), ('"message"', '"hi"'), *more]
    )
    | st.lists(st.tuples(KEYS, VALUES), max_size=6),
    st.sampled_from(["{}", " {}\n", "{},", "[{}]", "\ufeff{}", "{}{{}}", "\x0c{}"]),
)


@settings(max_examples=2000)
@given(REQUESTS)
def test_what_is_read_in_one_step_is_what_the_long_way_reads(text: str) -> None:
    """Whatever comes, it is either left to the long way or read exactly as that reads it."""
    saying = read_saying(text)
    if saying is not None:
        assert (saying.message, saying.ref, saying.key) == read_the_long_way(text)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", ("hi", UNSET, None)),
        (',"ref":7', ("hi", 7, None)),
        (',"ref":"seven"', ("hi", "seven", None)),
        (',"ref":0,"key":"k"', ("hi", 0, "k")),
        (',"key":null,"x":[{}]', ("hi", UNSET, None)),
        (r',"message":"two\n\tlines"', ("two\n\tlines", UNSET, None)),
        (',"message":"h\u00e9 \U0001f600"', ("h\u00e9 \U0001f600", UNSET, None)),
        (',"message":"' + "\U0001f600" * 4096 + '"', ("\U0001f600" * 4096, UNSET, None)),
    ],
)
def test_most_messages_are_read_in_one_step(more: str, expected: tuple[Any, ...]) -> None:
    """A printable text is, with a reference, with a key, and beside what nobody asked for."""
    saying = read_saying(more.join(WHOLE))
    assert saying is not None
    assert (saying.message, saying.ref, saying.key) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("{}", "[]", "", "hi", '{"message":"hi"}', '{"action":"user_list","message":"hi"}'),
        *(more.join(WHOLE) for more in (',"ref":null', ',"ref":1.0', ',"ref":true', ',"ref":-1')),
        *(more.join(WHOLE) for more in (',"key":""', ',"key":7', ',"message":""', ',"message":7')),
        r',"message":"a\u0000b"'.join(WHOLE),
        (',"x":' + "[" * 100_000).join(WHOLE),
    ],
)
def test_anything_else_is_left_to_the_long_way(text: str) -> None:
    """What has to be looked at closer, or refused with a reason, is not read here."""
    assert read_saying(text) is None
