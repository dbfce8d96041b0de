"""Karaoke as a part of the service: its route, its life, and what it needs of chat."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

import utils
from karaoke.service import Service
from karaoke.sources import library
from karaoke.transport import PATH, Gate, Transport
from wire.messages import Draft
from wire.names import RESERVED_NICK

KIND = "karaoke"  # of what the journal keeps for us
DROP_EVERY = 60 * 60.0  # seconds


class Karaoke:
    """All karaoke rooms of one application.

    The gate says who may connect; with a key file, playback machines need one of its keys; an
    address has at most so many sessions, 0 sets no limit.
    """

    def __init__(
        self,
        app: web.Application,
        gate: Gate,
        key_file: Path | None,
        sessions_per_address: int,
    ) -> None:
        self._app = app
        self._transport = Transport(gate, sessions_per_address)
        self._service = Service(
            self._transport.emit,
            self._put,
            self._say,
            library(),
            key_file,
            lambda name: name in utils.rooms_of(app),
        )
        self._transport.service = self._service

    def routes(self) -> list[web.RouteDef]:
        """Return the route of Socket.IO."""
        return [web.route("*", PATH, self._transport.answer)]

    async def live(self, app: web.Application) -> AsyncIterator[None]:
        """Bring the rooms back, and drop those that are idle, for as long as the service runs.

        The journal is open before and after.
        """
        self._service.hall.restore(app[utils.JOURNAL].documents(KIND))
        await self._service.drop_idle()
        dropping = asyncio.create_task(self._drop())
        yield
        dropping.cancel()
        await asyncio.wait((dropping,))

    async def close(self, _app: web.Application) -> None:
        """End everybody's line; the service stops."""
        await self._transport.close()

    async def _drop(self) -> None:
        while True:
            await asyncio.sleep(DROP_EVERY)
            await self._service.drop_idle()

    async def _put(self, key: str, text: str | None) -> None:
        await self._app[utils.JOURNAL].put(KIND, key, text)

    def _say(self, room: str, text: str) -> None:
        utils.broadcast(self._app, room, Draft(RESERVED_NICK, text))
