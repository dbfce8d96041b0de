import json
from typing import Any

import pytest
from msgspec import to_builtins

from wire import messages
from wire.errors import Code, Refused
from wire.forms import JSON_1
from wire.messages import Joined, Left, NickChanged, Notice, Reason, Said

NO_TEXTS: list[object] = [None, 1, 1.5, True, [], ["a"], {}]
NO_INTEGERS: list[object] = [True, False, 1.0, 0.0, 5.5, "1", [], {}, float("inf")]


@pytest.mark.parametrize(
    ("notice", "body"),
    [
        (Joined("ann"), {"action": "joined", "room": "tea", "user": "ann"}),
        (
            Left("ann", Reason.CLOSED),
            {"action": "left", "room": "tea", "user": "ann", "shame": False},
        ),
        (
            Left("ann", Reason.MOVED),
            {"action": "left", "room": "tea", "user": "ann", "shame": False},
        ),
        (Left("ann", Reason.LOST), {"action": "left", "room": "tea", "user": "ann", "shame": True}),
        (
            Left("ann", Reason.KICKED),
            {"action": "left", "room": "tea", "user": "ann", "shame": False},
        ),
        (
            Left("ann", Reason.RESTART),
            {"action": "left", "room": "tea", "user": "ann", "shame": False},
        ),
        (
            NickChanged("ann", "Zoë"),
            {"action": "nick_changed", "room": "tea", "from_user": "ann", "to_user": "Zoë"},
        ),
        (
            Said(7, 1_700_000_000_000, "ann", 'hi "bob"\n'),
            {"action": "chat_message", "message": 'hi "bob"\n', "user": "ann"},
        ),
    ],
)
def test_a_notice_is_exactly_its_body(notice: Notice, body: dict[str, Any]) -> None:
    """Version 1 says each notice with the keys of the contract, and not one more."""
    assert to_builtins(messages.notice_v1("tea", notice)) == body
    frame = JSON_1.notice("tea", notice)
    assert frame[0] == 0x81
    assert frame[1] == len(frame) - 2
    assert json.loads(frame[2:]) == body


def test_every_reason_has_its_shame() -> None:
    """Only who is lost is shamed, whatever reasons there are."""
    for reason in Reason:
        assert messages.change_v1("tea", Left("ann", reason))["shame"] is (reason == "lost")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            messages.connecting("default", "User1234"),
            {"action": "connecting", "room": "default", "user": "User1234"},
        ),
        (messages.done("set_nick"), {"action": "set_nick", "success": True, "message": ""}),
        (messages.done("join_room"), {"action": "join_room", "success": True, "message": ""}),
        (
            messages.done("chat_message", "hi"),
            {"action": "chat_message", "success": True, "message": "hi"},
        ),
        (
            messages.user_list("tea", ("bob", "ann")),
            {"action": "user_list", "success": True, "room": "tea", "users": ["bob", "ann"]},
        ),
        (
            messages.user_list("tea", ()),
            {"action": "user_list", "success": True, "room": "tea", "users": []},
        ),
        (
            messages.room_list([("tea", 2), ("default", 1)]),
            {
                "action": "room_list",
                "success": True,
                "rooms": [{"room": "tea", "users": 2}, {"room": "default", "users": 1}],
            },
        ),
        (
            messages.history(
                "tea", "e1", [Said(1, 5, "ann", "hi"), Said(2, 6, "bob", "ho")], more=True
            ),
            {
                "action": "history",
                "success": True,
                "room": "tea",
                "epoch": "e1",
                "messages": [
                    {"id": 1, "ts": 5, "user": "ann", "message": "hi"},
                    {"id": 2, "ts": 6, "user": "bob", "message": "ho"},
                ],
                "more": True,
            },
        ),
        (
            messages.refusal("set_nick", Refused(Code.NICK_TAKEN, "Nickname is already in use")),
            {"action": "set_nick", "success": False, "message": "Nickname is already in use"},
        ),
        (
            messages.refusal(None, Refused(Code.RATE_LIMITED, "Wait.", retry_after=1.0)),
            {"action": None, "success": False, "message": "Wait."},
        ),
    ],
)
def test_a_reply_is_exactly_its_body(body: messages.Body, expected: dict[str, Any]) -> None:
    """Version 1 says each reply with the keys of the contract, in their order, and not one more."""
    assert list(body.items()) == list(expected.items())


@pytest.mark.parametrize(
    "text",
    ["a", " ", "\t", "a\r\nb", "\n", "é", "\u2028", "\u200d", "\ufeff", "x" * 4096, "😀" * 4096],
)
def test_a_message_is_taken_as_it_is(text: str) -> None:
    """Up to 4,096 code points with tabs and line breaks are a message, unchanged."""
    assert messages.message_text({"message": text}) == text


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        ({}, "string"),
        *(({"message": no_text}, "string") for no_text in NO_TEXTS),
        ({"message": ""}, "empty"),
        ({"message": "x" * 4097}, "4096 characters; this one has 4097"),
        ({"message": "😀" * 4097}, "4096"),
        *(
            ({"message": f"a{chr(code)}b"}, "control")
            for code in (*range(0x20), *range(0x7F, 0xA0))
            if chr(code) not in "\t\n\r"
        ),
        ({"message": "\x00"}, "control"),
        ({"message": "a\n\x1b[2J"}, "control"),
    ],
)
def test_what_is_no_message_is_refused(request_: messages.Request, rule: str) -> None:
    """What is empty, too long, no text, or holds a control character is told the rule."""
    with pytest.raises(Refused, match=rule) as caught:
        messages.message_text(request_)
    assert caught.value.code is Code.INVALID_MESSAGE


@pytest.mark.parametrize("value", [1, 200, 17])
def test_an_integer_within_bounds_is_taken(value: int) -> None:
    """The bounds themselves are allowed."""
    assert messages.integer({"limit": value}, "limit", 1, 200) == value


@pytest.mark.parametrize("request_", [{}, {"limit": None}, {"other": "x"}])
def test_an_integer_may_be_left_out(request_: messages.Request) -> None:
    """An optional integer that is left out, or null, is None."""
    assert messages.integer(request_, "limit", 1, 200) is None


@pytest.mark.parametrize("value", [0, -1, 201, 10**30, *NO_INTEGERS])
def test_what_is_no_integer_within_bounds_is_refused(value: object) -> None:
    """Booleans and floats are no integers, and the refusal names the key and its bounds."""
    with pytest.raises(Refused, match=r'"limit".*from 1 to 200') as caught:
        messages.integer({"limit": value}, "limit", 1, 200)
    assert caught.value.code is Code.INVALID_REQUEST


@pytest.mark.parametrize("ref", ["", "a", "x" * 64, "😀" * 64, 0, 1, 2**53 - 1])
def test_a_reference_is_repeated(ref: object) -> None:
    """A reference within its bounds comes back with its type."""
    assert messages.reference({"ref": ref}) == {"ref": ref}


def test_without_a_reference_nothing_is_added() -> None:
    """A request without `ref` gets a reply without one."""
    assert messages.reference({"action": "user_list"}) == {}


@pytest.mark.parametrize("ref", ["x" * 65, -1, 2**53, None, *(v for v in NO_INTEGERS if v != "1")])
def test_what_is_no_reference_is_refused(ref: object) -> None:
    """Too long, negative, too large, a boolean, a float or null: the refusal says the rule."""
    with pytest.raises(Refused, match='"ref"') as caught:
        messages.reference({"ref": ref})
    assert caught.value.code is Code.INVALID_REQUEST
