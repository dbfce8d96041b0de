# ruff: noqa: ASYNC240 - nothing else runs while a test prepares its files
import asyncio
import errno
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from journal.promise import JournalError, NotStored
from journal.sqlite import ANCHOR, HEADS, SqliteStore
from tests.journal.desks import Desk, at_work
from wire.messages import Said

HOUSE = Path(__file__).parent.parent.parent
ROOT = 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the log is to lie."""
    return tmp_path / "log.db"


@pytest.fixture(autouse=True)
def boot_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the machine have been started as the file says that is returned."""
    boot = tmp_path / "boot_id"
    boot.write_text("this boot\n")
    monkeypatch.setattr("journal.file._BOOT_ID", boot)
    return boot


async def written(path: Path, *texts: str, room: str = "tea") -> str:
    """Write a log, close it as one should, and return its epoch."""
    async with at_work(SqliteStore(path)) as desk:
        await desk.said(*texts, room=room)
        return desk.journal.epoch


def killed(path: Path, copy: Path) -> Path:
    """Copy a log as it lies there now: as a kill of the process would leave it."""
    for name in (path.name, path.name + "-wal"):
        if (path.parent / name).exists():
            shutil.copy(path.parent / name, copy.parent / name.replace(path.name, copy.name))
    return copy


async def read(path: Path, room: str = "tea") -> list[str]:
    """Open a log and return what was said in a room."""
    async with at_work(SqliteStore(path)) as desk:
        return await desk.log(room)


async def test_numbers_go_on_after_a_restart(path: Path) -> None:
    """A log that is opened again has everything, and goes on where it was, room by room."""
    await written(path, "a", "b")
    await written(path, "x", room="cake")
    async with at_work(SqliteStore(path)) as desk:
        assert (desk.journal.last_id("tea"), desk.journal.last_id("cake")) == (2, 1)
        (entry,) = await desk.said("c", room="TEA")
        assert isinstance(entry.notice, Said)
        assert entry.notice.id == 3
    assert await read(path) == ["a", "b", "c"]
    assert await read(path, "cake") == ["x"]


async def test_a_room_is_shown_as_it_was_first_given_after_a_restart(path: Path) -> None:
    """The spelling of the first to speak outlives everything said later and every restart."""
    await written(path, "a", room="Tea")
    await written(path, "b", room="TEA")
    async with at_work(SqliteStore(path)) as desk:
        assert desk.journal.shown("tea") == "Tea"


@pytest.mark.parametrize("length", [ANCHOR, HEADS - 1, HEADS, HEADS + 1, 2 * HEADS + 7])
@pytest.mark.parametrize("clean", [True, False])
async def test_long_logs_are_whole_after_a_restart(path: Path, length: int, clean: bool) -> None:  # noqa: FBT001 - a parameter
    """However much was said in however many rooms, however it ended, all of it is there."""
    copy = path.with_name("copy.db")
    async with at_work(SqliteStore(path)) as desk:
        for number in range(length):
            desk.say(str(number), room=("tea", "cake", "Ale")[number % 3 % (1 + number % 5)])
            if number % 1000 == 999:
                await desk.journal.settled()
        desk.say("the last", room="new")
        await desk.journal.settled()
        expected = {room: await desk.log(room) for room in ("tea", "cake", "ale", "new")}
        if not clean:
            killed(path, copy)
    async with at_work(SqliteStore(path if clean else copy)) as again:
        for room, texts in expected.items():
            assert await again.log(room) == texts
            (entry,) = await again.said("more", room=room)
            assert isinstance(entry.notice, Said)
            assert entry.notice.id == len(texts) + 1
    assert sum(map(len, expected.values())) == length + 1


async def test_what_was_handed_back_outlives_a_kill(path: Path) -> None:
    """At any moment the files as they lie hold everything that was handed back."""
    async with at_work(SqliteStore(path)) as desk:
        for number in range(5):
            await desk.said(f"{number} a", f"{number} b")
            copy = killed(path, path.with_name(f"copy{number}.db"))
            assert await read(copy) == await desk.log()
            async with at_work(SqliteStore(copy)) as again:
                (entry,) = await again.said("after")
                assert isinstance(entry.notice, Said)
                assert entry.notice.id == 2 * number + 3


CHILD = """
import asyncio, os, sys
from pathlib import Path
from journal.sqlite import SqliteStore
from tests.journal.desks import at_work

async def main():
    async with at_work(SqliteStore(Path(sys.argv[1]))) as desk:
        desk.say("first")
        await desk.journal.settled()
        texts = [str(number) for number in range(200)]
        await desk.said(*texts)
        for number in range(10_000):
            desk.say("unacknowledged")
        await asyncio.sleep(0)
        print(desk.journal.last_id("tea"), flush=True)
        os._exit(9)

asyncio.run(main())
"""


async def test_a_process_that_is_killed_keeps_its_word(path: Path) -> None:
    """A process that ends in the midst of writing has lost nothing that it handed back."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(path), cwd=HOUSE, stdout=subprocess.PIPE
    )
    out, _err = await child.communicate()
    assert child.returncode == 9
    last = out.decode()
    async with at_work(SqliteStore(path)) as desk:
        assert desk.journal.last_id("tea") >= int(last) == 201
        assert len(await desk.log()) == desk.journal.last_id("tea")
        assert (await desk.log())[:201] == ["first", *map(str, range(200))]


class TestEpoch:
    """The name of a log changes only if messages that were numbered may have been lost."""

    async def test_a_clean_end_keeps_it(self, path: Path, boot_id: Path) -> None:
        """Whatever boot a log that was closed is opened under, it is the same log."""
        epoch = await written(path, "a")
        assert await written(path) == epoch
        boot_id.write_text("another boot\n")
        assert await written(path) == epoch
        boot_id.unlink()
        assert await written(path) == epoch

    async def test_an_unclean_end_under_the_same_boot_keeps_it(self, path: Path) -> None:
        """What a killed process has written the system still has."""
        async with at_work(SqliteStore(path)) as desk:
            await desk.said("a")
            epoch = desk.journal.epoch
            copy = killed(path, path.with_name("copy.db"))
        assert await written(copy) == epoch

    @pytest.mark.parametrize("now", ["another boot\n", None])
    async def test_an_unclean_end_under_another_boot_changes_it(
        self, path: Path, boot_id: Path, now: str | None
    ) -> None:
        """After a fall of the machine, or what may have been one, the log has a new name."""
        async with at_work(SqliteStore(path)) as desk:
            await desk.said("a")
            epoch = desk.journal.epoch
            copy = killed(path, path.with_name("copy.db"))
        if now is None:
            boot_id.unlink()
        else:
            boot_id.write_text(now)
        new = await written(copy)
        assert new != epoch
        assert await written(copy) == new
        assert await read(copy) == ["a"]

    async def test_where_no_boot_is_known_every_unclean_start_is_one(
        self, path: Path, boot_id: Path
    ) -> None:
        """Two unknown boots are not the same boot."""
        boot_id.unlink()
        async with at_work(SqliteStore(path)) as desk:
            await desk.said("a")
            epoch = desk.journal.epoch
            copy = killed(path, path.with_name("copy.db"))
        assert await written(copy) != epoch

    async def test_opening_again_makes_it_open_again(self, path: Path, boot_id: Path) -> None:
        """A log that was closed, opened and killed under another boot counts as unclean."""
        epoch = await written(path, "a")
        async with at_work(SqliteStore(path)) as desk:
            assert desk.journal.epoch == epoch
            copy = killed(path, path.with_name("copy.db"))
        boot_id.write_text("another boot\n")
        assert await written(copy) != epoch

    async def test_a_new_file_is_a_new_log(self, path: Path) -> None:
        """A log that was thrown away is not the same when it begins anew."""
        epoch = await written(path, "a")
        for file in path.parent.glob("log.db*"):
            file.unlink()
        assert await written(path) != epoch


def garbage(path: Path) -> None:
    """Write what is no database."""
    path.write_bytes(b"These are my holiday pictures.\n" * 1000)


def short_garbage(path: Path) -> None:
    """Write a few bytes that are no database."""
    path.write_bytes(b"hello")


def zeros(path: Path) -> None:
    """Write nothing, at length."""
    path.write_bytes(bytes(8192))


def foreign(path: Path) -> None:
    """Make another program's database."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table holiday (picture blob)")
        db.execute("insert into holiday values (randomblob(5000))")
        db.commit()


def foreign_and_empty(path: Path) -> None:
    """Make another program's database in which there is nothing yet."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma application_id = 1234")
        db.commit()


def foreign_wal(path: Path) -> None:
    """Make another program's database in WAL mode."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma journal_mode = wal")
    foreign(path)


def newer(path: Path) -> None:
    """Make a log as a later version might."""
    asyncio.run(written(path, "a"))
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma user_version = 1000")


def damaged(path: Path) -> None:
    """Damage a log everywhere but in its first page."""
    asyncio.run(written(path, *(f"{number} " + "x" * 1000 for number in range(100))))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


def damaged_messages(path: Path) -> None:
    """Damage only what was said since the heads were written."""
    store = SqliteStore(path)

    async def said_much() -> None:
        async with at_work(store) as desk:
            await desk.said(*(f"{number} " + "x" * 1000 for number in range(100)))
            killed(path, path.with_name("copy.db"))

    asyncio.run(said_much())
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(copy)) as db:
        db.execute("pragma wal_checkpoint(truncate)")
    size = copy.stat().st_size
    for leftover in path.parent.glob("log.db*"):
        leftover.unlink()
    copy.rename(path)
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xa5" * (size // 2))


def truncated(path: Path) -> None:
    """Cut a log in two and lose one half."""
    asyncio.run(written(path, *(f"{number} " + "x" * 1000 for number in range(100))))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 // 4096 * 4096)


def header_damaged(path: Path) -> None:
    """Damage the beginning of a log."""
    asyncio.run(written(path, "a"))
    with path.open("r+b") as file:
        file.write(b"\x00" * 10)


class TestRefusal:
    """A file that cannot be had is refused with a reason, and is left as it was."""

    @pytest.mark.parametrize(
        ("make", "says"),
        [
            (garbage, "not a database"),
            (short_garbage, "not a database"),
            (zeros, "not a database"),
            (header_damaged, "not a database"),
            (damaged, "malformed"),
            (foreign, "another program; name another file"),
            (foreign_and_empty, "another program; name another file"),
            (foreign_wal, "another program; name another file"),
            (newer, "a newer Roomful wrote it .* use that one"),
        ],
    )
    def test_what_is_no_log_of_ours_is_left_alone(
        self, make: Callable[[Path], None], says: str, path: Path
    ) -> None:
        """Garbage, damage, another program's file, a newer version: refused and not touched."""
        make(path)
        before = path.read_bytes()
        with pytest.raises(JournalError, match=says) as caught:
            SqliteStore(path)
        assert str(path) in str(caught.value)
        assert path.read_bytes() == before
        path.unlink()
        asyncio.run(written(path, "the file can be had at once when it is out of the way"))

    def test_a_log_with_damaged_messages_is_refused(self, path: Path) -> None:
        """Damage that only shows when messages are read is a refusal too, and frees the lock."""
        damaged_messages(path)
        for _attempt in range(2):
            with pytest.raises(JournalError, match="malformed"):
                SqliteStore(path)

    def test_a_refused_file_is_not_kept_open(self, path: Path) -> None:
        """Whoever is refused holds no lock: the next attempt is refused for the same reason."""
        foreign(path)
        for _attempt in range(2):
            with pytest.raises(JournalError, match="another program"):
                SqliteStore(path)

    async def test_a_log_has_one_server(self, path: Path) -> None:
        """A second server is told to stop the first; the first does not notice."""
        async with at_work(SqliteStore(path)) as desk:
            await desk.said("a")
            with pytest.raises(JournalError, match="another server is using it; stop that one"):
                SqliteStore(path)
            await desk.said("b")
            assert await desk.log() == ["a", "b"]
        assert await read(path) == ["a", "b"]

    def test_a_lock_of_another_process_counts(self, path: Path) -> None:
        """The lock is one on a file beside the log, which anyone can see."""
        with path.with_name("log.db.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(JournalError, match="another server"):
                SqliteStore(path)
        assert not path.exists()

    def test_a_missing_directory_is_named(self, path: Path) -> None:
        """A path into nowhere is said to be one."""
        with pytest.raises(JournalError, match=os.strerror(errno.ENOENT)):
            SqliteStore(path / "deeper" / "log.db")

    def test_a_directory_is_no_log(self, path: Path) -> None:
        """A directory in the place of the file is refused."""
        path.mkdir()
        with pytest.raises(JournalError, match="cannot be opened"):
            SqliteStore(path)
        assert list(path.iterdir()) == []

    @pytest.mark.parametrize("name", ["", ".", "/"])
    def test_a_path_that_names_no_file_is_refused(self, name: str) -> None:
        """What cannot be the name of a file is refused as such, not with a traceback."""
        with pytest.raises(JournalError, match="cannot be opened"):
            SqliteStore(Path(name))


@pytest.fixture
def nobody(tmp_path: Path) -> Iterator[None]:
    """Be someone whom the modes of files bind, also where the tests run as root."""
    if os.geteuid() != ROOT:
        yield
        return
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o055 != 0o055:
            folder.chmod(folder.stat().st_mode | 0o055)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(ROOT)


class TestReadOnly:
    """What may only be read cannot be a log."""

    async def test_a_file_that_may_only_be_read_is_refused(
        self, path: Path, request: pytest.FixtureRequest
    ) -> None:
        """A file without leave to write is refused and not touched."""
        await written(path, "a")
        path.with_name("log.db.lock").chmod(0o666)
        path.chmod(0o444)
        before = path.read_bytes()
        request.getfixturevalue("nobody")
        with pytest.raises(JournalError, match=r"readonly|read-only|denied|unable to open"):
            SqliteStore(path)
        assert path.read_bytes() == before

    async def test_a_folder_that_may_only_be_read_is_refused(
        self, path: Path, request: pytest.FixtureRequest
    ) -> None:
        """A folder in which nothing may be made is refused, since a log is several files."""
        folder = path.parent / "shelf"
        folder.mkdir()
        folder.chmod(0o555)
        request.getfixturevalue("nobody")
        with pytest.raises(JournalError, match=os.strerror(errno.EACCES)):
            SqliteStore(folder / "log.db")
        assert list(folder.iterdir()) == []


class TestDiskFull:
    """A full disk costs the messages that did not fit, and nothing else."""

    async def fill(self, desk: Desk, writer: sqlite3.Connection) -> int:
        """Say long things until one does not fit; return how many did."""
        pages = writer.execute("pragma page_count").fetchone()[0]
        writer.execute(f"pragma max_page_count = {pages + 20}")
        for count in range(1000):
            (entry,) = await desk.said(f"{count} " + "x" * 4000)
            if entry.error is not None:
                assert isinstance(entry.error, NotStored)
                assert "full" in str(entry.error)
                return count
        raise AssertionError("the disk never was full")

    async def test_it_goes_on_once_there_is_room(self, path: Path) -> None:
        """What was refused is told so; what was stored is there; numbers have no hole."""
        store = SqliteStore(path)
        async with at_work(store) as desk:
            writer = store._file.writer
            count = await self.fill(desk, writer)
            assert count > 0
            lost = await desk.said("x" * 4000, room="another")
            assert isinstance(lost[0].error, NotStored)
            assert desk.journal.last_id("another") == 0
            assert len(await desk.log()) == count
            writer.execute("pragma max_page_count = 1000000")
            (entry,) = await desk.said("after")
            assert isinstance(entry.notice, Said)
            assert entry.notice.id == count + 1
            (other,) = await desk.said("after", room="Another")
            assert isinstance(other.notice, Said)
            assert other.notice.id == 1
            assert desk.journal.shown("another") == "Another"
        assert len(await read(path)) == count + 1
        assert await read(path, "another") == ["after"]

    async def test_a_full_disk_can_be_left_cleanly(self, path: Path) -> None:
        """A log that ends while the disk is full keeps what it stored, and its name."""
        store = SqliteStore(path)
        async with at_work(store) as desk:
            count = await self.fill(desk, store._file.writer)
            epoch = desk.journal.epoch
        async with at_work(SqliteStore(path)) as again:
            assert len(await again.log()) == count
            assert again.journal.epoch == epoch


async def test_a_broken_reader_is_an_oserror(path: Path) -> None:
    """A log that cannot be read says so as the promise does, and goes on being written."""
    store = SqliteStore(path)
    async with at_work(store) as desk:
        await desk.said("a")
        reader, store._file.reader = store._file.reader, sqlite3.connect(":memory:")
        with pytest.raises(OSError, match="cannot be read"):
            await desk.journal.page("tea", limit=1)
        store._file.reader.close()
        store._file.reader = reader
        await desk.said("b")
        assert await desk.log() == ["a", "b"]


async def test_closing_waits_for_who_is_reading(path: Path) -> None:
    """A page that is being read when the log is closed is read, or refused, and nothing breaks."""
    store = SqliteStore(path)
    async with at_work(store) as desk:
        await desk.said(*(str(number) for number in range(2000)))
        pages: list[asyncio.Task[Any]] = [
            asyncio.create_task(desk.journal.page("tea", after=0, limit=2000)) for _reader in "ab"
        ]
        await asyncio.sleep(0)
    found = await asyncio.gather(*pages, return_exceptions=True)
    assert [len(page.messages) for page in found if not isinstance(page, BaseException)] == [
        2000
    ] * 2
