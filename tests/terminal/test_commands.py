import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.commands import (
    NAMES,
    Command,
    Help,
    History,
    Join,
    Mistake,
    Nick,
    Quit,
    Rooms,
    Say,
    Who,
    help_text,
    parse,
)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("hello there ", Say("hello there ")),
        (" /quit", Say(" /quit")),
        ("//etc/hosts", Say("/etc/hosts")),
        ("//", Say("/")),
        ("/nick ann", Nick("ann")),
        ("/NICK  ann ", Nick("ann")),
        ("/join the den", Join("the den")),
        ("/who", Who()),
        ("/who den", Who("den")),
        ("/rooms", Rooms()),
        ("/history", History(20)),
        ("/history 200", History(200)),
        ("/help", Help()),
        ("/quit", Quit()),
        ("", None),
        ("  \t", None),
    ],
)
def test_parse(line: str, command: Command | None) -> None:
    """A plain line is said, one with a slash is a command, one with two says one with one."""
    assert parse(line) == command


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("/nick", "/nick NICK"),
        ("/join  ", "/rooms"),
        ("/history 0", "from 1 to 200"),
        ("/history 201", "from 1 to 200"),
        ("/history ²", "from 1 to 200"),
        ("/history -1", "from 1 to 200"),
        ("/dance now", "//dance now"),
        ("/dance", "/help"),
        ("/", "/help"),
        ("/ nick", "/help"),
    ],
)
def test_mistakes_come_with_advice(line: str, advice: str) -> None:
    """What cannot be understood is answered with what to type instead."""
    command = parse(line)
    assert isinstance(command, Mistake)
    assert advice in command.text


@given(st.text())
def test_every_line_means_something(line: str) -> None:
    """No line that can be typed is too much for the parser."""
    parse(line)
    parse(f"/{line}")


def test_help_lists_every_command() -> None:
    """The help shows each command there is."""
    assert all(name in help_text() for name in NAMES)
