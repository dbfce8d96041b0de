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
    """Events of one room, in order; its messages follow number `before` without holes.

    `last` is the last message at its end, `ids` are those at and before each event. `authors`
    caused the events with these indices; where it is `private`, all of it is for them alone.
    `shared` has what `share` has rendered.
    """

    __slots__ = (
        "_pieces",
        "authors",
        "before",
        "events",
        "ids",
        "last",
        "private",
        "room",
        "shared",
    )

    def __init__(self, room: str, before: int, events: Sequence[Event]) -> None:
        """Gather what happened in a room whose last message so far was number `before`."""
        self.room = room
        self.before = before
        self.events = events
        self.ids: list[int] = []
        self.authors: dict[Peer, list[int]] = {}
        self.private = True
        self.shared: dict[Form, bytes] = {}
        self._pieces: dict[Form, list[bytes]] = {}
        last = before
        for index, event in enumerate(events):
            notice, author = event.notice, event.author
            if type(notice) is Said:
                last = notice.id
            self.ids.append(last)
            if author is None:
                self.private = False
                continue
            if notice is not None:
                self.private = False
            own = self.authors.get(author)
            if own is None:
                self.authors[author] = [index]
            else:
                own.append(index)
        self.last = last

    def id_before(self, index: int) -> int:
        """Return the number of the last message before an event."""
        return self.ids[index - 1] if index else self.before

    def share(self, form: Form) -> bytes:
        """Return all that everyone is told who caused none of it, the same bytes for each."""
        whole = self.shared.get(form)
        if whole is None:
            whole = self.shared[form] = b"".join(self._rendered(form))
        return whole

    def own(self, form: Form, own: Sequence[int]) -> bytes:
        """Return all that the author of some events is told: answers instead of notices."""
        return b"".join(self._with_answers(form, own))

    def cuts(self, form: Form, own: Sequence[int] = (), start: int = 0) -> Iterator[Cut]:
        """Yield what the author of some events is told, if any, from one event on, cut to size."""
        pieces = self._with_answers(form, own) if own else self._rendered(form)
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

    def answer(self, index: int) -> bytes:
        """Return what the author of an event is told."""
        event = self.events[index]
        return b"" if event.answer is None else event.answer(event, self.ids[index])

    def _with_answers(self, form: Form, own: Sequence[int]) -> list[bytes]:
        pieces = self._rendered(form).copy()
        for index in own:
            pieces[index] = self.answer(index)
        return pieces

    def _rendered(self, form: Form) -> list[bytes]:
        pieces = self._pieces.get(form)
        if pieces is None:
            render = form.notice
            pieces = self._pieces[form] = []
            for event in self.events:
                notice = event.notice
                if notice is None or type(notice) is Draft:
                    pieces.append(b"")
                else:
                    pieces.append(render(self.room, notice))
        return pieces
