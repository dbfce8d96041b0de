"""What the journal promises, and what it asks of a store.

The log of a room is numbered 1, 2, 3 ... without holes. A message is numbered and stored in
one step; only then is it handed back, in order, to be delivered. What is handed back as stored
outlives any end of the process. `epoch` names the whole log, and changes only if messages that
were numbered may have been lost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from wire.messages import Draft, Notice, Said


class JournalError(Exception):
    """The journal cannot be opened; the text says why and what to do."""


class NotStored(Exception):  # noqa: N818 - it is the state of an entry
    """A message could not be stored; the text says why."""


class Entry(Protocol):
    """Something that happens in a room and has its place in the room's order.

    Of a `Draft` the journal makes a `Said`, or it sets `error`. Everything else passes through
    without being stored.
    """

    room: str
    notice: Notice | Draft | None
    error: Exception | None


E = TypeVar("E", bound=Entry)
Deliver = Callable[[str, int, Sequence[E]], None]
"""Takes a room, the number of its last message so far, and what happened there since, in order."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A message with its room, as a store takes it."""

    room: str  # as it is shown
    said: Said


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a room's log, oldest first; `more` says that it goes on in the direction asked."""

    messages: list[Said]
    more: bool


class Store(Protocol):
    """Where the log is kept. One writer: `append` is never called while another is under way."""

    epoch: str

    def rooms(self) -> dict[str, int]:
        """Return the number of the last message of each room, under the name it is shown by."""

    async def append(self, messages: Sequence[Numbered]) -> None:
        """Store all of these messages, or none and raise NotStored.

        They continue the numbers of their rooms. They are safe when this returns.
        """

    async def read(
        self, room: str, after: int, before: int, limit: int, *, newest: bool
    ) -> list[Said]:
        """Return the messages with `after` < id < `before`, oldest first.

        At most `limit` of them: the first ones, or the last ones if `newest`. May be called
        while an append is under way. Raises OSError if the log cannot be read.
        """

    async def close(self) -> None:
        """Leave the log in a state that the next start can trust."""
