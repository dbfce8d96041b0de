"""One person's link to the server: requests, each with its reply, until the link ends."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import aiohttp

from torture.witness import Witness

Body = dict[str, Any]

ANSWER_TIME = 40.0  # seconds after which a request on a living link was forgotten
BROKEN = (aiohttp.ClientError, OSError, asyncio.TimeoutError)


class Lost(Exception):  # noqa: N818 - it is what happens to a link
    """The link has ended."""


class _Asked(NamedTuple):
    request: Body
    reply: asyncio.Future[Body]


class Conversation:
    """One WebSocket: requests go out in order and are answered in order."""

    def __init__(
        self,
        ws: aiohttp.ClientWebSocketResponse,
        hear: Callable[[Body, Body], None],
        witness: Witness,
    ) -> None:
        self._ws = ws
        self._hear = hear
        self._witness = witness
        self._asked: deque[_Asked] = deque()
        self._refs = 0
        self.greeted: asyncio.Future[Body] = asyncio.get_running_loop().create_future()
        self.code: int | None = None  # of the close frame
        self._reading = asyncio.create_task(self._read())

    async def say(self, action: str, **more: object) -> asyncio.Future[Body]:
        """Make a request; return what will be its reply. Raises Lost."""
        self._refs += 1
        request = {"action": action, "ref": self._refs, **more}
        reply: asyncio.Future[Body] = asyncio.get_running_loop().create_future()
        if self._reading.done():
            raise Lost
        self._asked.append(_Asked(request, reply))
        try:
            await self._ws.send_str(json.dumps(request, ensure_ascii=False))
        except BROKEN as error:
            raise Lost from error
        return reply

    async def ask(self, action: str, **more: object) -> Body:
        """Make a request and return its reply. Raises Lost."""
        return await self.awaited(await self.say(action, **more))

    async def awaited(self, reply: asyncio.Future[Body]) -> Body:
        """Return a reply once it is there. Raises Lost."""
        await asyncio.wait((reply,), timeout=ANSWER_TIME)
        if not reply.done():
            self._witness.complain("a request was never answered")
            raise Lost
        return reply.result()

    async def _read(self) -> None:
        try:
            async for message in self._ws:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(json.loads(message.data))
        except BROKEN:
            pass
        except (KeyError, ValueError) as error:
            self._witness.complain(f"heard what makes no sense: {error!r}")
        finally:
            self.code = self._ws.close_code
            for future in (self.greeted, *(asked.reply for asked in self._asked)):
                if not future.done():
                    future.set_exception(Lost())
                    future.exception()  # whoever asked may not look any more

    def _take(self, body: Body) -> None:
        if body["action"] == "connecting":
            self._hear(body, {})
            self.greeted.set_result(body)
        elif "success" not in body:
            self._hear(body, {})
        elif not self._asked or self._asked[0].request["ref"] != body.get("ref"):
            self._witness.complain(f"a reply to nothing, or out of order: {str(body)[:100]}")
        else:
            asked = self._asked.popleft()
            self._hear(body, asked.request)
            if not asked.reply.done():
                asked.reply.set_result(body)

    async def end(self, *, politely: bool) -> None:
        """End the link, with a close frame or without."""
        if politely:
            with contextlib.suppress(*BROKEN):
                await self._ws.close()
        self._ws._response.close()  # noqa: SLF001 - aiohttp has no public way to say nothing
        self._reading.cancel()
        await asyncio.wait((self._reading,))
