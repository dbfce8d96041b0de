"""What Tab may put in: commands, rooms after /join and /who, nicks anywhere else."""

from collections.abc import Iterable

from terminal.commands import NAMES
from terminal.visible import visible

_TAKE_A_ROOM = ("/join", "/who")


def completions(before: str, nicks: Iterable[str], rooms: Iterable[str]) -> list[tuple[int, str]]:
    """Return what may stand in the place of the end of what was typed.

    `before` is the line up to the cursor. Each pair says how many characters of it are
    replaced, and by what. Case does not distinguish.
    """
    command, space, typed = before.partition(" ")
    if space and command.lower() in _TAKE_A_ROOM:
        return _beginning(typed.lstrip(), rooms, "")
    if before.startswith("/") and not space:
        return _beginning(before, NAMES, " ")
    word = before.rpartition(" ")[2]
    return _beginning(word, nicks, " " if space else ": ")


def _beginning(typed: str, known: Iterable[str], end: str) -> list[tuple[int, str]]:
    """Return the known names that begin like this; one that would not be shown as it is, never."""
    return [
        (len(typed), name + end)
        for name in sorted(known, key=str.casefold)
        if name.casefold().startswith(typed.casefold()) and visible(name) == name
    ]
