"""Scripted servers, and clients that do not wait before they try again."""

from collections.abc import AsyncIterator

import pytest

from calls import lifeline
from tests.client.callers import scripted
from tests.scripted import ScriptedServer


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients try again at once."""
    monkeypatch.setattr(lifeline, "backoff", lambda _: 0.0)


@pytest.fixture(params=[1, 2])
async def versions(request: pytest.FixtureRequest) -> AsyncIterator[ScriptedServer]:
    """Return a server of each version that does what the test says."""
    async with scripted(request.param) as server:
        yield server


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """Return a server of version 2 that does what the test says."""
    async with scripted() as server:
        yield server


@pytest.fixture
async def old_server() -> AsyncIterator[ScriptedServer]:
    """Return a server of version 1 that does what the test says."""
    async with scripted(1) as server:
        yield server
