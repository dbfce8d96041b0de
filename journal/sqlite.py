"""The log in one SQLite file: one writer thread, one reader thread, one server.

In WAL mode with `synchronous = NORMAL` a commit outlives any end of the process, but the last
ones may be gone with the power. So an unclean start under another boot gives the log a new
epoch. How messages lie in the file is told in schema.sql.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from journal.file import LogFile
from journal.promise import NotStored, Numbered
from wire.messages import Said
from wire.names import fold

ANCHOR = 128  # messages of a room from one anchor to the next
HEADS = 4096  # messages after which the heads are written; as many are scanned at a start

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


@dataclass(frozen=True, slots=True)
class _Head:
    """The last message of a room."""

    key: int
    name: str
    last_id: int
    last_seq: int


class SqliteStore:
    """Keeps the log in a file; raises JournalError if that cannot be had for writing.

    Opening may block for as long as it takes to scan some thousand messages.
    """

    def __init__(self, path: Path) -> None:
        self._file = LogFile(path)
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="journal-write")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="journal-read")
        self.epoch = self._file.epoch
        self._heads: dict[str, _Head] = {}
        self._seq = 0
        self._unwritten = 0  # messages since the heads were written
        self._load(self._file.writer)

    def _load(self, db: sqlite3.Connection) -> None:
        for key, folded, name, last_id, last_seq in db.execute(
            "select key, folded, name, last_id, last_seq from room"
        ):
            self._heads[folded] = _Head(key, name, last_id, last_seq)
            self._seq = max(self._seq, last_seq)
        names = {head.key: folded for folded, head in self._heads.items()}
        for seq, key, last_id in db.execute(
            "select seq, room, id from message where seq > ? order by seq", (self._seq,)
        ):
            folded = names[key]
            self._heads[folded] = _Head(key, self._heads[folded].name, last_id, seq)
            self._seq = seq
            self._unwritten += 1

    def rooms(self) -> dict[str, int]:
        """Return the number of the last message of each room, under the name it is shown by."""
        return {head.name: head.last_id for head in self._heads.values()}

    async def append(self, messages: Sequence[Numbered]) -> None:
        """Store all of these messages, or none and raise NotStored."""
        loop = asyncio.get_running_loop()
        try:
            heads, seq = await loop.run_in_executor(self._writing, self._append, messages)
        except sqlite3.Error as error:
            raise NotStored(f"The log cannot be written: {error}.") from error
        self._heads.update(heads)
        self._seq = seq

    def _append(self, messages: Sequence[Numbered]) -> tuple[dict[str, _Head], int]:
        db = self._file.writer
        heads: dict[str, _Head] = {}
        rows = []
        anchors = []
        seq = self._seq
        with db:
            db.execute("begin immediate")
            for message in messages:
                folded, said = fold(message.room), message.said
                head = heads.get(folded) or self._heads.get(folded)
                if head is None:
                    head = self._new_room(db, folded, message.room)
                seq += 1
                rows.append(
                    (seq, head.key, said.id, head.last_seq, said.ts, said.user, said.message)
                )
                if said.id % ANCHOR == 0:
                    anchors.append((head.key, said.id, seq))
                heads[folded] = _Head(head.key, head.name, said.id, seq)
            db.executemany(_INSERT, rows)
            if anchors:
                db.executemany("insert into anchor (room, id, seq) values (?, ?, ?)", anchors)
            if self._unwritten + len(rows) >= HEADS:
                self._write_heads(db, self._heads | heads)
        self._unwritten = (self._unwritten + len(rows)) % HEADS
        return heads, seq

    def _new_room(self, db: sqlite3.Connection, folded: str, name: str) -> _Head:
        cursor = db.execute(
            "insert into room (folded, name, last_id, last_seq) values (?, ?, 0, 0)",
            (folded, name),
        )
        assert cursor.lastrowid is not None  # noqa: S101 - for the type checker
        return _Head(cursor.lastrowid, name, 0, 0)

    def _write_heads(self, db: sqlite3.Connection, heads: dict[str, _Head]) -> None:
        db.executemany(
            "update room set last_id = ?1, last_seq = ?2 where key = ?3 and last_seq <> ?2",
            [(head.last_id, head.last_seq, head.key) for head in heads.values()],
        )

    async def read(
        self, room: str, after: int, before: int, limit: int, *, newest: bool
    ) -> list[Said]:
        """Return the messages with `after` < id < `before`, oldest first, at most `limit`."""
        head = self._heads.get(fold(room))
        if head is None:
            return []
        before = min(before, head.last_id + 1)
        if newest:
            after = max(after, before - 1 - limit)
        else:
            before = min(before, after + 1 + limit)
        if before - after <= 1:
            return []
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._reading, self._read, head, after, before)
        except sqlite3.Error as error:
            raise OSError(f"The log cannot be read: {error}.") from error

    def _read(self, head: _Head, after: int, before: int) -> list[Said]:
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

    async def close(self) -> None:
        """Leave the log in a state that the next start can trust."""
        await asyncio.get_running_loop().run_in_executor(self._writing, self._close)
        self._writing.shutdown()
        self._reading.shutdown()

    def _close(self) -> None:
        with self._file.writer as db:
            self._write_heads(db, self._heads)
        self._file.close()
