"""What a room is told at once: rendered once for each form of the wire, shared by everybody."""

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """Events of one room, in order; its messages follow number `before` without holes.

    `last` is the last message at its end, `ids` are those at and before each event. `authors`
    caused the events with these indices; where it is `private`, all of it is for them alone.
    """

    __slots__ = (
        "_cuts",
        "_pieces",
        "authors",
        "before",
        "events",
        "ids",
        "last",
        "private",
        "room",
    )

    def __init__(self, room: str, before: int, events: Sequence[Event]) -> None:
        """Gather what happened in a room whose last message so far was number `before`."""
        self.room = room
        self.before = last = before
        self.events = events
        ids: list[int] = []
        authors: dict[Peer, list[int]] = {}
        private = True
        for index, event in enumerate(events):
            notice, author = event.notice, event.author
            if type(notice) is Said:
                last = notice.id
            ids.append(last)
            if author is None or notice is not None:
                private = False
            if author is None:
                continue
            if author in authors:
                authors[author].append(index)
            else:
                authors[author] = [index]
        self.last = last
        self.ids: Sequence[int] = ids
        self.authors: Mapping[Peer, Sequence[int]] = authors
        self.private = private
        self._pieces: dict[Form, list[bytes]] = {}
        self._cuts: dict[Form, Sequence[Cut]] = {}

    def id_before(self, index: int) -> int:
        """Return the number of the last message before an event."""
        return self.ids[index - 1] if index else self.before

    def cuts(self, form: Form) -> Sequence[Cut]:
        """Return what everyone is told who caused none of it, cut to size, the same for each."""
        cuts = self._cuts.get(form)
        if cuts is None:
            cuts = self._cuts[form] = _cut(self._pieces_of(form), 0)
        return cuts

    def own_cuts(self, form: Form, own: Sequence[int], start: int) -> Sequence[Cut]:
        """Return what the author of some events is told from one on: answers instead of notices."""
        pieces = self._pieces_of(form).copy()
        for index in own:
            pieces[index] = self.answer(index)
        return _cut(pieces, start)

    def whole(self, form: Form) -> bytes | None:
        """Return what `cuts` does, if it is one cut."""
        cuts = self.cuts(form)
        return cuts[0][0] if len(cuts) == 1 else None

    def own(self, author: "Peer") -> bytes | None:
        """Return what `own_cuts` does from the start, if that and `whole` are one cut."""
        if self.whole(author.form) is None:
            return None
        cuts = self.own_cuts(author.form, self.authors[author], 0)
        return cuts[0][0] if len(cuts) == 1 else None

    def answer(self, index: int) -> bytes:
        """Return what the author of an event is told."""
        event = self.events[index]
        return b"" if event.answer is None else event.answer(event, self.ids[index])

    def _pieces_of(self, form: Form) -> list[bytes]:
        pieces = self._pieces.get(form)
        if pieces is None:
            pieces = [self._piece(form, event) for event in self.events]
            self._pieces[form] = pieces
        return pieces

    def _piece(self, form: Form, event: Event) -> bytes:
        notice = event.notice
        if notice is None or type(notice) is Draft:
            return b""
        return form.notice(self.room, notice)


class Single(Batch):
    """A batch of one event, as small rooms are told most: the same without lists and caches."""

    __slots__ = ("_whole",)

    def __init__(self, room: str, before: int, events: Sequence[Event]) -> None:
        """Take what happened in a room whose last message so far was number `before`."""
        notice, author = events[0].notice, events[0].author
        self.room = room
        self.before = before
        self.events = events
        self.last = notice.id if type(notice) is Said else before
        self.ids = (self.last,)
        self.authors = {} if author is None else {author: (0,)}
        self.private = author is not None and notice is None
        self._whole: dict[Form, bytes] = {}

    def cuts(self, form: Form) -> Sequence[Cut]:
        """Return the notice."""
        return ((self.whole(form), 1),)

    def own_cuts(self, form: Form, own: Sequence[int], start: int) -> Sequence[Cut]:  # noqa: ARG002
        """Return the answer, unless the author was told it."""
        return () if start else ((self.answer(0), 1),)

    def whole(self, form: Form) -> bytes:
        """Return the notice; one event is not cut."""
        whole = self._whole.get(form)
        if whole is None:
            whole = self._whole[form] = self._piece(form, self.events[0])
        return whole

    def own(self, author: "Peer") -> bytes:  # noqa: ARG002
        """Return the answer."""
        return self.answer(0)


def _cut(pieces: Sequence[bytes], start: int) -> Sequence[Cut]:
    whole = b"".join(pieces[start:] if start else pieces)
    if len(whole) <= CUT:
        return ((whole, len(pieces)),) if start < len(pieces) else ()
    return tuple(_cut_to_size(pieces, start))


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
