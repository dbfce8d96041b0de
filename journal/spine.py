"""The journal: it gives everything that happens its place, and stores what is said.

All that is submitted while the store is busy, and in two turns of the loop after that, is stored
as one batch (group commit), so the cost of a message falls as load rises.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Generic

from journal.promise import Deliver, E, NotStored, Page, Posted, Repeated, Seat, Store, Told
from wire.frames import json_size
from wire.messages import Draft, Said
from wire.names import fold

PAGE_BYTES = 256 * 1024
TURNS = 2  # of the loop
WORTH_GATHERING = 0.002  # seconds
LONGEST_GATHERING = 0.05
LONGEST_HOLD = 600.0  # seconds that one reader may hold up trimming
_BEYOND = 2**63 - 1  # more than any id
_MESSAGE_BYTES = 100  # what a message weighs in a page besides its texts
_DAY = 24 * 60 * 60 * 1000  # milliseconds

_log = logging.getLogger(__name__)


class Journal(Generic[E]):
    """One order for everything that happens, whatever door it came in by.

    `deliver` is called on the event loop, with all rooms in which something happened; between two
    entries of one room the order is that of `submit`. Run `write` as a task; `finish` ends it.
    """

    def __init__(self, store: Store, deliver: Deliver[E]) -> None:
        self._store = store
        self._deliver = deliver
        self._submitted: list[E] = []
        self._gathered = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writer = asyncio.Lock()  # a store has one writer
        self._recovering: dict[object, float] = {}  # since when, in the loop's time
        self._telling_time = 0.0  # seconds that the last batch took to be told
        logs = store.logs()
        self._shown = {fold(log.room): log.room for log in logs}
        self._last = {fold(log.room): log.last for log in logs}  # what was delivered

    @property
    def epoch(self) -> str:
        """The name of this log."""
        return self._store.epoch

    def first_id(self, room: str) -> int:
        """Return the number of the room's oldest message that is still kept; 1 of an empty log."""
        return self._store.first_id(room)

    def last_id(self, room: str) -> int:
        """Return the number of the last message that the room was told; 0 if there is none."""
        return self._last.get(fold(room), 0)

    def shown(self, room: str) -> str:
        """Return a room's name as the first to speak there gave it."""
        return self._shown.get(fold(room), room)

    def submit(self, entry: E) -> None:
        """Give an entry its place; it is delivered later, after all that was submitted before."""
        if not self._submitted:
            self._idle.clear()
            self._gathered.set()
        self._submitted.append(entry)

    async def page(
        self,
        room: str,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int,
    ) -> Page:
        """Return a part of what a room was told.

        With `after` the messages that follow it; else the last ones before `before`, or of all.
        A page ends at 256 KiB. Raises OSError if the log cannot be read.
        """
        newest = after is None
        end = min(_BEYOND if before is None else before, self.last_id(room) + 1)
        messages = await self._store.read(
            room, 0 if after is None else after, end, limit + 1, newest=newest
        )
        kept = _fitting(messages, limit, newest=newest)
        return Page(kept, more=len(kept) < len(messages))

    async def seat(self, key: int) -> Seat | None:
        """Return a seat, if it is still kept. Raises OSError if it cannot be read."""
        return await self._store.seat(key)

    def documents(self, kind: str) -> dict[str, str]:
        """Return the documents of a kind, key -> text, as they were when the log was opened."""
        return self._store.documents(kind)

    async def put(self, kind: str, key: str, text: str | None) -> None:
        """Keep a document in place of the one of this kind and key, or without a text none.

        It is safe when this returns. Raises NotStored.
        """
        async with self._writer:
            await self._store.put(kind, key, text)

    async def write(self) -> None:
        """Store and deliver what is submitted, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._gathered.wait()
            await self._gather()
            self._gathered.clear()
            entries, self._submitted = self._submitted, []
            await self._append(entries)
            start = loop.time()
            self._hand_back(entries)
            self._telling_time = loop.time() - start
            if not self._submitted:
                self._idle.set()

    async def _gather(self) -> None:
        """Let come in what is on its way.

        What the loop receives in one turn is submitted in the next. Without waiting for it, what
        one person sends at once falls into two halves, and each costs a room as much as the whole.

        Where only people come and go, they are gathered for as long as telling the last ones
        took: else a crowd that enters a large room would be told one by one.
        """
        for _turn in range(TURNS):
            await asyncio.sleep(0)
        if self._telling_time > WORTH_GATHERING and not any(
            type(entry.notice) is Draft for entry in self._submitted
        ):
            await asyncio.sleep(min(self._telling_time, LONGEST_GATHERING))

    async def settled(self) -> None:
        """Wait until everything that was submitted has been delivered."""
        await self._idle.wait()

    async def trim(self, keep: int, days: float) -> None:
        """Forget what is beyond `keep` messages of a room or older than `days`; 0 keeps all.

        Does nothing while somebody recovers who was promised all of it.
        """
        since = _now() - int(days * _DAY) if days else 0
        more = True
        while more and not self._held():
            try:
                async with self._writer:  # given up between two chunks
                    more = await self._store.trim(keep, since)
            except Exception as error:  # noqa: BLE001 - it is tried again later
                _log.error("The log cannot be trimmed: %s", error)
                return

    def hold(self, reader: object) -> None:
        """Trim nothing until a reader is released, but for at most ten minutes."""
        self._recovering[reader] = asyncio.get_running_loop().time()

    def release(self, reader: object) -> None:
        """Let trimming go on, as far as this reader is concerned."""
        self._recovering.pop(reader, None)

    def _held(self) -> bool:
        now = asyncio.get_running_loop().time()
        return any(now - since < LONGEST_HOLD for since in self._recovering.values())

    async def finish(self) -> None:
        """Close the store; nothing may be submitted any more."""
        await self._store.close()

    async def _append(self, entries: Sequence[E]) -> None:
        now = _now()
        drafts: list[E] = []
        posted: list[Posted] = []
        for entry in entries:
            if type(entry.notice) is Draft:
                drafts.append(entry)
                posted.append(Posted(entry.room, entry.notice, now))
        seats = [entry.seat for entry in entries if entry.seat is not None]
        if not posted and not seats:
            return
        try:
            async with self._writer:
                stored = await self._store.append(posted, seats)
        except Exception as error:  # noqa: BLE001 - the service goes on, whatever the store does
            if not isinstance(error, NotStored):
                _log.exception("The store failed")
            elif not drafts:
                _log.error("A seat was not stored: %s", error)
            for entry in drafts:
                entry.error = error
            return
        for entry, message in zip(drafts, stored, strict=True):
            if type(message) is Repeated:
                entry.notice, entry.repeats = None, message.said
            else:
                entry.notice = message

    def _hand_back(self, entries: Sequence[E]) -> None:
        rooms: dict[str, list[E]] = {}
        for entry in entries:
            rooms.setdefault(fold(entry.room), []).append(entry)
        told: list[Told[E]] = []
        for key, happened in rooms.items():
            before = self._last.get(key, 0)
            told.append((happened[0].room, before, happened))
            for entry in happened:
                if type(entry.notice) is Said:
                    self._last[key] = entry.notice.id
                    if not before:
                        self._shown.setdefault(key, entry.room)
        self._deliver(told)


def _now() -> int:
    return time.time_ns() // 1_000_000


def _fitting(messages: Sequence[Said], limit: int, *, newest: bool) -> list[Said]:
    """Return as many messages as fit a page, at least one, from the end that was asked for."""
    size = 0
    kept: list[Said] = []
    for said in reversed(messages) if newest else messages:
        size += json_size(said.message) + json_size(said.user) + _MESSAGE_BYTES
        if len(kept) == limit or (kept and size > PAGE_BYTES):
            break
        kept.append(said)
    return kept[::-1] if newest else kept
