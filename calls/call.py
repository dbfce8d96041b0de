"""A call is one connection to a chat server; its reader and its sender end together."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import aiohttp
from aiohttp import ClientWebSocketResponse, ClientWSTimeout, WSMessage, WSMsgType
from yarl import URL

from calls.events import ConnectionLost, NotConnected, RequestRefused, Unreachable
from calls.reading import OutOfOrder
from wire.errors import Refused
from wire.frames import MAX_FRAME, decode_json, encode_json
from wire.messages import Body
from wire.version2 import SUBPROTOCOL

OPENING = 10.0  # seconds in which a server must greet
CLOSING = 2.0  # seconds for the other side to answer a close frame
HEARTBEAT = 30.0  # seconds of silence after which the server is pinged


FINAL = frozenset({1008, 4001})  # close codes after which nobody comes back by himself


class End(NamedTuple):
    """Why a call ended, and whether that is final: a client does not come back by itself."""

    reason: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    request: Body
    reply: asyncio.Future[Body]


class Call:
    """Requests go out in order, and each awaits its own reply.

    `hear` is called, in the order of arrival, with every body and, if it is a reply, with the
    request that it answers. If it raises OutOfOrder the call ends.
    """

    def __init__(
        self, ws: ClientWebSocketResponse, hear: Callable[[Body, Body | None], None]
    ) -> None:
        self._ws = ws
        self._hear = hear
        self._refs = itertools.count(1)
        self._asked: dict[int, _Asked] = {}  # in the order of asking
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._hung_up: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self._ended: str | None = None  # why, once it has

    async def request(self, request: Body) -> Body:
        """Return the reply, of whatever success; raise ConnectionLost if there will be none."""
        if self._ended is not None:
            raise NotConnected(self._ended)
        ref = next(self._refs)
        text = _encoded({**request, "ref": ref})
        asked = self._asked[ref] = _Asked(request, asyncio.get_running_loop().create_future())
        self._outgoing.put_nowait(text)
        return await asked.reply

    def hang_up(self, reason: str) -> None:
        """End the call."""
        if not self._hung_up.done():
            self._hung_up.set_result(End(reason))

    async def run(self) -> End:
        """Carry both ways until the connection ends; return why it did.

        Cancelled, it ends the connection politely. Whoever waits for a reply is told.
        """
        reader = asyncio.create_task(self._read())
        sender = asyncio.create_task(self._send())
        ended = End("this client has left")
        try:
            ends = (self._hung_up, reader, sender)
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            ended = next(end for end in ends if end in done).result()
        finally:
            self._ended = ended.reason
            for asked in self._asked.values():
                if not asked.reply.done():
                    asked.reply.set_exception(ConnectionLost(ended.reason))
            sender.cancel()
            await _close(self._ws)  # this ends the reader; cancelled, it would cut the line short
            reader.cancel()
            await asyncio.gather(reader, sender, return_exceptions=True)
        return ended

    async def _read(self) -> End:
        while (received := await self._ws.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
            body = _body(received)
            if body is not None:
                try:
                    self._read_body(body)
                except OutOfOrder as fault:
                    return End(f"the server left something out: {fault}")
        return End(_why(received), received.type is WSMsgType.CLOSE and received.data in FINAL)

    def _read_body(self, body: Body) -> None:
        if "success" not in body:
            self._hear(body, None)
            return
        asked = self._asked_by(body)
        if asked is None:
            return  # an answer to nothing we asked
        self._hear(body, asked.request)
        if not asked.reply.done():
            asked.reply.set_result(body)

    def _asked_by(self, reply: Body) -> _Asked | None:
        """Take out the request that a reply answers; without `ref` they come in order."""
        ref = reply.get("ref")
        if ref is None:
            action = reply.get("action")
            alike = (r for r, asked in self._asked.items() if asked.request["action"] == action)
            ref = next(alike, None)
        return self._asked.pop(ref, None) if type(ref) is int else None

    async def _send(self) -> End:
        try:
            while True:
                text = await self._outgoing.get()
                await self._ws.send_str(text)
        except (aiohttp.ClientError, OSError) as error:
            return End(f"the connection broke: {error}")


def _encoded(request: Body) -> str:
    """Return a request as text, or raise RequestRefused for what no server would take."""
    try:
        text = encode_json(request)
        size = len(text.encode())
    except ValueError as error:
        raise RequestRefused(f"This cannot be sent as JSON: {error}.") from None
    if size > MAX_FRAME:
        raise RequestRefused(f"At most {MAX_FRAME} bytes can be sent at once; these are {size}.")
    return text


def _body(received: WSMessage) -> Body | None:
    """Return the JSON object that was received, or None for anything else."""
    if received.type is not WSMsgType.TEXT:
        return None
    try:
        value = decode_json(received.data)
    except Refused:
        return None
    return value if isinstance(value, dict) else None


def _why(last: WSMessage) -> str:
    if last.type is WSMsgType.CLOSE:
        said = ": ".join(str(part) for part in (last.data, last.extra) if part)
        return f"the server closed the connection ({said})"
    return "the connection broke off"


async def _close(ws: ClientWebSocketResponse) -> None:
    """Send a close frame, if that can be, and give the other side a moment to answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSING):
            await ws.close()


async def place_call(
    session: aiohttp.ClientSession,
    url: str,
    wanted: Mapping[str, str],
    hear: Callable[[Body, Body | None], None],
) -> tuple[Call, Body]:
    """Return a new call, and the body that greeted it; raise Unreachable.

    It speaks version 2 if the server does. `wanted` are the `room` and `nick` to ask for; `hear`
    is told what the call says.
    """
    try:
        async with asyncio.timeout(OPENING), contextlib.AsyncExitStack() as undo:
            ws = await session.ws_connect(
                URL(url).update_query(wanted),
                protocols=(SUBPROTOCOL,),
                timeout=ClientWSTimeout(ws_close=CLOSING),
                heartbeat=HEARTBEAT,
            )
            undo.push_async_callback(_close, ws)
            greeting = await _greeting(ws)
            undo.pop_all()
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Unreachable(f"{url}: {_trouble(error)}") from error
    return Call(ws, hear), greeting


async def _greeting(ws: ClientWebSocketResponse) -> Body:
    """Return the body in which the server gives us a room and a nick."""
    while (received := await ws.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
        match body := _body(received):
            case {"action": "connecting", "room": str(), "user": str()} if body is not None:
                return body
    raise ConnectionError(_why(received))


def _trouble(error: Exception) -> str:
    """Return in a few words why there is no connection."""
    match error:
        case TimeoutError():
            return "it does not answer"
        case aiohttp.WSServerHandshakeError(status=status):
            return f"it answers, but not as a chat (HTTP status {status})"
        case aiohttp.ClientConnectorDNSError():
            return "there is no such host"
        case aiohttp.ClientConnectorError():
            return "nothing answers there"
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return "this is not an address like ws://localhost:8080/chat"
    return str(error)
