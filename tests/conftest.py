"""An open house, and an eye on its log."""

import logging
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from settings import MEMORY
from tests.transcript import House, opened

# Whoever starts the tests in the background of a script lets them, and every program that they
# start, ignore Ctrl-C, which some of them are to be told.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def quiet_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """See, once the test is over, that it left no error and no traceback in the log."""
    yield
    records = [*caplog.get_records("call"), *caplog.get_records("teardown")]
    assert not [
        f"{record.name}: {record.getMessage()} {record.exc_info}"
        for record in records
        if record.levelno >= logging.ERROR or record.exc_info
    ]


@pytest.fixture
async def house(quiet_log: None) -> AsyncIterator[House]:  # noqa: ARG001 - it looks on
    """Open a house without limits, its log in memory, and look at what it logged in the end."""
    async with opened() as house:
        yield house


@pytest.fixture(params=["memory", "file"])
async def kept(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    quiet_log: None,  # noqa: ARG001 - it looks on
) -> AsyncIterator[House]:
    """Open a house that keeps its log in memory, or in a file."""
    data = MEMORY if request.param == "memory" else str(tmp_path / "log.db")
    async with opened(data=data) as house:
        yield house
