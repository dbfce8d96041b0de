"""What a peer who fell behind still has to be told besides the messages in the journal."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rooms.batch import Batch, Event
from rooms.peer import Peer
from wire.forms import Form
from wire.messages import Joined, Left, NickChanged, Notice, Reason, Said


class Owed(NamedTuple):
    """An answer: in place of message `id`, or after it."""

    id: int
    replaces: bool
    frames: bytes


class Backlog:
    """Gathers, while a peer is behind, its answers and what changed among the people.

    Changes that undo each other leave no trace, so this grows with the number of people and
    with what the peer has under way, never with time. `place` is the last message one was told.
    """

    def __init__(self, place: int, *, lagging: bool) -> None:
        self.place = place
        self.lagging = lagging  # one reads too slowly, and did not just come
        self._owed: deque[Owed] = deque()
        self._people: dict[str, Joined | Left] = {}

    def gather(self, batch: Batch, start: int, peer: Peer) -> None:
        """Take in the events of a batch from an index on."""
        for index in range(start, len(batch.events)):
            event = batch.events[index]
            if event.author is peer:
                replaces = type(event.notice) is Said
                self._owed.append(Owed(batch.ids[index], replaces, batch.answer(index)))
            else:
                self._note(event)

    def _note(self, event: Event) -> None:
        match event.notice:
            case Joined() | Left() as change:
                self._change(change)
            case NickChanged(old, new):
                self._change(Left(old, Reason.CLOSED))
                self._change(Joined(new))

    def _change(self, change: Joined | Left) -> None:
        before = self._people.pop(change.user, None)
        if before is None or type(before) is type(change):
            self._people[change.user] = change

    def messages(self, room: str, page: Sequence[Said], last: int, form: Form) -> Iterator[bytes]:
        """Yield the frames of a page of the journal, up to message `last`, answers included."""
        for said in page:
            yield from self._answers(said.id - 1)
            if self._owed and self._owed[0].replaces and self._owed[0].id == said.id:
                yield self._owed.popleft().frames
            else:
                yield form.notice(room, said)
        yield from self._answers(last)

    def _answers(self, last: int) -> Iterator[bytes]:
        while self._owed and self._owed[0].id <= last:
            yield self._owed.popleft().frames

    def people(self) -> list[Notice]:
        """Return what changed among the people, those who left first."""
        return sorted(self._people.values(), key=lambda change: type(change) is Joined)
