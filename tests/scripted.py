"""A chat server that says, to each who connects, what the test tells it to say."""

import asyncio
from typing import Any, Self

from aiohttp import WSMsgType, web

from wire.version2 import SUBPROTOCOL

Body = dict[str, Any]


class Caller:
    """One connection, seen from the server; in version 2 it has the log up to message `last`."""

    def __init__(self, request: web.Request, ws: web.WebSocketResponse) -> None:
        self.query = dict(request.query)
        self.version = 2 if ws.ws_protocol == SUBPROTOCOL else 1
        self.last = 0
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

    async def greet(
        self,
        user: str = "ann",
        room: str = "default",
        users: tuple[str, ...] = ("ann", "bob"),
        **more: object,
    ) -> Self:
        """Give the client its nick and its room, and tell it who is there."""
        body: Body = {"action": "connecting", "room": room, "user": user}
        if self.version == 1:
            await self.tell(body)
            await self.answer_next(room=room, users=users)
        else:
            body |= {"version": 2, "session": "token", "epoch": "e", "last_id": self.last}
            await self.tell(body | {"users": users} | more)
        return self

    async def resumes(self, last: int, *, user: str = "ann", **more: object) -> Body:
        """Let the client take its place back, in a log up to message `last`; return the request."""
        await self.greet("User1")
        self.last = last
        return await self.answer_next(**self.place(user=user, **more))

    def place(self, **more: object) -> Body:
        """Return what a reply to `resume` or `join_room` says of the place, and more."""
        place = {"room": "default", "epoch": "e", "last_id": self.last, "users": ["ann", "bob"]}
        return place | {"recovered": True} | more

    async def says(self, message: str, user: str = "bob", number: int | None = None) -> None:
        """Tell a message: the next one, or in version 2 the one of a number."""
        body: Body = {"action": "chat_message", "message": message, "user": user}
        if self.version > 1:
            self.last = number or self.last + 1
            body |= {"room": "default", "id": number or self.last, "ts": 5}
        await self.tell(body)

    async def stores_next(self, **more: object) -> Body:
        """Store what the client says next, and reply; return the request."""
        self.last += 1
        number = {"id": self.last, "ts": 5} if self.version > 1 else {}
        return await self.answer_next(**number | more)

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
    """Hands out the connections it gets, in order; it speaks version 2, or only version 1."""

    def __init__(self, version: int = 2) -> None:
        self.version = version
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
        ws = web.WebSocketResponse(protocols=(SUBPROTOCOL,) if self.version > 1 else ())
        await ws.prepare(request)
        caller = Caller(request, ws)
        self._callers.put_nowait(caller)
        await caller.pump()
        return ws
