"""Carries out the events of Socket.IO sessions: the table of all, and what each needs."""

import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from karaoke import admin_events, events, playback_events
from karaoke.events import Event, House, Who
from karaoke.hall import Hall
from karaoke.outbox import Emit, Outbox
from karaoke.payloads import BadRequest
from karaoke.room import KaraokeRoom
from karaoke.sources import Library
from karaoke.stage import Say, Stage, Visitor
from karaoke.tries import Tries
from wire.names import fold

EVENTS: dict[str, Event] = {
    "register-client": Event(playback_events.register_client, Who.ANYONE),
    "sources": Event(playback_events.sources, Who.PLAYBACK),
    "config": Event(playback_events.config, Who.PLAYBACK),
    "config-chunk": Event(playback_events.config_chunk, Who.PLAYBACK),
    "get-first": Event(playback_events.get_first, Who.PLAYBACK),
    "pop-then-get-next": Event(playback_events.pop_then_get_next, Who.PLAYBACK),
    "meta-info": Event(playback_events.meta_info, Who.PLAYBACK),
    "register-web": Event(events.register_web, Who.ANYONE, answers=True),
    "register-admin": Event(events.register_admin, Who.MEMBER, answers=True),
    "get-state": Event(events.get_state, Who.MEMBER),
    "search": Event(events.search, Who.MEMBER),
    "append": Event(events.append, Who.MEMBER),
    "append-anyway": Event(events.append_anyway, Who.MEMBER),
    "waiting-room-append": Event(events.waiting_room_append, Who.MEMBER),
    "waiting-room-to-queue": Event(admin_events.waiting_room_to_queue, Who.ADMIN),
    "skip-current": Event(admin_events.skip_current, Who.ADMIN),
    "skip": Event(admin_events.skip, Who.ADMIN),
    "move-up": Event(admin_events.move_up, Who.ADMIN),
    "show_config": Event(admin_events.show_config, Who.ADMIN),
    "show-config": Event(admin_events.show_config, Who.ADMIN),
    "update_config": Event(admin_events.update_config, Who.ADMIN),
    "update-config": Event(admin_events.update_config, Who.ADMIN),
}

Put = Callable[[str, str | None], Awaitable[None]]
"""Stores the document of a room under its folded name, or none; may raise."""

_log = logging.getLogger(__name__)


class Service:
    """All karaoke of one server. Of a room, changes are made and told in one order."""

    def __init__(
        self,
        emit: Emit,
        put: Put,
        say: Say,
        library: Library,
        key_file: Path | None,
        is_taken: Callable[[str], bool],
    ) -> None:
        self._put = put
        self._outbox = Outbox(emit, self._keep)
        self._visitors: dict[str, Visitor] = {}
        self.hall = Hall(library)
        stage = Stage(self._outbox, say)
        self._house = House(stage, self.hall, Tries(), key_file, is_taken)

    def connect(self, sid: str, address: str) -> None:
        """Take note of a new session."""
        self._visitors[sid] = Visitor(sid, address)

    def disconnect(self, sid: str) -> None:
        """Take a session out of its room."""
        visitor = self._visitors.pop(sid, None)
        if visitor is not None:
            self._house.stage.leave(visitor)

    def connected_from(self, address: str) -> int:
        """Return how many sessions an address has."""
        return sum(visitor.address == address for visitor in self._visitors.values())

    async def perform(self, sid: str, name: str, body: object) -> bool | None:
        """Carry out an event, and return what is acknowledged, once everything is told."""
        visitor = self._visitors.get(sid)
        if visitor is None:
            return None
        event = EVENTS.get(name)
        stage = self._house.stage
        answer: bool | None = None if event is None or not event.answers else False
        try:
            if event is None:
                raise BadRequest("There is no such event.")
            if self._may(visitor, event.who):
                answer = await event.perform(self._house, visitor, body)
        except BadRequest as refused:
            stage.err(sid, "BAD_REQUEST", msg=str(refused))
        except Exception:  # noqa: BLE001 - a bug costs one event, and is told in the log
            _log.exception("The event %r failed", name)
            stage.err(sid, "INTERNAL")
        if visitor.room is not None:
            visitor.room.last_seen = stage.clock()
        await self._outbox.flush()
        return answer

    def _may(self, visitor: Visitor, who: Who) -> bool:
        """Return whether somebody may send such an event; if not, tell why."""
        if who is Who.ANYONE:
            return True
        if visitor.room is None:
            self._house.stage.err(visitor.sid, "NOT_IN_ROOM")
            return False
        if who is Who.ADMIN and not visitor.is_admin:
            self._house.stage.err(visitor.sid, "NO_ADMIN")
            return False
        return who is not Who.PLAYBACK or visitor.room.playback == visitor.sid

    async def drop_idle(self) -> None:
        """Forget the rooms in which nothing has happened for hours; nobody is told."""
        for room in self.hall.idle():
            del self.hall[room.name]
            for sid in room.members:
                self._visitors[sid].room = None
                self._visitors[sid].is_admin = False
            self._house.stage.keep(room)
        await self._outbox.flush()

    async def _keep(self, room: KaraokeRoom) -> None:
        """Store a room as it is, or that it is gone."""
        current = self.hall.get(room.name)
        if current is not None and current is not room:
            return
        text = None if current is None else json.dumps(room.document())
        try:
            await self._put(fold(room.name), text)
        except Exception as error:  # noqa: BLE001 - karaoke goes on, whatever the store does
            _log.error("The karaoke room %r is not stored: %s", room.name, error)
