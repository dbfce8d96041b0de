"""What the journal promises, and what it asks of a store.

The log of a room is numbered 1, 2, 3 ... without holes. A message is numbered and stored in
one step; only then is it handed back, in order, to be delivered. What is handed back as stored
outlives any end of the process. `epoch` names the whole log, and changes only if messages that
were numbered may have been lost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias, TypeVar, final

from msgspec import Struct

from wire.messages import Draft, Notice, Said

KEY_SECONDS = 600  # a key is remembered for as long,
KEYS = 1000  # or as one of so many of its session, whichever is longer
SEAT_SECONDS = 3600  # a seat is kept for as long after its line ended


class JournalError(Exception):
    """The journal cannot be opened; the text says why and what to do."""


class NotStored(Exception):  # noqa: N818 - it is the state of an entry
    """A message could not be stored; the text says why."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a session sat, so that it can be taken back after any end of the process.

    `key` stands for the session's token and does not tell it. `arrived` orders the people of
    a room. `ended` is when its line ended, in ms since 1970, or None while it lasts.
    """

    key: int
    room: str
    nick: str
    arrived: int
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class NoSeat:
    """A session that is not to be taken back any more."""

    key: int


class Entry(Protocol):
    """Something that happens in a room and has its place in the room's order.

    Of a `Draft` the journal makes a `Said`, or it sets `error`; of one that was said before
    under the same key it makes nothing, and sets `repeats`. A `seat` is stored too. Everything
    else passes through.
    """

    room: str
    notice: Notice | Draft | None
    seat: Seat | NoSeat | None
    error: Exception | None
    repeats: Said | None


E = TypeVar("E", bound=Entry)
Told = tuple[str, int, Sequence[E]]
"""A room, the number of its last message so far, and what happened there since, in order."""

Deliver = Callable[[Sequence[Told[E]]], None]
"""Tells some rooms what happened in each."""


class Posted(Struct, frozen=True, gc=False):
    """A message as a store takes it; `ts` in ms since 1970, UTC."""

    room: str  # as it is to be shown, if nobody has spoken there before
    draft: Draft
    ts: int


@final
class Repeated(Struct, frozen=True, gc=False):
    """A message that was stored before, under the same key."""

    said: Said


Stored: TypeAlias = Said | Repeated
"""A message as it was stored, now or before."""


class Log(NamedTuple):
    """What there is of a room's log: its name as it is shown, and its last number."""

    room: str
    last: int


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a room's log, oldest first; `more` says that it goes on in the direction asked."""

    messages: list[Said]
    more: bool


class Store(Protocol):
    """Where the log is kept. One writer: no `append`, `put` or `trim` while one is under way."""

    epoch: str

    def logs(self) -> list[Log]:
        """Return what there is of every room's log."""

    def seats(self) -> list[Seat]:
        """Return the seats whose lines had not ended when the log was last closed."""

    def documents(self, kind: str) -> dict[str, str]:
        """Return the documents of a kind, key -> text, as they were when the log was opened."""

    def first_id(self, room: str) -> int:
        """Return the number of the oldest message that is still kept; 1 if nothing was trimmed."""

    async def append(
        self, posted: Sequence[Posted], seats: Sequence[Seat | NoSeat]
    ) -> list[Stored]:
        """Store and number all of these messages and seats, or none and raise NotStored.

        They are safe when this returns.
        """

    async def put(self, kind: str, key: str, text: str | None) -> None:
        """Keep a document in place of the one of this kind and key, or without a text none.

        It is safe when this returns. Raises NotStored.
        """

    async def read(
        self, room: str, after: int, before: int, limit: int, *, newest: bool
    ) -> list[Said]:
        """Return the messages with `after` < id < `before`, oldest first.

        At most `limit` of them: the first ones, or the last ones if `newest`. May be called
        while an append is under way. Raises OSError if the log cannot be read.
        """

    async def seat(self, key: int) -> Seat | None:
        """Return a seat, if it is still kept. Raises OSError if it cannot be read."""

    async def trim(self, keep: int, since: int) -> bool:
        """Forget some of what need not be kept; return whether there may be more of it.

        That is what is beyond the last `keep` messages of a room (0 keeps all), what was said
        before `since` (in ms since 1970), and keys and seats whose time is over. Gives the
        space back. Raises NotStored if nothing can be changed.
        """

    async def close(self) -> None:
        """Leave the log in a state that the next start can trust."""
