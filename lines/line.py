"""A line is one connection we can write to: never waited for, and bounded in what is unsent."""

import asyncio
from collections.abc import Callable, Sequence

from lines.backlog import Backlog
from rooms.batch import Batch, Form
from wire.messages import Body, Reason, Said

BOUND = 256 * 1024  # bytes unsent at which a room stops writing to a person


class Line:
    """A peer over a transport.

    It takes a batch only if its own place in the room's order is just before it. Who has too
    much unsent falls behind: from then on `feed` brings the journal's pages, until one has
    caught up and takes part again.

    `form` renders notices for this line. `fell_behind` is called when feeding has to begin;
    whoever feeds sets it.
    """

    def __init__(self, transport: asyncio.Transport, form: Form) -> None:
        self.transport = transport
        self.form = form
        self.fell_behind: Callable[[], None] = _nobody_feeds
        self.room: str | None = None  # the room one takes part in
        self.place = 0  # the last message of that room that one was told
        self.written = 0  # bytes, all in all
        self.reason = Reason.LOST  # how the line ended, once it has
        self._backlog: Backlog | None = None

    @property
    def open(self) -> bool:
        """Whether anything may still be written."""
        return not self.transport.is_closing()

    @property
    def unsent(self) -> int:
        """Bytes that were written and the kernel has not taken yet."""
        return self.transport.get_write_buffer_size()

    @property
    def behind(self) -> bool:
        """Whether the room has stopped writing to this line."""
        return self._backlog is not None

    def write(self, frames: bytes) -> None:
        """Write complete frames, or drop them if the line has ended."""
        if self.open:
            self.written += len(frames)
            self.transport.write(frames)

    def send_json(self, body: Body) -> None:
        """Tell one thing out of the room's order."""
        raise NotImplementedError

    def deliver(self, batch: Batch) -> None:
        """Write what happened, to the bound; the rest is for the feeder."""
        own = batch.authors.get(self)
        start = 0
        if self.room != batch.room:
            start = self._entrance(batch, own or ())
            if start == len(batch.events):
                return
            self._backlog = None
            self.room, self.place = batch.room, batch.id_before(start)
        if self._backlog is None and self.place != batch.id_before(start):
            self._fall_behind()
        if self._backlog is not None:
            self._backlog.gather(batch, start, self)
            return
        cuts = batch.cuts(self.form) if own is None else batch.own_cuts(self.form, self, start)
        for cut in cuts:
            if self.unsent > BOUND:
                self._fall_behind().gather(batch, start, self)
                return
            self.write(cut.frames)
            start = cut.end
            self.place = batch.ids[start - 1]

    def _entrance(self, batch: Batch, own: Sequence[int]) -> int:
        """Return the index of the event from which on this line takes part in the room."""
        return next((index for index in own if batch.events[index].enters), len(batch.events))

    def _fall_behind(self) -> Backlog:
        self._backlog = Backlog()
        self.fell_behind()
        return self._backlog

    def feed(self, page: Sequence[Said], last: int) -> None:
        """Write a page of the room's journal, which reaches to message `last`."""
        if self._backlog is not None and self.room is not None:
            for frames in self._backlog.messages(self.room, page, last, self.form):
                self.write(frames)
            self.place = last

    def catch_up(self) -> None:
        """Take part again: one has been fed all that the room was told."""
        if self._backlog is not None and self.room is not None:
            for notice in self._backlog.people():
                self.write(self.form(self.room, notice))
            self._backlog = None

    async def drain(self) -> None:
        """Wait until the person has read so much that more may be written.

        Raises ConnectionError if the line is gone.
        """
        raise NotImplementedError

    def ended(self, reason: Reason) -> None:
        """Note how the line ended; the first to know is right."""
        if self.reason is Reason.LOST:
            self.reason = reason

    def abort(self, reason: Reason = Reason.LOST) -> None:
        """End the line at once."""
        self.ended(reason)
        self.transport.abort()


def _nobody_feeds() -> None:
    raise RuntimeError("nobody feeds this line")
