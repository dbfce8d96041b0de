"""Socket.IO on the service's own aiohttp application; events go to the service, in any order."""

import asyncio
import logging
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

import socketio  # type: ignore[import-untyped]
from aiohttp import web
from engineio.payload import Payload  # type: ignore[import-untyped]

from karaoke.entries import Body
from karaoke.packets import JsonPacket
from karaoke.service import Service

PATH: Final = "/socket.io/"
MAX_MESSAGE = 4 * 1024 * 1024  # bytes; a thousand paths of a thousand characters
MAX_PACKETS = 1000  # of one request of a client that polls

_log = logging.getLogger(__name__)


class Gate(Protocol):
    """Who may come in."""

    def welcomes(self, origin: str, host: str) -> bool:
        """Return whether pages of an origin may connect to a host."""

    def admit(self, request: web.Request) -> AbstractContextManager[None]:
        """Hold a place for a WebSocket, or raise the HTTP answer that says why not."""


class Transport:
    """All Socket.IO sessions; `service` is set before the first comes."""

    service: Service

    def __init__(self, gate: Gate, sessions_per_address: int) -> None:
        self._gate = gate
        self._sessions_per_address = sessions_per_address
        self._performing: set[asyncio.Task[Any]] = set()
        self._is_closing = False
        Payload.max_decode_packets = MAX_PACKETS  # the library has no other way to say so
        self._sio = socketio.AsyncServer(
            async_mode="aiohttp",
            serializer=JsonPacket,
            cors_allowed_origins=lambda origin, environ: (
                origin is not None and gate.welcomes(origin, environ["aiohttp.request"].host)
            ),
            cors_credentials=False,
            max_http_buffer_size=MAX_MESSAGE,
            http_compression=False,  # it would be done on the loop
            logger=_log,
            engineio_logger=_log,
        )
        self._ended = self._sio.eio.handlers["disconnect"]
        self._sio.eio.on("disconnect", self._end)
        self._sio.on("connect", self._connect)
        self._sio.on("disconnect", self._disconnect)
        self._sio.on("*", self._perform)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, or talk over one WebSocket until it ends."""
        with self._gate.admit(request):
            if self._is_closing:
                raise web.HTTPServiceUnavailable
            try:
                response: web.StreamResponse = await self._sio.handle_request(request)
            except (ValueError, RecursionError):  # this is no Engine.IO
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=400)
            return response

    async def emit(self, event: str, payload: Body, to: list[str]) -> None:
        """Tell sessions something; who is gone is not told."""
        await self._sio.emit(event, payload, to=to)

    async def close(self) -> None:
        """End all lines, so that clients come back by themselves.

        A Socket.IO goodbye would tell them to stay away.
        """
        self._is_closing = True
        for task in self._performing:
            task.cancel()
        for line in tuple(self._sio.eio.sockets.values()):
            await line.close(wait=False, abort=True)
            line.queue.put_nowait(None)  # ends its writer, or its poll
        await self._sio.shutdown()

    async def _connect(self, sid: str, environ: dict[str, Any], _auth: object = None) -> None:
        address = environ["aiohttp.request"].remote or ""
        limit = self._sessions_per_address
        if limit and self.service.connected_from(address) >= limit:
            raise socketio.exceptions.ConnectionRefusedError(
                "There are too many connections from your address; close one first."
            )
        self.service.connect(sid, address)

    async def _end(self, line_id: str, reason: str) -> None:
        """Answer the poll of a client that has said goodbye; the library would let it hang."""
        await self._ended(line_id, reason)
        line = self._sio.eio.sockets.get(line_id)
        if line is not None and not line.upgraded:
            line.queue.put_nowait(None)

    async def _disconnect(self, sid: str, _reason: object = None) -> None:
        self.service.disconnect(sid)

    async def _perform(self, event: str, sid: str, *payload: object) -> bool | None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - the library makes one for each event
        self._performing.add(task)
        try:
            return await self.service.perform(sid, event, payload[0] if payload else None)
        finally:
            self._performing.discard(task)


def _is_ours(record: logging.LogRecord) -> bool:
    """Return whether the library tells of more than somebody's nonsense."""
    if record.exc_info is None:
        return record.name != __name__
    return not isinstance(record.exc_info[1], ValueError)


_log.addFilter(_is_ours)
_log.setLevel(logging.ERROR)
