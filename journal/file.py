"""The file of a log: locked for life, ours, whole, and of a version that we understand."""

import fcntl
import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import IO, NoReturn

from journal import documents
from journal.promise import JournalError

VERSION = 1
APPLICATION_ID = 0x526F6F6D  # "Room"; SQLite keeps it in the file's header

_SCHEMA = Path(__file__).with_name("schema.sql")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class LogFile:
    """Two connections to one SQLite file, one to write and one to read.

    `epoch` is the log's name, a new one if messages that were numbered may be lost. Raises
    JournalError, and has changed nothing, if the file cannot be had.
    """

    def __init__(self, path: Path) -> None:
        self._path = (
            path.resolve() if path.name else path
        )  # one file, one lock, whatever links to it
        self._lock = self._take_lock()
        try:
            self.writer = self._connect()
            self._recognize()
            self.epoch = self._begin()
            self.reader = self._connect()
            self.reader.execute("pragma query_only = on")
        except sqlite3.Error as error:
            self._lock.close()
            self.refuse(f"{error}; name another file, or restore this one from a copy", error)
        except BaseException:
            self._lock.close()
            raise

    def _take_lock(self) -> IO[bytes]:
        if not self._path.name or self._path.is_dir():
            self.refuse("this names no file; name one")
        path = self._path.with_name(self._path.name + ".lock")
        try:
            lock = path.open("ab")
        except OSError as error:
            self.refuse(f"{error.strerror}; name a file in a folder that can be written", error)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            self.refuse("another server is using it; stop that one, or name another file", error)
        return lock

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        db.execute("pragma busy_timeout = 5000")
        return db

    def _recognize(self) -> None:
        """Refuse a file that is not ours, before anything in it is changed."""
        db = self.writer
        tables = db.execute("select count(*) from sqlite_master").fetchone()[0]
        owner = db.execute("pragma application_id").fetchone()[0]
        version = db.execute("pragma user_version").fetchone()[0]
        if not tables and not owner:
            return
        if owner != APPLICATION_ID:
            self.refuse("it is the database of another program; name another file")
        if version > VERSION:
            self.refuse(
                f"a newer Roomful wrote it (format {version}, this one knows {VERSION});"
                " use that one"
            )

    def _begin(self) -> str:
        """Make a new file ours, and note that from now on the log is open."""
        db = self.writer
        db.execute("pragma auto_vacuum = incremental")  # heeded only by a new file
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")
        try:
            boot = _BOOT_ID.read_text().strip()
        except OSError:
            boot = ""  # unknown: then every unclean start may have been a fall of the machine
        if not db.execute("select count(*) from sqlite_master").fetchone()[0]:
            db.executescript(
                f"begin; {_SCHEMA.read_text()} pragma application_id = {APPLICATION_ID};"
                f" pragma user_version = {VERSION}; commit"
            )
        documents.prepare(db)
        with db:
            db.execute("begin immediate")
            meta = dict(db.execute("select name, value from meta"))
            safe = meta.get("state") == "closed" or (boot and meta.get("boot") == boot)
            epoch: str = meta["epoch"] if safe else secrets.token_hex(8)
            db.executemany(
                "replace into meta (name, value) values (?, ?)",
                [("epoch", epoch), ("boot", boot), ("state", "open")],
            )
        db.execute("pragma synchronous = normal")
        return epoch

    def settle(self, last: Callable[[], None]) -> None:
        """Do the last thing, bring everything to the disk, and note that nothing is missing."""
        self.writer.execute("pragma busy_timeout = 500")  # others may read; a stop does not wait
        self.writer.execute("pragma synchronous = full")
        with self.writer as db:
            db.execute("begin immediate")
            last()
            db.execute("update meta set value = 'closed' where name = 'state'")
        self.writer.execute("pragma wal_checkpoint(truncate)")

    def let_go(self) -> None:
        """Close the file as it is; whatever was stored stays stored."""
        self.reader.close()
        self.writer.close()
        self._lock.close()

    def refuse(self, why: str, cause: Exception | None = None) -> NoReturn:
        """Raise JournalError with the reason why this file cannot be used."""
        raise JournalError(f"The log {self._path} cannot be opened: {why}.") from cause
