"""The log in one SQLite file: one writer thread, one reader thread, one server.

In WAL mode with `synchronous = NORMAL` a commit outlives any end of the process, but the last
ones may be gone with the power. So an unclean start under another boot gives the log a new
epoch. How messages lie in the file is told in schema.sql.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from journal import documents, trimming
from journal import seats as seat_table
from journal.file import LogFile
from journal.promise import Log, NoSeat, NotStored, Posted, Repeated, Seat, Stored
from wire.messages import Draft, Said
from wire.names import fold

ANCHOR = 128  # messages of a room from one anchor to the next
SEATS_EVERY = 600.0  # seconds from one look for seats whose time is over to the next
HEADS = 4096  # messages after which the heads are written; as many are read at a start

_INSERT = (
    "insert into message (seq, room, id, previous, ts, nick, text) values (?, ?, ?, ?, ?, ?, ?)"
)
# The messages before a start, newest first: at most :steps of them, and none up to :after.
_WALK = """
with recursive back (seq, id, previous, ts, nick, text) as (
    select seq, id, previous, ts, nick, text from message where seq = :start and id > :after
    union all
    select m.seq, m.id, m.previous, m.ts, m.nick, m.text
    from back join message as m on m.seq = back.previous
    where back.id > :after + 1
    limit :steps
)
select id, ts, nick, text from back where id < :before
"""
_SENT = """
select sent.id, sent.ts, message.nick, message.text
from sent left join message on message.seq = sent.seq
where sent.session = ? and sent.room = ? and sent.key = ?
"""

_log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class _Head(NamedTuple):
    """The last message of a room."""

    key: int
    name: str
    last_id: int
    last_seq: int


class SqliteStore:
    """Keeps the log in a file; raises JournalError if that cannot be had for writing.

    Opening may block for as long as it takes to read some thousand messages.
    """

    def __init__(self, path: Path) -> None:
        self._file = LogFile(path)
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="journal-write")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="journal-read")
        self.epoch = self._file.epoch
        self._heads: dict[str, _Head] = {}  # of each room, by its folded name
        self._first: dict[str, int] = {}
        self._seq = 0
        self._unwritten = 0  # messages since the heads were written
        self._seats_due = 0.0
        try:
            self._load(self._file.writer)
        except sqlite3.Error as error:
            self._file.let_go()
            self._file.refuse(str(error), error)

    def _load(self, db: sqlite3.Connection) -> None:
        names: dict[int, str] = {}
        for key, folded, name, first_id, last_id, last_seq in db.execute(
            "select key, folded, name, first_id, last_id, last_seq from room"
        ):
            names[key] = folded
            self._heads[folded] = _Head(key, name, last_id, last_seq)
            self._first[folded] = first_id
            self._seq = max(self._seq, last_seq)
        for seq, key, last_id in db.execute(
            "select seq, room, id from message where seq > ? order by seq", (self._seq,)
        ):
            head = self._heads[names[key]]
            self._heads[names[key]] = head._replace(last_id=last_id, last_seq=seq)
            self._seq = seq
            self._unwritten += 1

    def logs(self) -> list[Log]:
        """Return what there is of every room's log."""
        return [Log(head.name, head.last_id) for head in self._heads.values()]

    def seats(self) -> list[Seat]:
        """Return the seats whose lines had not ended when the log was last closed."""
        return seat_table.lasting(self._file.writer)

    def documents(self, kind: str) -> dict[str, str]:
        """Return the documents of a kind, key -> text, as they were when the log was opened."""
        return documents.kept(self._file.writer, kind)

    def first_id(self, room: str) -> int:
        """Return the number of the oldest message that is still kept; 1 if nothing was trimmed."""
        return self._first.get(fold(room), 1)

    async def append(
        self, posted: Sequence[Posted], seats: Sequence[Seat | NoSeat]
    ) -> list[Stored]:
        """Store and number all of these messages and seats, or none and raise NotStored."""
        stored, heads, seq = await self._write(self._append, posted, seats)
        self._heads.update(heads)
        for folded in heads:
            self._first.setdefault(folded, 1)
        self._seq = seq
        return stored

    async def _write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something in the writer thread, as one transaction or not at all."""

        def transaction() -> T:
            with self._file.writer as db:
                db.execute("begin immediate")
                return work(*args, **kwargs)

        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._writing, transaction)
        except sqlite3.Error as error:
            raise NotStored(f"{error}.") from error

    def _append(
        self, posted: Sequence[Posted], seats: Sequence[Seat | NoSeat]
    ) -> tuple[list[Stored], dict[str, _Head], int]:
        db = self._file.writer
        heads: dict[str, _Head] = {}
        stored: list[Stored] = []
        rows = []
        under_way: dict[tuple[int, int | None, str], Said] = {}  # keys of this batch
        seq = self._seq
        for message in posted:
            draft, ts = message.draft, message.ts
            folded = fold(message.room)
            head = (
                heads.get(folded) or self._heads.get(folded) or _new_room(db, folded, message.room)
            )
            if draft.key is not None:
                sent = head.key, draft.session, draft.key
                first = under_way.get(sent) or _sent(db, head, draft)
                if first is not None:
                    stored.append(Repeated(first))
                    continue
            seq += 1
            said = Said(head.last_id + 1, ts, draft.user, draft.message)
            rows.append((seq, head.key, said.id, head.last_seq, ts, said.user, said.message))
            if draft.key is not None:
                under_way[sent] = said
                db.execute(
                    "insert into sent (session, room, key, seq, id, ts) values (?, ?, ?, ?, ?, ?)",
                    (draft.session, head.key, draft.key, seq, said.id, ts),
                )
            if said.id % ANCHOR == 0:
                db.execute(
                    "insert into anchor (room, id, seq) values (?, ?, ?)", (head.key, said.id, seq)
                )
            heads[folded] = head._replace(last_id=said.id, last_seq=seq)
            stored.append(said)
        db.executemany(_INSERT, rows)
        seat_table.store(db, seats)
        unwritten = self._unwritten + len(rows)
        if unwritten >= HEADS:
            self._write_heads(self._heads | heads)
            unwritten = 0
        self._unwritten = unwritten
        return stored, heads, seq

    def _write_heads(self, heads: dict[str, _Head]) -> None:
        self._file.writer.executemany(
            "update room set last_id = ?1, last_seq = ?2 where key = ?3 and last_seq <> ?2",
            [(head.last_id, head.last_seq, head.key) for head in heads.values()],
        )

    async def put(self, kind: str, key: str, text: str | None) -> None:
        """Keep a document in place of the one of this kind and key, or without a text none."""
        await self._write(documents.put, self._file.writer, kind, key, text)

    async def read(
        self, room: str, after: int, before: int, limit: int, *, newest: bool
    ) -> list[Said]:
        """Return the messages with `after` < id < `before`, oldest first, at most `limit`."""
        head = self._heads.get(fold(room))
        if head is None:
            return []
        after = max(after, self.first_id(room) - 1)
        before = end = min(before, head.last_id + 1)
        if newest:
            after = max(after, before - 1 - limit)
        else:
            before = min(before, after + 1 + limit)
        if before - after <= 1:
            return []
        messages = await self._read(self._walk, head, after, before)
        first = messages[0].id if messages else before
        if first > after + 1 and not newest:  # trimmed meanwhile: others are now the first ones
            return await self.read(room, first - 1, end, limit, newest=newest)
        return messages

    async def _read(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._reading, lambda: work(*args, **kwargs))
        except sqlite3.Error as error:
            raise OSError(f"The log cannot be read: {error}.") from error

    def _walk(self, head: _Head, after: int, before: int) -> list[Said]:
        db = self._file.reader
        anchor = db.execute(
            "select seq from anchor where room = ? and id >= ? order by id limit 1",
            (head.key, before - 1),
        ).fetchone()
        start = head.last_seq if anchor is None else anchor[0]
        walk = {"start": start, "after": after, "before": before, "steps": before - after + ANCHOR}
        messages = [Said(*row) for row in db.execute(_WALK, walk)]
        messages.reverse()
        return messages

    async def seat(self, key: int) -> Seat | None:
        """Return a seat, if it is still kept. Raises OSError if it cannot be read."""
        return await self._read(seat_table.find, self._file.reader, key)

    async def trim(self, keep: int, since: int) -> bool:
        """Forget some of what need not be kept; return whether there may be more of it."""
        firsts, more = await self._write(self._trim, keep, since)
        self._first.update(firsts)
        return more

    def _trim(self, keep: int, since: int) -> tuple[dict[str, int], bool]:
        db = self._file.writer
        found = trimming.older(db, since)
        for folded, head in self._heads.items():
            if len(found) >= trimming.CHUNK:
                break
            if keep and head.last_id - self._first[folded] >= keep:
                found += trimming.beyond(db, head.key, head.last_seq, head.last_id - keep)
        if found:
            self._write_heads(self._heads)  # they must not be read off messages that are gone
        names = {head.key: folded for folded, head in self._heads.items()}
        firsts = trimming.forget(db, found)
        if time.monotonic() > self._seats_due:
            self._seats_due = time.monotonic() + SEATS_EVERY
            seat_table.forget(db)
        trimming.give_back(db)
        return {names[key]: first for key, first in firsts.items()}, bool(found)

    async def close(self) -> None:
        """Leave the log in a state that the next start can trust."""
        await asyncio.get_running_loop().run_in_executor(self._writing, self._close)
        self._writing.shutdown()

    def _close(self) -> None:
        self._reading.shutdown()  # a page that is being read would hold the file for seconds
        try:
            self._file.settle(lambda: self._write_heads(self._heads))
        except sqlite3.Error as error:
            _log.warning("The log was not closed cleanly, but has all that was stored: %s", error)
        finally:
            self._file.let_go()


def _new_room(db: sqlite3.Connection, folded: str, name: str) -> _Head:
    cursor = db.execute(
        "insert into room (folded, name, first_id, last_id, last_seq) values (?, ?, 1, 0, 0)",
        (folded, name),
    )
    assert cursor.lastrowid is not None  # noqa: S101 - for the type checker
    return _Head(cursor.lastrowid, name, 0, 0)


def _sent(db: sqlite3.Connection, head: _Head, draft: Draft) -> Said | None:
    """Return what this session has sent under this key in this room before.

    Of a message that was trimmed since, what is sent now stands for the text.
    """
    row = db.execute(_SENT, (draft.session, head.key, draft.key)).fetchone()
    if row is None:
        return None
    number, ts, nick, text = row
    return Said(number, ts, draft.user if nick is None else nick, text or draft.message)
