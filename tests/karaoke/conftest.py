from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from tests.karaoke.people import Visitor, visitor
from tests.transcript import House


@dataclass
class Evening:
    """A karaoke room `Tea` with a playback machine, a guest and an admin in it."""

    house: House
    playback: Visitor
    guest: Visitor
    admin: Visitor


@pytest.fixture
async def evening(house: House) -> AsyncIterator[Evening]:
    """Open a karaoke room."""
    async with AsyncExitStack() as stack:
        playback, guest, admin = [await stack.enter_async_context(visitor(house)) for _ in "pga"]
        await playback.registers()
        await playback.offers()
        await guest.enters()
        await admin.enters(admin=True)
        yield Evening(house, playback, guest, admin)
