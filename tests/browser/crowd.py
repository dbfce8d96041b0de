"""People without a browser, and a proxy on the way to the house; they live in threads."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import aiohttp
from aiohttp import WSMsgType, web

T = TypeVar("T")


def elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """Run something beside the browser, whose own loop holds this thread."""
    result: list[T] = []
    thread = threading.Thread(target=lambda: result.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return result[0]


async def _talk(port: int, nick: str, room: str, texts: list[str], *, vanish: bool) -> None:
    async with aiohttp.ClientSession() as client:
        url = f"http://127.0.0.1:{port}/chat"
        ws = await client.ws_connect(url, params={"room": room, "nick": nick})
        await ws.receive_json()
        for begin in range(0, len(texts), 100):
            part = texts[begin : begin + 100]
            for text in part:
                await ws.send_json({"action": "chat_message", "message": text, "ref": 1})
            for _ in part:
                while "ref" not in (await ws.receive_json()):
                    pass
        if vanish:
            assert ws._response.connection is not None
            assert ws._response.connection.transport is not None
            ws._response.connection.transport.abort()
        await ws.close()


def talk(port: int, nick: str, *texts: str, room: str = "default", vanish: bool = False) -> None:
    """Let somebody come, say all this, and go; or break off without a word."""
    elsewhere(_talk(port, nick, room, list(texts), vanish=vanish))


async def _take(port: int, token: str) -> None:
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"http://127.0.0.1:{port}/chat", protocols=["chat.v2"]) as ws,
    ):
        await ws.receive_json()
        await ws.send_json({"action": "resume", "session": token})
        assert (await ws.receive_json())["success"]


def take_over(port: int, token: str) -> None:
    """Take somebody's seat in another connection."""
    elsewhere(_take(port, token))


class Way:
    """A proxy that serves the house under a prefix, and can be cut."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.open = True
        self._lines: set[web.WebSocketResponse] = set()
        self._loop = asyncio.new_event_loop()

    def cut(self) -> None:
        """End all lines without a close frame, and let nobody through."""
        self.open = False
        self._loop.call_soon_threadsafe(self._abort)

    def _abort(self) -> None:
        for line in self._lines:
            transport = line._req.transport if line._req else None
            if transport is not None:
                transport.abort()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        if not self.open:
            raise web.HTTPBadGateway
        raw = request.raw_path.removeprefix("/a/prefix/")
        url = f"http://127.0.0.1:{self.target}/{raw}"
        async with aiohttp.ClientSession() as client:
            if "Upgrade" in request.headers:
                return await self._pass_line(client, url, request)
            async with client.get(url, allow_redirects=False) as response:
                headers = dict(response.headers)
                headers.pop("Transfer-Encoding", None)
                return web.Response(
                    status=response.status, body=await response.read(), headers=headers
                )

    async def _pass_line(
        self, client: aiohttp.ClientSession, url: str, request: web.Request
    ) -> web.StreamResponse:
        there = await client.ws_connect(url, protocols=["chat.v2"])
        here = web.WebSocketResponse(protocols=["chat.v2"])
        await here.prepare(request)
        self._lines.add(here)

        async def back() -> None:
            async for message in there:
                await here.send_str(message.data)

        backwards = asyncio.create_task(back())
        async for message in here:
            if message.type is WSMsgType.TEXT:
                await there.send_str(message.data)
        backwards.cancel()
        connection = there._response.connection
        if connection is not None and connection.transport is not None and not self.open:
            connection.transport.abort()
        await there.close()
        self._lines.discard(here)
        return here

    async def _serve(self, ready: threading.Event, end: asyncio.Event) -> None:
        app = web.Application()
        app.router.add_get("/a/prefix/{path:.*}", self._pass)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        ready.set()
        await end.wait()
        await runner.cleanup()

    @contextmanager
    def serving(self) -> Iterator["Way"]:
        """Serve for as long as the block lasts."""
        ready, end = threading.Event(), asyncio.Event()
        work = self._serve(ready, end)
        thread = threading.Thread(target=lambda: self._loop.run_until_complete(work))
        thread.start()
        ready.wait()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(end.set)
            thread.join()
            self._loop.close()
