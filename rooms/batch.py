"""What a room is told at once: rendered once for each form of the wire, shared by everybody."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from wire.forms import Form
from wire.messages import Draft, Notice, Said

if TYPE_CHECKING:
    from rooms.peer import Peer

CUT = 64 * 1024  # bytes written at once; what is unsent is looked at between two cuts


class Event(Struct, eq=False):
    """One thing that happens in a room, at its place in the room's order.

    A `Draft` becomes a `Said` once it is stored, or `repeats` is what was said before under its
    key, or `error` says why it was not stored. The author is not told the notice but gets the
    answer in its place. `settled` is called when the event has been delivered.

    Where the author enters the room by this event, `enters` gives the message after which the
    author is told everything: the last one at this place, or an earlier one.
    """

    room: str
    notice: Notice | Draft | None = None
    author: "Peer | None" = None
    answer: "Answer | None" = None
    enters: "Callable[[int], int] | None" = None  # given the last id at its place
    users: Sequence[str] = ()  # who is in the room at its place, where the answer tells it
    settled: Callable[[], None] | None = None
    error: Exception | None = None
    repeats: Said | None = None


Answer = Callable[[Event, int], bytes]
"""Renders what an author is told, given the event and the room's last message at its place."""


Cut: TypeAlias = tuple[bytes, int]
"""Some complete frames, and the index of the first event that is not in them."""


class Batch:
    """Events of one room, in order; its messages follow number `before` without holes."""

    def __init__(self, room: str, before: int, events: Sequence[Event]) -> None:
        """Gather what happened in a room whose last message so far was number `before`."""
        self.room = room
        self.before = before
        self.events = events
        self.ids: list[int] = []  # the last id at and before each event
        self.authors: dict[Peer, list[int]] = {}  # the events of each
        self.private = True  # all of it is for its authors alone
        last = before
        for index, event in enumerate(events):
            if type(event.notice) is Said:
                last = event.notice.id
            self.ids.append(last)
            if event.author is not None:
                self.authors.setdefault(event.author, []).append(index)
            if event.notice is not None or event.author is None:
                self.private = False
        self._pieces: dict[Form, list[bytes]] = {}
        self._cuts: dict[Form, Sequence[Cut]] = {}

    def id_before(self, index: int) -> int:
        """Return the number of the last message before an event."""
        return self.ids[index - 1] if index else self.before

    def cuts(self, form: Form) -> Sequence[Cut]:
        """Return what everyone is told who caused none of it, cut to size."""
        cuts = self._cuts.get(form)
        if cuts is None:
            cuts = self._cuts[form] = _cut(self.pieces(form), 0)
        return cuts

    def own_cuts(self, form: Form, own: Sequence[int], start: int) -> Sequence[Cut]:
        """Return what the author of some events is told from one on: answers instead of notices."""
        pieces = list(self.pieces(form))
        for index in own:
            pieces[index] = self.answer(index)
        return _cut(pieces, start)

    def answer(self, index: int) -> bytes:
        """Return what the author of an event is told."""
        event = self.events[index]
        return event.answer(event, self.ids[index]) if event.answer is not None else b""

    def pieces(self, form: Form) -> list[bytes]:
        """Return what the others are told of each event; of some there is nothing to tell."""
        pieces = self._pieces.get(form)
        if pieces is None:
            pieces = self._pieces[form] = [
                b""
                if event.notice is None or isinstance(event.notice, Draft)
                else form.notice(self.room, event.notice)
                for event in self.events
            ]
        return pieces


def _cut(pieces: Sequence[bytes], start: int) -> Sequence[Cut]:
    whole = b"".join(pieces[start:] if start else pieces)
    if len(whole) <= CUT:
        return [(whole, len(pieces))] if start < len(pieces) else []
    return list(_cut_to_size(pieces, start))


def _cut_to_size(pieces: Sequence[bytes], start: int) -> Iterator[Cut]:
    gathered: list[bytes] = []
    size = 0
    for index in range(start, len(pieces)):
        piece = pieces[index]
        if gathered and size + len(piece) > CUT:
            yield b"".join(gathered), index
            gathered, size = [], 0
        gathered.append(piece)
        size += len(piece)
    if gathered:
        yield b"".join(gathered), len(pieces)
