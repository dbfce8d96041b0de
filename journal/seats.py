"""The seats in the file: where each session sat, and what it sent under which key."""

import sqlite3
import time
from collections.abc import Sequence

from journal.promise import KEY_SECONDS, KEYS, SEAT_SECONDS, NoSeat, Seat

_COLUMNS = "key, room, nick, arrived, ended"


def lasting(db: sqlite3.Connection) -> list[Seat]:
    """Return the seats whose lines have not ended."""
    rows = db.execute(f"select {_COLUMNS} from seat where ended is null order by arrived")  # noqa: S608
    return [Seat(*row) for row in rows]


def find(db: sqlite3.Connection, key: int) -> Seat | None:
    """Return a seat, if it is still kept."""
    row = db.execute(f"select {_COLUMNS} from seat where key = ?", (key,)).fetchone()  # noqa: S608
    return None if row is None else Seat(*row)


def store(db: sqlite3.Connection, seats: Sequence[Seat | NoSeat]) -> None:
    """Store seats, and delete those that are not to be taken back any more."""
    for seat in seats:
        if isinstance(seat, NoSeat):
            db.execute("delete from seat where key = ?", (seat.key,))
            db.execute("delete from sent where session = ?", (seat.key,))
        else:
            db.execute(
                f"replace into seat ({_COLUMNS}) values (?, ?, ?, ?, ?)",  # noqa: S608
                (seat.key, seat.room, seat.nick, seat.arrived, seat.ended),
            )


def forget(db: sqlite3.Connection) -> None:
    """Delete seats that can no longer be taken back, and keys that need not be remembered."""
    now = time.time_ns() // 1_000_000
    over = now - SEAT_SECONDS * 1000
    sessions = db.execute("delete from seat where ended < ? returning key", (over,)).fetchall()
    db.executemany("delete from sent where session = ?", sessions)
    crowded = db.execute(
        "select session from sent group by session having count(*) > ?", (KEYS,)
    ).fetchall()
    for (session,) in crowded:
        db.execute(
            "delete from sent where session = ?1 and ts < ?2 and seq not in"
            " (select seq from sent where session = ?1 order by seq desc limit ?3)",
            (session, now - KEY_SECONDS * 1000, KEYS),
        )
