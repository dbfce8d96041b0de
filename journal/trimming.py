"""Forgets what need not be kept, a chunk at a time, so that nobody waits for it long."""

import sqlite3

CHUNK = 1000  # messages, and pages of the file

Found = list[tuple[int, int, int]]
"""Messages to be forgotten: seq, room and id."""

_BEYOND = """
with recursive back (seq, id, previous) as (
    select seq, id, previous from message where seq = :start
    union all
    select m.seq, m.id, m.previous from back join message as m on m.seq = back.previous
)
select seq, :room, id from back where id <= :last
"""


def older(db: sqlite3.Connection, since: int) -> Found:
    """Return the oldest messages of all rooms, as far as they were said before `since`."""
    found: Found = []
    for seq, room, number, ts in db.execute(
        "select seq, room, id, ts from message order by seq limit ?", (CHUNK,)
    ):
        if ts >= since:
            break
        found.append((seq, room, number))
    return found


def beyond(db: sqlite3.Connection, room: int, last_seq: int, last: int) -> Found:
    """Return the oldest messages of a room, as far as their number is at most `last`."""
    oldest = db.execute("select first_id from room where key = ?", (room,)).fetchone()[0]
    last = min(last, oldest + CHUNK - 1)
    anchor = db.execute(
        "select seq from anchor where room = ? and id >= ? order by id limit 1", (room, last)
    ).fetchone()
    start = last_seq if anchor is None else anchor[0]
    return db.execute(_BEYOND, {"start": start, "room": room, "last": last}).fetchall()


def forget(db: sqlite3.Connection, found: Found) -> dict[int, int]:
    """Delete messages; return the new first number of each room that lost some."""
    firsts: dict[int, int] = {}
    for _seq, room, number in found:
        firsts[room] = max(firsts.get(room, 0), number + 1)
    db.executemany("delete from message where seq = ?", [(seq,) for seq, _room, _id in found])
    for room, first in firsts.items():
        db.execute("update room set first_id = ? where key = ?", (first, room))
        db.execute("delete from anchor where room = ? and id < ?", (room, first))
    return firsts


def give_back(db: sqlite3.Connection) -> None:
    """Shorten the file by pages that hold nothing any more."""
    db.execute(f"pragma incremental_vacuum({CHUNK})").fetchall()
