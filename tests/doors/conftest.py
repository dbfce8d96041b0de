"""A house whose telnet door is open, on a port of its own."""

import pytest

from server import TELNET
from tests.transcript import House


@pytest.fixture
async def port(house: House) -> int:
    """Open the telnet door of the house, and return its port."""
    return await house.app[TELNET].open("127.0.0.1", 0)
