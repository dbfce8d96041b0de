import asyncio
from pathlib import Path

import pytest

from journal.file import LogFile
from journal.promise import NotStored, Store
from journal.sqlite import SqliteStore
from tests.journal.desks import Desk, at_work


async def test_a_document_replaces_the_one_before(desk: Desk) -> None:
    """Of each kind and key there is at most one document."""
    journal = desk.journal
    await journal.put("songs", "tea", "one")
    await journal.put("songs", "tea", 'two \x00 "\N{SNOWMAN}"')
    await journal.put("songs", "coffee", "")
    await journal.put("other", "tea", "three")
    assert journal.documents("songs") == {"tea": 'two \x00 "\N{SNOWMAN}"', "coffee": ""}
    await journal.put("songs", "tea", None)
    await journal.put("songs", "unknown", None)
    assert journal.documents("songs") == {"coffee": ""}
    assert journal.documents("unheard of") == {}


async def test_documents_and_messages_take_turns(desk: Desk) -> None:
    """A store has one writer, whatever is to be written."""
    for number in range(50):
        desk.say(str(number))
        await asyncio.gather(*(desk.journal.put("k", str(key), "t") for key in range(3)))
    await desk.journal.settled()
    assert await desk.log() == [str(number) for number in range(50)]
    assert len(desk.journal.documents("k")) == 3


async def test_documents_outlive_the_store(tmp_path: Path) -> None:
    """What was put into a file is there at the next start."""
    async with at_work(SqliteStore(tmp_path / "log.db")) as desk:
        await desk.journal.put("songs", "tea", "one")
    async with at_work(SqliteStore(tmp_path / "log.db")) as desk:
        assert desk.journal.documents("songs") == {"tea": "one"}


async def test_a_file_from_before_there_were_documents_is_opened(tmp_path: Path) -> None:
    """The table that is missing is made."""
    file = LogFile(tmp_path / "log.db")
    file.writer.execute("drop table document")
    file.settle(lambda: None)
    file.let_go()
    store: Store = SqliteStore(tmp_path / "log.db")
    await store.put("songs", "tea", "one")
    assert store.documents("songs") == {"tea": "one"}
    await store.close()


async def test_a_document_that_is_not_stored_is_told_of(tmp_path: Path) -> None:
    """Where the file takes nothing, who puts something there hears it."""
    store = SqliteStore(tmp_path / "log.db")
    store._file.writer.execute("drop table document")
    with pytest.raises(NotStored):
        await store.put("songs", "tea", "one")
    await store.close()
