"""A log in memory: for tests, and for those who want nothing kept."""

import secrets
from collections import deque
from collections.abc import Sequence
from itertools import islice

from journal.promise import Numbered
from wire.messages import Said
from wire.names import fold

KEEP = 10_000  # messages a room, for those who fell behind


class MemoryStore:
    """Keeps the last messages of each room until the process ends."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        self._rooms: dict[str, deque[Said]] = {}

    def rooms(self) -> dict[str, int]:
        """Return nothing: this log begins anew."""
        return {}

    async def append(self, messages: Sequence[Numbered]) -> None:
        """Keep these messages."""
        for message in messages:
            self._rooms.setdefault(fold(message.room), deque(maxlen=KEEP)).append(message.said)

    async def read(
        self, room: str, after: int, before: int, limit: int, *, newest: bool
    ) -> list[Said]:
        """Return the messages with `after` < id < `before`, oldest first, at most `limit`."""
        log = self._rooms.get(fold(room))
        if not log:
            return []
        start = max(after - log[0].id + 1, 0)
        stop = min(before - log[0].id, len(log))
        if newest:
            start = max(start, stop - limit)
        else:
            stop = min(stop, start + limit)
        return list(islice(log, start, max(stop, start)))

    async def close(self) -> None:
        """Keep nothing."""
