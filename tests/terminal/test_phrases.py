import re
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.phrases import Phrases
from wire.messages import Said

PLAIN = Phrases(colours=False)
COLOURED = Phrases(colours=True)
_TIME = r"(\d{4}-\d\d-\d\d )?\d\d:\d\d"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (PLAIN.said("ann", "hi"), "ann: hi"),
        (PLAIN.said("ann", "one\ntwo"), "ann: one\n        two"),
        (PLAIN.said("a\x1b[1m", "b\x1b[2J"), "a␛[1m: b␛[2J"),
        (PLAIN.joined("bob"), "* bob came in."),
        (PLAIN.left("bob", shame=False), "* bob left."),
        (PLAIN.left("bob", shame=True), "* bob fell through a hole in the floor. :-)"),
        (PLAIN.nick_changed("bob", "rob"), "* bob is now rob."),
        (PLAIN.here("ann", "den"), "* You are ann in the room den."),
        (PLAIN.people("den", ["ann", "bob"]), "* In den: ann, bob."),
        (PLAIN.people("den", []), "* den is empty."),
        (PLAIN.rooms([("den", 2)]), "* Rooms: den (2)."),
        (PLAIN.rooms([]), "* There is nobody in any room."),
        (PLAIN.trouble("no\x07"), "! no␇"),
        (PLAIN.disconnected("gone", 0.3), "! Not connected: gone. Trying again at once."),
        (PLAIN.disconnected("gone", 4.2), "! Not connected: gone. Trying again in 4 s."),
        (
            PLAIN.disconnected("taken over", None),
            "! Not connected: taken over. This is final.",
        ),
        (PLAIN.lost("why\x07"), "! Your place could not be taken back: why␇"),
        (PLAIN.caught_up(14, 0), "* caught up: 14 messages, nothing missing"),
        (PLAIN.caught_up(0, 0), "* caught up: 0 messages, nothing missing"),
        (PLAIN.caught_up(1, 61), "* caught up: 1 message, 61 missing"),
        (PLAIN.gone(120, 180), "! messages 120-180 are gone"),
        (PLAIN.gone(7, 7), "! message 7 is gone"),
        (PLAIN.history("den", []), "* Nothing was said in den yet."),
    ],
)
def test_phrases(told: str, expected: str) -> None:
    """Each phrase begins with the time, and then says plainly what happened."""
    time, _, rest = told.partition(" ")
    assert re.fullmatch(_TIME, time)
    assert rest == expected


def test_history_is_told_between_two_lines() -> None:
    """Messages of the log come with their own times, set off from what is being said now."""
    before = datetime.now().astimezone() - timedelta(days=400)
    ts = int(before.timestamp() * 1000)
    first, said, last = PLAIN.history("den", [Said(1, ts, "bob", "hi")]).splitlines()
    assert said == f"{before:%Y-%m-%d %H:%M} bob: hi"
    assert "den" in first
    assert "den" in last


@given(st.text(), st.text())
def test_colours_do_not_depend_on_what_is_said(user: str, message: str) -> None:
    """The only orders to the terminal are our own colours, and each is taken back."""
    told = COLOURED.said(user, message)
    orders = re.findall("\x1b\\[[0-9;]*m", told)
    assert told.count("\x1b") == len(orders)
    assert orders[1::2] == ["\x1b[0m"] * 2
