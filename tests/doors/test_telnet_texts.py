import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doors.telnet_texts import EARLIER, message, notice
from wire.messages import Joined, Left, NickChanged, Reason, Said

BREAKS = st.sampled_from(
    ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x1b[2J", "\t", "\u202e", "\u2066"]
)
TEXTS = st.lists(st.text() | BREAKS | st.just("bob: hi")).map("".join)


@given(TEXTS, st.sampled_from(["", EARLIER]))
def test_a_text_can_only_be_read_as_its_author_s(text: str, mark: str) -> None:
    """The first line begins with the nick, the others with an indent, and no terminal obeys."""
    shown = message("ann", text, mark)
    first, *others = shown.decode().split("\r\n")
    assert others.pop() == ""
    assert first.startswith(f"{mark}ann: ")
    assert all(other.startswith("    ") for other in others)
    for line in (first, *others):
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", line)
    assert b"\xff" not in shown


def test_line_breaks_are_followed_by_an_indent() -> None:
    """What somebody writes in three lines is shown in three."""
    shown = message("ann", "one\nbob: two\r\nthree")
    assert shown == b"ann: one\r\n    bob: two\r\n    three\r\n"


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (Said(1, 0, "ann", "hi\tthere"), "ann: hi there"),
        (Joined("ann"), "ann has entered the room."),
        (Left("ann", Reason.CLOSED), "ann has left the room."),
        (Left("ann", Reason.LOST), "ann has left the room."),
        (NickChanged("ann", "zoe"), "ann is now called zoe."),
    ],
)
def test_each_notice_is_a_line(told: Said | Joined | Left | NickChanged, line: str) -> None:
    """Everything that happens in a room is told in words."""
    assert notice("default", told).decode() == f"{line}\r\n"
