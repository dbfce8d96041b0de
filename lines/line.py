"""A line is one connection we can write to: never waited for, and bounded in what is unsent."""

import asyncio
from collections.abc import Callable, Sequence

from lines.backlog import Backlog
from rooms.batch import CUT, Batch
from rooms.peer import NOWHERE, Peer
from wire.errors import Disconnect
from wire.forms import Form
from wire.messages import AnyBody, Body, Reason, Said
from wire.version2 import Gap

BOUND = 256 * 1024  # bytes unsent at which a room stops writing to a person
RESUMED = 64 * 1024  # bytes unsent at which whoever waits for the person goes on
SHORTEST_PAUSE = 0.01  # seconds between two looks at what is unsent
LONGEST_PAUSE = 0.32


class Line(Peer):
    """A peer over a transport.

    It takes a batch only if its own place in the room's order is just before it. Who has too
    much unsent falls behind: from then on `feed` brings the journal's pages, until one has
    caught up and takes part again.

    `form` renders notices for this line. `fell_behind` is called when feeding has to begin, and
    `departed` when it has to end; whoever feeds sets them.
    """

    __slots__ = (  # see docs/decisions/009-shorter-ways.md
        "_backlog",
        "closed",
        "departed",
        "fell_behind",
        "reason",
        "room",
        "written",
    )

    def __init__(self, transport: asyncio.Transport, form: Form) -> None:
        super().__init__()
        self.transport = transport
        self.form = form
        self.fell_behind: Callable[[], None] = _nobody_feeds
        self.departed: Callable[[], None] = _nothing_to_end
        self.room: str | None = None  # the room one takes part in
        self.written = 0  # bytes that were added to what was unsent
        self.emptied = False  # all was sent at some time since the heartbeat looked
        self.closed = False  # the last word was written
        self.reason = Reason.LOST  # how the line ended, once it has
        self._backlog: Backlog | None = None

    @property
    def open(self) -> bool:
        """Whether anything may still be written."""
        return not (self.closed or self.transport.is_closing())

    @property
    def unsent(self) -> int:
        """Bytes that were written and the kernel has not taken yet."""
        return self.transport.get_write_buffer_size()

    @property
    def behind(self) -> bool:
        """Whether the room has stopped writing to this line."""
        return self._backlog is not None

    @property
    def place(self) -> int:
        """The last message of the room that one was told."""
        return self.expects if self._backlog is None else self._backlog.place

    @property
    def unread(self) -> bool:
        """Whether the person is behind, or too much is unsent."""
        return self._backlog is not None or self.transport.get_write_buffer_size() > BOUND

    @property
    def lagging(self) -> bool:
        """Whether that is because one reads too slowly, and not because one has just come."""
        return self._backlog is not None and self._backlog.lagging

    def write(self, frames: bytes) -> None:
        """Write complete frames, or drop them if the line has ended."""
        if self.open:
            if self.unsent:
                self.written += len(frames)
            else:
                self.emptied = True
            self.transport.write(frames)

    def write_last(self, frames: bytes) -> None:
        """Write the last word: nothing is written after it."""
        self.write(frames)
        self.closed = True
        self.expects = NOWHERE

    def render(self, body: AnyBody) -> bytes:
        """Return a reply as this line's person is to see it: complete frames, or lines."""
        raise NotImplementedError

    def send_json(self, body: Body) -> None:
        """Tell one thing out of the room's order."""
        self.write(self.render(body))

    def deliver(self, batch: Batch) -> None:
        """Write what happened, to the bound; the rest is for the feeder."""
        if not self.open:
            return
        own = batch.authors.get(self)
        start, before = 0, batch.before
        if self.room != batch.room:
            start = self._enter(batch, own or ())
            if self.room != batch.room:
                return
            before = batch.id_before(start)
        if self._backlog is not None or self.expects != before:
            (self._backlog or self._fall_behind()).gather(batch, start, self)
            return
        cuts = batch.cuts(self.form) if own is None else batch.own_cuts(self.form, own, start)
        for frames, end in cuts:
            if self.unsent > BOUND:
                self._fall_behind().gather(batch, start, self)
                return
            self.write(frames)
            self.expects = batch.ids[end - 1]
            start = end

    def _enter(self, batch: Batch, own: Sequence[int]) -> int:
        """Take part in the room, if an event of the batch says so; return what comes then.

        Who has missed messages gets the answer, and is behind from the start.
        """
        for index in own:
            enters = batch.events[index].enters
            if enters is not None:
                last = batch.ids[index]
                self.room, self.expects = batch.room, self.look_back(enters(last))
                if self.expects == last:
                    return index
                self.write(batch.answer(index))
                self._fall_behind(lagging=False)
                return index + 1
        return len(batch.events)

    def look_back(self, last: int) -> int:
        """Return the message after which one is told all, on entering with `last` as that."""
        return last

    def depart(self) -> None:
        """Take part in no room until an event lets one enter."""
        self.room = self._backlog = None
        self.expects = NOWHERE
        self.departed()

    def _fall_behind(self, *, lagging: bool = True) -> Backlog:
        """Stop taking batches; who is `lagging` is told so."""
        backlog = self._backlog = Backlog(self.expects, lagging=lagging)
        self.expects = NOWHERE
        if lagging and self.room is not None:
            self.write(self.form.lagging(self.room, backlog.place + 1))
        self.fell_behind()
        return backlog

    async def feed(self, page: Sequence[Said], last: int) -> None:
        """Write a page of the room's journal, which reaches to message `last`.

        Waits for the person to read, cut by cut. What is missing from the page was trimmed.
        """
        backlog = self._backlog
        if backlog is None or self.room is None:
            return
        first = page[0].id if page else last + 1
        if first > backlog.place + 1:
            self.write(self.form.gap(self.room, Gap(backlog.place + 1, first - 1)))
        cut = bytearray()
        for frames in backlog.messages(self.room, page, last, self.form):
            if cut and len(cut) + len(frames) > CUT:
                await self.drain()
                self.write(bytes(cut))
                cut.clear()
            cut += frames
        await self.drain()
        self.write(bytes(cut))
        backlog.place = last

    def catch_up(self) -> bool:
        """Take part again: one has been fed all that the room was told.

        Returns whether one must still be told as a whole who is there.
        """
        backlog = self._backlog
        if backlog is None or self.room is None or self.closed:
            return False
        self._backlog, self.expects = None, backlog.place
        for frames in backlog.messages(self.room, (), self.expects, self.form):
            self.write(frames)  # answers that came while the last cut waited
        people = backlog.people()
        if self.form.snapshot:
            return backlog.lagging or bool(people)
        for notice in people:
            self.write(self.form.notice(self.room, notice))
        return False

    async def drain(self) -> None:
        """Wait, where more than the bound is unsent, until the person has read most of it.

        A transport tells nobody but its protocol that it could send; so this looks, less and
        less often while nothing moves. Returns at once when the line is gone.
        """
        if self.unsent <= BOUND:
            return
        pause = SHORTEST_PAUSE
        while self.open and (unsent := self.unsent) > RESUMED:
            await asyncio.sleep(pause)
            pause = SHORTEST_PAUSE if self.unsent < unsent else min(2 * pause, LONGEST_PAUSE)

    def ended(self, reason: Reason) -> None:
        """Note how the line ended; the first to know is right."""
        if self.reason is Reason.LOST:
            self.reason = reason

    def end(self, disconnect: Disconnect, reason: Reason = Reason.KICKED) -> None:
        """End the line, telling why; whose line it is must be out of the room first."""
        raise NotImplementedError

    def abort(self, reason: Reason = Reason.LOST) -> None:
        """End the line at once."""
        self.ended(reason)
        self.cut_off()

    def cut_off(self) -> None:
        """Abort the transport, if it still stands: one that closed on its own time cannot be."""
        if self.unsent or not self.transport.is_closing():
            self.transport.abort()


def _nobody_feeds() -> None:
    raise RuntimeError("nobody feeds this line")


def _nothing_to_end() -> None:
    pass
