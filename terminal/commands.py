"""What a typed line asks for: one table of commands, from which the help is written too."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from wire.messages import MAX_PAGE

HISTORY = 20  # messages, where no number is given


@dataclass(frozen=True, slots=True)
class Say:
    """Say a text in the room."""

    text: str


@dataclass(frozen=True, slots=True)
class Nick:
    """Take another nick."""

    nick: str


@dataclass(frozen=True, slots=True)
class Join:
    """Move to another room."""

    room: str


@dataclass(frozen=True, slots=True)
class Who:
    """List who is in a room, by default the current one."""

    room: str | None = None


@dataclass(frozen=True, slots=True)
class Rooms:
    """List the rooms."""


@dataclass(frozen=True, slots=True)
class History:
    """Show the newest messages of the room."""

    limit: int = HISTORY


@dataclass(frozen=True, slots=True)
class Help:
    """Show what can be typed."""


@dataclass(frozen=True, slots=True)
class Quit:
    """Leave."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """The line cannot be understood; the text says what to type instead."""

    text: str


Request = Say | Nick | Join | Who | Rooms | History
Command = Request | Help | Quit | Mistake


def _nick(rest: str) -> Command:
    return Nick(rest) if rest else Mistake("Which nick? Type /nick NICK.")


def _join(rest: str) -> Command:
    return Join(rest) if rest else Mistake("Which room? Type /join ROOM; /rooms lists them.")


def _history(rest: str) -> Command:
    if not rest:
        return History()
    if re.fullmatch("[0-9]{1,4}", rest) and 1 <= int(rest) <= MAX_PAGE:
        return History(int(rest))
    return Mistake(f"How many messages? Type /history N, with N from 1 to {MAX_PAGE}.")


# name -> how it is typed, what it does, what it becomes
_COMMANDS: dict[str, tuple[str, str, Callable[[str], Command]]] = {
    "nick": ("/nick NICK", "take another nick", _nick),
    "join": ("/join ROOM", "move to another room", _join),
    "who": ("/who [ROOM]", "list who is here, or in another room", lambda room: Who(room or None)),
    "rooms": ("/rooms", "list the rooms", lambda _: Rooms()),
    "history": ("/history [N]", "show the newest messages", _history),
    "help": ("/help", "show this", lambda _: Help()),
    "quit": ("/quit", "leave; so do Ctrl-D and Ctrl-C", lambda _: Quit()),
}

NAMES = tuple(f"/{name}" for name in _COMMANDS)


def parse(line: str) -> Command | None:
    """Return what a line asks for, or None for a blank one."""
    if not line.strip():
        return None
    if not line.startswith("/"):
        return Say(line)
    if line.startswith("//"):
        return Say(line[1:])
    name, _, rest = line[1:].partition(" ")
    if name.lower() not in _COMMANDS:
        return Mistake(
            f"There is no command /{name}. Type /help to see them, or /{line} to say it."
        )
    *_, become = _COMMANDS[name.lower()]
    return become(rest.strip())


def help_text() -> str:
    """Return the help, a command a line."""
    rows = [("TEXT", "say it"), ("//TEXT", "say /TEXT")]
    rows += [(typed, does) for typed, does, _ in _COMMANDS.values()]
    return "\n".join(f"{typed:<14}{does}" for typed, does in rows)
