"""A log in memory: for tests, and for those who want nothing kept."""

import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from journal.promise import (
    KEY_SECONDS,
    KEYS,
    SEAT_SECONDS,
    Log,
    NoSeat,
    Posted,
    Repeated,
    Seat,
    Stored,
)
from wire.messages import Said
from wire.names import fold

KEEP = 10_000  # messages a room, for those who fell behind


@dataclass(slots=True)
class _RoomLog:
    last: int = 0
    messages: deque[Said] = field(default_factory=lambda: deque(maxlen=KEEP))


class MemoryStore:
    """Keeps the last messages of each room until the process ends."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        self._rooms: dict[str, _RoomLog] = {}
        self._seats: dict[int, Seat] = {}
        self._documents: dict[str, dict[str, str]] = {}  # of each kind
        self._keys: dict[int, OrderedDict[tuple[str, str], Said]] = {}  # of each session

    def logs(self) -> list[Log]:
        """Return nothing: this log begins anew."""
        return []

    def seats(self) -> list[Seat]:
        """Return nothing: this log begins anew."""
        return []

    def documents(self, kind: str) -> dict[str, str]:
        """Return what was put there."""
        return dict(self._documents.get(kind, {}))

    def first_id(self, room: str) -> int:
        """Return the number of the oldest message that is still kept."""
        log = self._rooms.get(fold(room))
        return 1 if log is None else log.last - len(log.messages) + 1

    async def append(
        self, posted: Sequence[Posted], seats: Sequence[Seat | NoSeat]
    ) -> list[Stored]:
        """Keep and number these messages and seats."""
        for seat in seats:
            if isinstance(seat, NoSeat):
                self._seats.pop(seat.key, None)
                self._keys.pop(seat.key, None)
            else:
                self._seats[seat.key] = seat
        return [self._append(message) for message in posted]

    def _append(self, message: Posted) -> Stored:
        draft, ts = message.draft, message.ts
        folded = fold(message.room)
        keys = None
        if draft.session is not None and draft.key is not None:
            keys = self._keys.setdefault(draft.session, OrderedDict())
            first = keys.get((folded, draft.key))
            if first is not None:
                return Repeated(first)
        log = self._rooms.get(folded)
        if log is None:
            log = self._rooms[folded] = _RoomLog()
        log.last += 1
        said = Said(log.last, ts, draft.user, draft.message)
        log.messages.append(said)
        if keys is not None and draft.key is not None:
            keys[folded, draft.key] = said
            while len(keys) > KEYS and next(iter(keys.values())).ts < ts - KEY_SECONDS * 1000:
                keys.popitem(last=False)
        return said

    async def put(self, kind: str, key: str, text: str | None) -> None:
        """Keep a document, or none."""
        documents = self._documents.setdefault(kind, {})
        if text is None:
            documents.pop(key, None)
        else:
            documents[key] = text

    async def read(
        self, room: str, after: int, before: int, limit: int, *, newest: bool
    ) -> list[Said]:
        """Return the messages with `after` < id < `before`, oldest first, at most `limit`."""
        log = self._rooms.get(fold(room))
        if log is None:
            return []
        first = log.last - len(log.messages) + 1
        start = max(after - first + 1, 0)
        stop = min(before - first, len(log.messages))
        if newest:
            start = max(start, stop - limit)
        else:
            stop = min(stop, start + limit)
        return list(islice(log.messages, start, max(stop, start)))

    async def seat(self, key: int) -> Seat | None:
        """Return a seat, if it is still kept."""
        return self._seats.get(key)

    async def trim(self, keep: int, since: int) -> bool:
        """Forget old messages, and the keys and seats whose time is over."""
        for log in self._rooms.values():
            while log.messages and (
                (keep and len(log.messages) > keep) or log.messages[0].ts < since
            ):
                log.messages.popleft()
        now = time.time_ns() // 1_000_000
        over = now - SEAT_SECONDS * 1000
        for seat in tuple(self._seats.values()):
            if seat.ended is not None and seat.ended < over:
                del self._seats[seat.key]
                self._keys.pop(seat.key, None)
        return False

    async def close(self) -> None:
        """Keep nothing."""
