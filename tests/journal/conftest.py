from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from journal.memory import MemoryStore
from journal.promise import Store
from journal.sqlite import SqliteStore
from tests.journal.desks import Desk, at_work


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return every store in its turn."""
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "log.db")


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    """Run a journal over every store."""
    async with at_work(store) as desk:
        yield desk
