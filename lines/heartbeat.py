"""One timer for all lines: it pings who is silent, and aborts who is dead.

A sign of life is anything received, or unsent bytes that shrink. A ping waits behind what is
unsent, so only lines with nothing unsent are pinged; a slow but living reader stays.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from lines.websocket import WebSocketLine

PING_AFTER = 25.0  # seconds of silence
DEAD_AFTER = 60.0  # seconds without a sign of life
STUCK_AFTER = 120.0  # the same, where something is unsent
_BEAT = 5.0  # seconds between two looks at all lines


@dataclass(slots=True)
class _Watch:
    pinged: float  # when, in the loop's time
    sent: int = 0  # bytes that the kernel had taken at the last beat, of those that were added
    unsent: int = 0  # bytes that it had not


class Lines:
    """All open WebSocket lines."""

    def __init__(self) -> None:
        self._watched: dict[WebSocketLine, _Watch] = {}

    def add(self, line: WebSocketLine) -> None:
        """Watch a line from now on."""
        self._watched[line] = _Watch(pinged=line.last_heard)

    def discard(self, line: WebSocketLine) -> None:
        """Watch a line no more."""
        self._watched.pop(line, None)

    def __iter__(self) -> Iterator[WebSocketLine]:
        return iter(tuple(self._watched))

    def __len__(self) -> int:
        return len(self._watched)

    def beat(self, now: float) -> None:
        """Look at every line once; `now` is the loop's time in seconds."""
        for line, watch in self._watched.items():
            unsent = line.unsent
            sent = line.written - unsent
            if watch.unsent and (line.emptied or sent > watch.sent):
                line.last_heard = now
            line.emptied = False
            watch.sent, watch.unsent = sent, unsent
            if now - line.last_heard >= (STUCK_AFTER if unsent else DEAD_AFTER):
                line.abort()
            elif not unsent and now - max(line.last_heard, watch.pinged) >= PING_AFTER:
                watch.pinged = now
                line.ping()

    async def watch(self) -> None:
        """Beat until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_BEAT)
            self.beat(loop.time())
