"""What people saw and did, as they tell it when all is over."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple


class Said(NamedTuple):
    """A message and its number in its room; every text is said only once."""

    id: int
    text: str


class Gap(NamedTuple):
    """Numbers that somebody was told cannot be had."""

    room: str
    first: int
    last: int


@dataclass
class Witness:
    """What one person tells.

    Version 2 `heard` numbered messages of each room, `since` the message before the first of
    them. Version 1 stayed in a room for a while, again and again, and heard texts there.
    """

    name: str
    sent: set[str] = field(default_factory=set)
    acknowledged: list[tuple[str, Said]] = field(default_factory=list)  # with the room
    confirmed: list[tuple[str, str]] = field(default_factory=list)  # room, text: without a number
    since: dict[str, int] = field(default_factory=dict)
    heard: dict[str, list[Said]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    stays: list[tuple[str, list[str]]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def complain(self, what: str) -> None:
        """Tell of something that must not be."""
        self.complaints.append(f"{self.name}: {what}")
