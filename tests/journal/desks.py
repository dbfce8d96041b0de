"""A journal at work: what is submitted to it, and what it hands back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from journal.promise import Store, Told
from journal.spine import Journal
from wire.messages import Draft, Notice, Said
from wire.names import fold


@dataclass(eq=False)
class Entry:
    """Something that happens in a room."""

    room: str
    notice: Notice | Draft | None = None
    seat: Any = None
    error: Exception | None = None
    repeats: Said | None = None


class Desk:
    """Submits to a journal, and keeps all that it hands back, checked for its order."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.journal: Journal[Entry] = Journal(store, self.deliver)
        self.delivered: dict[str, list[Entry]] = {}
        self.submitted: dict[str, list[Entry]] = {}
        self.last: dict[str, int] = {}
        self.batches = 0

    def deliver(self, told: Sequence[Told[Entry]]) -> None:
        """Take what happened in some rooms, each of which is there once."""
        assert len({fold(room) for room, _before, _entries in told}) == len(told)
        for room, before, entries in told:
            self._take(room, before, entries)

    def _take(self, room: str, before: int, entries: Sequence[Entry]) -> None:
        """Take what happened in a room; its numbers go on where they were, without a hole."""
        key = fold(room)
        self.batches += 1
        assert before == self.last.get(key, before)
        last = before
        for entry in entries:
            assert fold(entry.room) == key
            if isinstance(entry.notice, Said):
                last += 1
                assert entry.notice.id == last
        self.last[key] = last
        assert self.journal.last_id(room) == last
        self.delivered.setdefault(key, []).extend(entries)

    def say(self, text: str, room: str = "tea", user: str = "ann") -> Entry:
        """Submit a message."""
        return self.submit(Entry(room, Draft(user, text)))

    def submit(self, entry: Entry) -> Entry:
        """Submit anything."""
        self.journal.submit(entry)
        self.submitted.setdefault(fold(entry.room), []).append(entry)
        return entry

    async def said(self, *texts: str, room: str = "tea") -> list[Entry]:
        """Say something and wait until it is handed back."""
        entries = [self.say(text, room) for text in texts]
        await self.journal.settled()
        return entries

    async def log(self, room: str = "tea") -> list[str]:
        """Return the texts of a room's log, read page by page, and see that they have no hole."""
        texts: list[str] = []
        last = first = 0
        more = True
        while more:
            page = await self.journal.page(room, after=last, limit=200)
            for said in page.messages:
                first = first or said.id
                assert said.id == first + len(texts)
                texts.append(said.message)
                last = said.id
            more = page.more
        return texts


@asynccontextmanager
async def at_work(store: Store) -> AsyncIterator[Desk]:
    """Run a journal over a store, and close it in the end."""
    desk = Desk(store)
    writing = asyncio.create_task(desk.journal.write())
    try:
        yield desk
        await desk.journal.settled()
    finally:
        writing.cancel()
        await asyncio.wait((writing,))
        await desk.journal.finish()
    assert desk.delivered == desk.submitted
