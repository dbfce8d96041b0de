"""What is told of karaoke, in one order: stored first, then told.

Whoever changes something notes it here, at once and without waiting, and then flushes. What was
noted together is stored together, so nobody hears of a song that the end of the process takes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple

from karaoke.entries import Body
from karaoke.room import KaraokeRoom

Emit = Callable[[str, Body, list[str]], Awaitable[None]]
"""Sends an event with its payload to sessions; may wait only for itself."""
Keep = Callable[[KaraokeRoom], Awaitable[None]]
"""Stores a room as it is; never raises."""


class _Told(NamedTuple):
    event: str
    payload: Body
    to: list[str]


class Outbox:
    """Stores what has changed, then tells what was noted, in the order of the notes."""

    def __init__(self, emit: Emit, keep: Keep) -> None:
        self._emit = emit
        self._keep = keep
        self._told: list[_Told] = []
        self._changed: dict[KaraokeRoom, None] = {}
        self._turns = asyncio.Lock()

    def tell(self, to: Collection[str], event: str, payload: Body) -> None:
        """Note what sessions are to be told; the payload must not change any more."""
        self._told.append(_Told(event, payload, list(to)))

    def changed(self, room: KaraokeRoom) -> None:
        """Note that a room is to be stored before anything more is told."""
        self._changed[room] = None

    async def flush(self) -> None:
        """Wait until everything that was noted so far has been stored and told."""
        async with self._turns:
            while self._told or self._changed:
                told, self._told = self._told, []
                changed, self._changed = self._changed, {}
                for room in changed:
                    await self._keep(room)
                for event, payload, to in told:
                    if to:
                        await self._emit(event, payload, to)
