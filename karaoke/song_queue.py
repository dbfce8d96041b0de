"""The rules of a song queue: pure, without sockets, clocks or chance.

A song is in exactly one of queue, waiting room and recent, or was skipped; none is ever in two
places. Everyone gets a fair turn: who waits is queued once they are not queued any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from karaoke.entries import Entry, Uid
from karaoke.performers import share_performer

MOST_RECENT = 1000  # entries that are remembered as sung


@dataclass(frozen=True, slots=True)
class Timing:
    """When songs start: `preview` seconds before each, none after `last_song` (since 1970)."""

    preview: float = 3.0
    last_song: float | None = None


class SongQueue:
    """One room's songs. The first of the queue is being sung, or is the next to be.

    `playing` is the uuid of the last entry that was handed out to be sung. Times are in seconds
    since 1970, and given from outside.
    """

    def __init__(
        self,
        queue: Sequence[Entry] = (),
        waiting_room: Sequence[Entry] = (),
        recent: Sequence[Entry] = (),
        playing: str | None = None,
    ) -> None:
        self.queue = list(queue)
        self.waiting_room = list(waiting_room)
        self.recent = list(recent)[-MOST_RECENT:]
        self.playing = playing

    def __len__(self) -> int:
        """Return how many songs are still to be sung."""
        return len(self.queue) + len(self.waiting_room)

    def queued_with(self, performer: str) -> Entry | None:
        """Return the first queued entry that shares a performer, the one being sung included."""
        shared = (entry for entry in self.queue if share_performer(entry.performer, performer))
        return next(shared, None)

    def queued_by(self, uid: Uid) -> bool:
        """Return whether the one with this uid is queued."""
        return any(entry.uid == uid for entry in self.queue)

    def start_time(self, timing: Timing, now: float) -> float:
        """Return when a song that is appended now would start."""
        started_at = self.queue[0].started_at if self.queue else None
        start = now if started_at is None else started_at
        return start + sum(entry.duration + timing.preview + 1 for entry in self.queue)

    def append(self, entry: Entry, timing: Timing, now: float) -> bool:
        """Queue an entry; return False, and change nothing, if it would start too late."""
        if timing.last_song and timing.last_song < self.start_time(timing, now):
            return False
        self.queue.append(entry)
        return True

    def wait(self, entry: Entry) -> None:
        """Put an entry into the waiting room."""
        self.waiting_room.append(entry)

    def start(self, now: float) -> Entry:
        """Return the first entry, which starts now; IndexError if there is none."""
        first = self.queue[0] = replace(self.queue[0], started_at=now)
        self.playing = first.uuid
        return first

    def drain(self, timing: Timing, now: float) -> list[Entry]:
        """Queue, in order, who waits and is not queued; return what was queued.

        Who would start too late goes on waiting.
        """
        drained: list[Entry] = []
        staying: list[Entry] = []
        for entry in self.waiting_room:
            free = self.queued_with(entry.performer) is None
            if free and self.append(entry, timing, now):
                drained.append(entry)
            else:
                staying.append(entry)
        self.waiting_room = staying
        return drained

    def discard(self, timing: Timing, now: float) -> tuple[Entry, list[Entry]]:
        """Take the first entry off; return it and what was drained; IndexError if there is none."""
        first = self.queue.pop(0)
        drained = self.drain(timing, now)
        self.recent = [*self.recent, first][-MOST_RECENT:]
        return first, drained

    @property
    def was_played(self) -> bool:
        """Whether the first entry is the one that was handed out, as far as one knows.

        It is not if that one was skipped while it was sung.
        """
        return bool(self.queue) and self.playing in (None, self.queue[0].uuid)

    def skip(self, uuid: str, timing: Timing, now: float) -> tuple[Entry, list[Entry]] | None:
        """Delete an entry; return it and what was drained after that; None if there is none."""
        for entries in (self.queue, self.waiting_room):
            for index, entry in enumerate(entries):
                if entry.uuid == uuid:
                    del entries[index]
                    return entry, self.drain(timing, now)
        return None

    def move_up(self, uuid: str) -> None:
        """Swap an entry with the one before; the first two stay where they are."""
        for index in range(2, len(self.queue)):
            if self.queue[index].uuid == uuid:
                self.queue[index - 1 : index + 1] = self.queue[index - 1 : index + 1][::-1]
                return

    def waiting(self, uuid: str) -> Entry | None:
        """Return an entry of the waiting room."""
        return next((entry for entry in self.waiting_room if entry.uuid == uuid), None)

    def let_in(self, entry: Entry, timing: Timing, now: float) -> bool:
        """Queue an entry of the waiting room; return False, and let it wait, if too late."""
        if not self.append(entry, timing, now):
            return False
        self.waiting_room.remove(entry)
        return True

    def annotate(self, uuid: str, changes: dict[str, object]) -> bool:
        """Change fields of a queued or waiting entry; return whether there is one."""
        for entries in (self.queue, self.waiting_room):
            for index, entry in enumerate(entries):
                if entry.uuid == uuid:
                    entries[index] = replace(entry, **changes)  # type: ignore[arg-type]
                    return True
        return False
