"""What happens in karaoke rooms, and who is told of it. Nothing here waits."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from karaoke import notices
from karaoke.entries import Body, Entry
from karaoke.outbox import Outbox
from karaoke.payloads import MOST_ENTRIES, BadRequest
from karaoke.room import KaraokeRoom
from karaoke.room_config import timing

Say = Callable[[str, str], None]
"""Says a text in the chat room of this name."""


@dataclass(slots=True, eq=False)
class Visitor:
    """One Socket.IO session: where it is, and whether it is an admin there."""

    sid: str
    address: str
    room: KaraokeRoom | None = None
    is_admin: bool = False


class Stage:
    """Changes rooms by the rules of the song queue, and notes what is told."""

    def __init__(self, outbox: Outbox, say: Say, clock: Callable[[], float] = time.time) -> None:
        self._outbox = outbox
        self._say = say
        self.clock = clock

    def tell(self, to: Collection[str], event: str, payload: Body) -> None:
        """Tell sessions something, after all that was told before."""
        self._outbox.tell(to, event, payload)

    def err(self, sid: str, kind: str, **more: object) -> None:
        """Tell somebody that something cannot be done."""
        self.tell([sid], "err", {"type": kind, **more})

    def tell_playback(self, room: KaraokeRoom, event: str, payload: Body) -> None:
        """Tell the playback machine something, if there is one."""
        if room.playback is not None:
            self.tell([room.playback], event, payload)

    def tell_state(self, room: KaraokeRoom) -> None:
        """Keep a room as it is now, and tell everybody in it."""
        self._outbox.changed(room)
        self.tell(room.members, "state", room.state())

    def keep(self, room: KaraokeRoom) -> None:
        """Keep a room as it is now."""
        self._outbox.changed(room)

    def enter(self, visitor: Visitor, room: KaraokeRoom) -> None:
        """Let somebody into a room, as a guest."""
        if visitor.room is not room:
            self.leave(visitor)
        visitor.room = room
        room.members.add(visitor.sid)

    def leave(self, visitor: Visitor) -> None:
        """Take somebody out of the room they are in; the room stays."""
        room, visitor.room, visitor.is_admin = visitor.room, None, False
        if room is None:
            return
        room.members.discard(visitor.sid)
        room.askers.pop(visitor.sid, None)
        if room.playback == visitor.sid:
            room.playback = None

    def append(self, room: KaraokeRoom, entry: Entry, reporter: str) -> None:
        """Queue an entry, or tell the reporter that it would start too late."""
        self._look_for_space(room)
        if not room.songs.append(entry, timing(room.config), self.clock()):
            self._tell_full(room, reporter)
            return
        self._tell_queued(room, [entry])

    def wait(self, room: KaraokeRoom, entry: Entry) -> None:
        """Put an entry into the waiting room."""
        self._look_for_space(room)
        room.songs.wait(entry)
        self._tell_queued(room, [entry])

    def let_in(self, room: KaraokeRoom, uuid: str, reporter: str) -> None:
        """Queue an entry of the waiting room, or let it wait on if it would start too late."""
        entry = room.songs.waiting(uuid)
        if entry is None:
            self.tell_state(room)
        elif room.songs.let_in(entry, timing(room.config), self.clock()):
            self._tell_queued(room, [entry])
        else:
            self._tell_full(room, reporter)

    def skip(self, room: KaraokeRoom, uuid: str) -> None:
        """Delete an entry, wherever it is, and let in who is not queued any more."""
        skipped = room.songs.skip(uuid, timing(room.config), self.clock())
        drained: list[Entry] = []
        if skipped is not None:
            entry, drained = skipped
            self._say(room.name, notices.skipped(entry))
        self._tell_queued(room, drained)

    def skip_current(self, room: KaraokeRoom) -> None:
        """End the first song, if there is one."""
        if not room.songs.queue:
            return
        entry, drained = room.songs.discard(timing(room.config), self.clock())
        self.tell_playback(room, "skip-current", entry.body())
        self._say(room.name, notices.skipped(entry))
        self._tell_queued(room, drained)

    def play_first(self, room: KaraokeRoom, asker: str) -> None:
        """Hand out the first song, now or once there is one."""
        room.askers.setdefault(asker, False)
        self._play(room)

    def play_next(self, room: KaraokeRoom, asker: str) -> None:
        """End the song that was played, and hand out the next, now or once there is one."""
        drained: list[Entry] = []
        if room.songs.was_played:
            _played, drained = room.songs.discard(timing(room.config), self.clock())
        room.askers[asker] = True
        self._tell_queued(room, drained)

    def _look_for_space(self, room: KaraokeRoom) -> None:
        if len(room.songs) >= MOST_ENTRIES:
            raise BadRequest(f"A room has at most {MOST_ENTRIES} songs to be sung.")

    def _tell_full(self, room: KaraokeRoom, reporter: str) -> None:
        self.err(reporter, "QUEUE_FULL", end_time=room.config["last_song"])

    def _tell_queued(self, room: KaraokeRoom, entries: list[Entry]) -> None:
        self.tell_state(room)
        for entry in entries:
            self.tell_playback(room, "get-meta-info", entry.body())
        self._play(room)

    def _play(self, room: KaraokeRoom) -> None:
        """Hand out the first song to whoever waits for it."""
        if not room.askers or not room.songs.queue:
            return
        askers, room.askers = room.askers, {}
        entry = room.songs.start(self.clock())
        if any(askers.values()):
            self.tell_state(room)
        else:
            self.keep(room)
        self.tell(askers, "play", entry.body())
        if entry.uuid != room.announced:
            room.announced = entry.uuid
            following = room.songs.queue[1] if len(room.songs.queue) > 1 else None
            self._say(room.name, notices.now_playing(entry, following))
