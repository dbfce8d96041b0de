"""A chat server that says, to each who connects, what the test tells it to say."""

import asyncio
from typing import Any, Self

from aiohttp import WSMsgType, web

Body = dict[str, Any]


class Caller:
    """One connection, seen from the server."""

    def __init__(self, request: web.Request, ws: web.WebSocketResponse) -> None:
        self.query = dict(request.query)
        self._transport = request.transport
        self._ws = ws
        self._asked: asyncio.Queue[Body] = asyncio.Queue()
        self._ended: asyncio.Future[WSMsgType] = asyncio.get_running_loop().create_future()
        self._reads = asyncio.Event()
        self._reads.set()

    async def pump(self) -> None:
        """Take in what the client sends, until the end."""
        while (received := await self._ws.receive()).type is WSMsgType.TEXT:
            await self._reads.wait()
            self._asked.put_nowait(received.json())
        self._ended.set_result(received.type)

    async def asked(self) -> Body:
        """Return the client's next request."""
        return await self._asked.get()

    async def ended(self) -> WSMsgType:
        """Return how the connection ended: CLOSE means by a close frame of the client."""
        return await asyncio.shield(self._ended)

    @property
    def has_ended(self) -> bool:
        """Whether the connection is over."""
        return self._ended.done()

    async def greet(self, user: str = "ann", room: str = "default") -> Self:
        """Give the client its nick and its room."""
        await self.tell({"action": "connecting", "room": room, "user": user})
        return self

    async def tell(self, body: object) -> None:
        """Send a JSON value."""
        await self._ws.send_json(body)

    async def tell_raw(self, text: str | bytes) -> None:
        """Send a text or a binary message as it is."""
        await (self._ws.send_str(text) if isinstance(text, str) else self._ws.send_bytes(text))

    async def answer(self, request: Body, **more: object) -> None:
        """Reply to a request that it worked, or whatever `more` says instead."""
        reply = {"action": request["action"], "success": True, "message": ""}
        await self.tell(reply | {"ref": request["ref"]} | more)

    async def answer_next(self, **more: object) -> Body:
        """Reply to the next request, and return it."""
        request = await self.asked()
        await self.answer(request, **more)
        return request

    async def close(self, code: int = 1012, reason: str = "stopping") -> None:
        """Close as a server that stops."""
        await self._ws.close(code=code, message=reason.encode())

    def cut(self) -> None:
        """End the connection without a word."""
        assert self._transport is not None
        self._transport.abort()

    def stop_reading(self) -> None:
        """Leave unread, from the next message on, what the client sends, a close frame too."""
        self._reads.clear()

    def read_again(self) -> None:
        """Go on reading."""
        self._reads.set()


class ScriptedServer:
    """Hands out the connections it gets, in order."""

    def __init__(self) -> None:
        self._callers: asyncio.Queue[Caller] = asyncio.Queue()
        app = web.Application()
        app.router.add_get("/chat", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where the chat is."""
        return f"ws://127.0.0.1:{self._runner.addresses[0][1]}/chat"

    async def called(self) -> Caller:
        """Return the next connection."""
        return await self._callers.get()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        caller = Caller(request, ws)
        self._callers.put_nowait(caller)
        await caller.pump()
        return ws
