"""A server of one seat that does what a script says, and people who talk on the real one."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Self

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from server import init_app
from wire.version2 import SUBPROTOCOL

Body = dict[str, Any]


class Stage:
    """Serves one bot, refuses what it is told to, and keeps what was said in a log.

    `taken` are the nicks of others, `refusals` the reasons why the next messages are refused,
    `cuts` the number of messages that are stored, but the connection ends before the reply;
    `requests` are the actions that were asked for, `log` the texts, with who said them, which
    nobody can read if the stage `forgets`.
    """

    def __init__(self) -> None:
        self.said: asyncio.Queue[str] = asyncio.Queue()
        self.taken: set[str] = set()
        self.refusals: deque[str] = deque()
        self.cuts = 0
        self.forgets = False
        self.connections = 0
        self.requests: list[str] = []
        self.log: list[tuple[str, str]] = []
        self._keys: dict[str, int] = {}
        self._settled: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self._ws: web.WebSocketResponse | None = None

    async def tell(self, body: Body) -> None:
        """Send the bot a body, once it is in the room."""
        if self._ws is None or self._ws.closed:
            self._ws = await self._settled.get()
        await self._ws.send_json(body)

    async def ask(self, message: str, user: str = "ann") -> None:
        """Let somebody say a message to the bot."""
        self.log.append((user, message))
        await self.tell(self._notice(len(self.log)))

    def miss(self, message: str, user: str = "ann") -> None:
        """Let somebody say a message that the bot does not hear just now."""
        self.log.append((user, message))

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Play the server for one connection."""
        ws = web.WebSocketResponse(protocols=(SUBPROTOCOL,))
        await ws.prepare(request)
        self.connections += 1
        nick = request.query["nick"]
        user = "User1" if nick in self.taken else nick
        place = {"room": "math", "epoch": "e", "last_id": len(self.log), "users": ["ann", user]}
        greeting = {"action": "connecting", "user": user, "version": 2, "session": "token"}
        await ws.send_json(greeting | place)
        if self.connections == 1:
            self._settled.put_nowait(ws)
        async for message in ws:
            body = message.json()
            self.requests.append(body["action"])
            reply = self._reply(body)
            if reply is None:
                await ws.close(code=aiohttp.WSCloseCode.SERVICE_RESTART)
                break
            await ws.send_json({"action": body["action"], "ref": body["ref"]} | reply)
            if body["action"] == "resume":
                for number in range(body["after"] + 1, len(self.log) + 1):
                    await ws.send_json(self._notice(number))
                self._settled.put_nowait(ws)
        return ws

    def _notice(self, number: int) -> Body:
        user, message = self.log[number - 1]
        notice = {"action": "chat_message", "user": user, "message": message}
        return notice | {"room": "math", "id": number, "ts": 5}

    def _reply(self, body: Body) -> Body | None:
        done: Body = {"success": True, "message": ""}
        match body:
            case {"action": "history"} if self.forgets:
                return {"success": False, "message": "The history cannot be read."}
            case {"action": "set_nick", "nick": nick} if nick in self.taken:
                return {"success": False, "message": "Nickname is already in use"}
            case {"action": "chat_message"} if self.refusals:
                return {"success": False, "message": self.refusals.popleft()}
            case {"action": "chat_message", "message": text, "key": key}:
                return self._store(key, text, done)
        return done | self._told(body)

    def _told(self, body: Body) -> Body:
        """Return what the reply to a request that always works says besides."""
        match body:
            case {"action": "history", "before": before}:
                page = [self._notice(number) for number in range(1, before)]
                return {"room": "math", "epoch": "e", "messages": page, "more": False}
            case {"action": "resume", "room": room}:
                place = {"room": room, "epoch": "e", "users": ["ann", "MathBot"]}
                return place | {"last_id": len(self.log), "recovered": True}
        return {}

    def _store(self, key: str, text: str, done: Body) -> Body | None:
        """Keep a message, under one key once."""
        if key not in self._keys:
            self.log.append(("MathBot", text))
            self._keys[key] = len(self.log)
            self.said.put_nowait(text)
        if self.cuts:
            self.cuts -= 1
            return None
        return done | {"id": self._keys[key], "ts": 5}


@pytest.fixture
async def stage() -> AsyncIterator[tuple[Stage, str]]:
    """Yield a scripted server and its address."""
    stage = Stage()
    app = web.Application()
    app.router.add_get("/chat", stage.serve)
    async with TestServer(app) as server:
        yield stage, str(server.make_url("/chat"))


class House:
    """The real service on one port, which it keeps over restarts."""

    def __init__(self) -> None:
        self._server: TestServer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where people connect."""
        return f"http://127.0.0.1:{self.port}/chat"

    async def open(self) -> None:
        """Start serving."""
        self._server = TestServer(await init_app(), port=self.port)
        await self._server.start_server()
        assert self._server.port is not None
        self.port = self._server.port

    async def shut(self) -> None:
        """Stop serving, as politely as the service does."""
        if self._server is not None:
            await self._server.close()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Yield the real service, open."""
    house = House()
    await house.open()
    yield house
    await house.shut()


class Person:
    """Somebody in the room `math`: asks for things, and hears what happens, in order."""

    def __init__(self, url: str, nick: str) -> None:
        self._url = url
        self._nick = nick
        self._heard: deque[Body] = deque()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self.ws = await self._session.ws_connect(
            self._url, params={"room": "math", "nick": self._nick}
        )
        greeting = await self.ws.receive_json()
        assert greeting == {"action": "connecting", "room": "math", "user": self._nick}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.ws.close()
        await self._session.close()

    async def ask(self, action: str, **more: object) -> Body:
        """Make a request and return its reply."""
        await self.ws.send_json({"action": action, **more})
        while "success" not in (body := await self.ws.receive_json()):
            self._heard.append(body)
        assert isinstance(body, dict)
        assert body["success"], body
        return body

    async def say(self, text: str) -> None:
        """Say something in the room."""
        await self.ask("chat_message", message=text)

    async def hear(self, action: str) -> Body:
        """Return the next notice of one kind."""
        while True:
            body = self._heard.popleft() if self._heard else await self.ws.receive_json()
            if body["action"] == action:
                assert isinstance(body, dict)
                return body

    async def hear_said(self) -> tuple[str, str]:
        """Return who said what next."""
        body = await self.hear("chat_message")
        return body["user"], body["message"]

    def drop(self) -> None:
        """Break the line, which is how one leaves in shame."""
        connection = self.ws._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.abort()
