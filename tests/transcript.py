"""People at the door: what ann says and what bob hears, so that a test reads like a transcript."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

import utils
from rooms.room import Rooms
from server import init_app
from settings import MEMORY, Settings

Body = dict[str, Any]

PATIENCE = 10.0  # seconds after which what a test waits for will not come any more
UNLIMITED = Settings(data=MEMORY, messages_per_second=0, connections_per_address=0)


class Person:
    """Somebody on one WebSocket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.nick = ""
        self.room = ""

    async def says(self, action: str, **more: object) -> None:
        """Make a request and do not wait for the reply."""
        await self.ws.send_json({"action": action, **more})

    async def sends(self, text: str) -> None:
        """Send a text as it stands."""
        await self.ws.send_str(text)

    async def hears_text(self) -> str:
        """Return the next text that comes, to the letter."""
        async with asyncio.timeout(PATIENCE):
            message = await self.ws.receive()
        assert message.type is WSMsgType.TEXT, message
        text: str = message.data
        return text

    async def hears(self) -> Body:
        """Return the next body that comes."""
        body = json.loads(await self.hears_text())
        assert isinstance(body, dict)
        return body

    async def asks(self, action: str, **more: object) -> Body:
        """Make a request and return what comes next, which is to be its reply."""
        await self.says(action, **more)
        return await self.hears()

    async def does(self, action: str, **more: object) -> None:
        """Make a request that works."""
        assert (await self.asks(action, **more))["success"] is True

    async def has_heard_all(self) -> None:
        """See that nothing came but what was heard: the next to come answers a question."""
        reply = await self.asks("room_list", ref="is that all?")
        assert (reply["action"], reply.get("ref")) == ("room_list", "is that all?"), reply

    async def hears_end(self) -> int | None:
        """Return the code of the close frame that comes next; None if the line just ends."""
        async with asyncio.timeout(PATIENCE):
            message = await self.ws.receive()
        if message.type is WSMsgType.CLOSE:
            code: int = message.data
            return code
        assert message.type in (WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR), message
        return None

    async def leaves(self, code: int = 1000) -> None:
        """End the conversation with a close frame."""
        await self.ws.close(code=code)

    def vanishes(self) -> None:
        """Break the line without a word."""
        connection = self.ws._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.abort()


class House:
    """The service on a port of its own."""

    def __init__(self, app: web.Application, port: int, client: aiohttp.ClientSession) -> None:
        self.app = app
        self.port = port
        self.client = client
        self._people: list[Person] = []  # a line of which nobody keeps hold ends

    @property
    def rooms(self) -> Rooms:
        """Who is where."""
        return utils.rooms_of(self.app)

    def url(self, path: str = "/chat") -> str:
        """Return the address of a door."""
        return f"http://127.0.0.1:{self.port}{path}"

    async def opens(self, path: str = "/chat", **options: Any) -> Person:  # noqa: ANN401
        """Let somebody in who has not been greeted yet."""
        person = Person(await self.client.ws_connect(self.url(path), **options))
        self._people.append(person)
        return person

    async def lets_in(self, nick: str | None = None, room: str | None = None) -> Person:
        """Let somebody in, under the nick and into the room they ask for."""
        asked = {"nick": nick, "room": room}
        query = {name: value for name, value in asked.items() if value is not None}
        person = await self.opens(params=query)
        greeting = await person.hears()
        person.nick, person.room = greeting["user"], greeting["room"]
        assert greeting == {"action": "connecting", "room": person.room, "user": person.nick}
        assert nick in (None, person.nick)
        assert room in (None, person.room)
        return person

    async def empties(self) -> None:
        """Let everybody leave who is still there."""
        await asyncio.gather(*(person.leaves() for person in self._people))

    async def gathers(self, *nicks: str, room: str = "default") -> list[Person]:
        """Let people into a room, one after the other, each seen by those before."""
        people: list[Person] = []
        for nick in nicks:
            newcomer = await self.lets_in(nick, room)
            for person in people:
                assert await person.hears() == {"action": "joined", "room": room, "user": nick}
            people.append(newcomer)
        return people


@asynccontextmanager
async def opened(settings: Settings = UNLIMITED, **changes: Any) -> AsyncIterator[House]:  # noqa: ANN401
    """Open a house for as long as the block lasts."""
    app = await init_app(replace(settings, **changes))
    async with (
        TestServer(app, host="127.0.0.1") as server,
        aiohttp.ClientSession() as client,
    ):
        assert server.port is not None
        house = House(app, server.port, client)
        yield house
        await house.empties()
