"""A WebSocket as a line: whole frames beside aiohttp's own, and an end in stages."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import WebSocketError, WSMessage, WSMsgType, web

from lines.line import BOUND, Line
from wire.errors import Disconnect
from wire.forms import Form
from wire.frames import MAX_FRAME, PING, close_frame, json_frame, pong
from wire.messages import AnyBody, Reason

CLOSING_TIME = 2.0  # seconds that a person has to answer a close frame
NEVER_PAUSED = 1 << 30  # bytes
_TEXT, _BINARY = WSMsgType.TEXT, WSMsgType.BINARY
SEND_BUFFER = 64 * 1024  # bytes the kernel may hold; what it holds we cannot measure


class WebSocketLine(Line):
    """One person's WebSocket.

    Once `listen` has returned, `reason` says how the line ended, and `hang_up` is due.
    """

    __slots__ = ("_now", "_request", "_ws", "close_code", "last_heard")

    def __init__(
        self,
        request: web.Request,
        form: Form,
        *,
        protocols: Sequence[str] = (),
        max_message: int = MAX_FRAME,
        compress: bool = False,
    ) -> None:
        if request.transport is None:
            raise ConnectionResetError("The line was gone before the handshake")
        super().__init__(request.transport, form)
        self._now = asyncio.get_running_loop().time
        self.last_heard = self._now()  # a sign of life
        self.close_code: int | None = None  # of the other's close frame
        self._request = request
        self._ws: web.WebSocketResponse = web.WebSocketResponse(
            timeout=CLOSING_TIME,
            autoclose=False,
            autoping=False,
            compress=compress,  # only what comes; what goes is written past aiohttp
            protocols=protocols,
            max_msg_size=max_message + 1,  # aiohttp refuses what reaches its bound
        )

    async def open_up(self) -> web.WebSocketResponse:
        """Shake hands; what is wrong with the handshake is said in an HTTP answer."""
        if "Upgrade" not in self._request.headers:
            raise web.HTTPUpgradeRequired(
                text="This address speaks WebSocket; connect to it with a WebSocket client.\n",
                headers={"Upgrade": "websocket", "Connection": "Upgrade"},
            )
        sock: socket.socket | None = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        # aiohttp waits for a paused transport when it closes, and might wait for ever.
        self.transport.set_write_buffer_limits(high=NEVER_PAUSED)
        try:
            await self._ws.prepare(self._request)
        except ConnectionError:
            raise web.HTTPBadRequest from None  # they hung up; nobody will read this
        return self._ws

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self._ws.ws_protocol

    def render(self, body: AnyBody) -> bytes:
        """Return a body as one frame."""
        return json_frame(body)

    async def listen(self, take: Callable[[str | bytes], Awaitable[None] | None]) -> None:
        """Let each text or binary message be taken, until the line has ended.

        What `take` returns, if anything, is awaited before the next one is received.
        """
        receive, transport, now = self._ws.receive, self.transport, self._now
        while True:
            message = await receive()
            self.last_heard = now()
            kind = message.type
            if kind is _TEXT or kind is _BINARY:
                if not (self.closed or transport.is_closing()):  # `open`, without the calls
                    waiting = take(message.data)
                    if waiting is not None:
                        await waiting
            elif kind is WSMsgType.PING:
                if self.unsent <= BOUND:
                    self.write(pong(message.data))
            elif kind is not WSMsgType.PONG:
                self._note_end(message)
                return

    def _note_end(self, message: WSMessage) -> None:
        if message.type is WSMsgType.CLOSE:
            self.close_code = message.data
            self.ended(Reason.CLOSED)
        elif message.type is WSMsgType.ERROR and isinstance(message.data, WebSocketError):
            self.ended(Reason.KICKED)

    def ping(self) -> None:
        """Ask for a sign of life."""
        self.write(PING)

    def end(self, disconnect: Disconnect, reason: Reason = Reason.KICKED) -> None:
        """Send a close frame; who does not answer it within two seconds is cut off.

        The person must be out of the room first.
        """
        self.ended(reason)
        self.write_last(close_frame(disconnect.code, disconnect.reason))
        asyncio.get_running_loop().call_later(CLOSING_TIME, self.cut_off)

    async def hang_up(self, disconnect: Disconnect) -> None:
        """Bring the line to its end: a close frame, if none was sent, and wait for the other's."""
        if not self.closed:
            self.end(disconnect)
        await self.listen(_drop)
        self.transport.close()  # what is unsent is still sent, until the two seconds are over


def _drop(_message: str | bytes) -> None:
    """Drop what comes after our last word."""
