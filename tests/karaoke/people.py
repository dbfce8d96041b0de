"""Guests and machines at a karaoke room: what they say and what they hear."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import socketio  # type: ignore[import-untyped]

from tests.transcript import PATIENCE, House

Body = dict[str, Any]

SECRET = "pssst"  # noqa: S105 - it is one, for a test
PATHS = ["a/ABBA - Waterloo - Gold.mp3", "a/ABBA - Fernando - Gold.mp3", "Westerland.mp3"]


class Visitor:
    """Somebody on one Socket.IO session, who hears everything and forgets nothing."""

    def __init__(self, url: str, **options: Any) -> None:  # noqa: ANN401
        self._url = url
        self._options = options
        self._heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.client = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self.client.on("*", self._hear)

    async def _hear(self, event: str, payload: Any = None) -> None:  # noqa: ANN401
        self._heard.put_nowait((event, payload))

    async def __aenter__(self) -> Self:
        await self.client.connect(self._url, **self._options)
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.client.disconnect()

    async def says(self, event: str, payload: object = None) -> None:
        """Send an event and do not wait."""
        await self.client.emit(event, payload)

    async def asks(self, event: str, payload: object = None) -> Any:  # noqa: ANN401
        """Send an event and return what is acknowledged."""
        return await self.client.call(event, payload, timeout=PATIENCE)

    async def hears_next(self) -> tuple[str, Any]:
        """Return the next event that comes, and its payload."""
        async with asyncio.timeout(PATIENCE):
            return await self._heard.get()

    async def hears(self, event: str) -> Any:  # noqa: ANN401
        """Return the payload of what comes next, which is to be this event."""
        heard, payload = await self.hears_next()
        assert heard == event, (heard, payload)
        return payload

    async def hears_in_the_end(self, event: str) -> Any:  # noqa: ANN401
        """Return the payload of the next event of this kind; what comes before is passed over."""
        while True:
            heard, payload = await self.hears_next()
            if heard == event:
                return payload

    async def is_refused(self, kind: str, event: str, payload: object = None) -> Body:
        """Send an event and see that it is refused, and nothing else comes."""
        await self.asks(event, payload)
        refusal: Body = await self.hears("err")
        assert refusal["type"] == kind, refusal
        return refusal

    async def has_heard_all(self) -> None:
        """See that nothing came but what was heard: the next to come answers a question."""
        await self.says("that is all")
        assert await self.hears("err") == {
            "type": "BAD_REQUEST",
            "msg": "There is no such event.",
        }

    async def registers(self, room: str = "Tea", **config: object) -> Body:
        """Make a room as its playback machine, or take it over; return its state."""
        whole = {"room": room, "secret": SECRET} | config
        lists: Body = {"queue": [], "waiting_room": [], "recent": []}
        await self.says("register-client", {"config": whole} | lists)
        registered = await self.hears("client-registered")
        assert registered == {"success": True, "room": room}
        state: Body = await self.hears("state")
        return state

    async def offers(self, *paths: str) -> None:
        """Tell which songs there are."""
        await self.says("sources", {"sources": ["files"]})
        assert await self.hears("request-config") == {"source": "files"}
        chunk = {"source": "files", "config": {"index": list(paths or PATHS)}}
        await self.asks("config-chunk", chunk | {"number": 1, "total": 1})

    async def enters(self, room: str = "Tea", *, admin: bool = False) -> None:
        """Enter a room as a guest, or as an admin."""
        assert await self.asks("register-web", {"room": room}) is True
        await self.hears("state")
        if admin:
            assert await self.asks("register-admin", {"secret": SECRET}) is True

    async def adds(
        self, performer: str, place: int = 0, event: str = "append", **more: object
    ) -> Body:
        """Queue a song; return the state that follows."""
        song = {"performer": performer, "source": "files", "ident": PATHS[place]}
        await self.says(event, song | more)
        state: Body = await self.hears("state")
        return state


def performers(state: Body, key: str = "queue") -> list[str]:
    """Return who is in one of the lists of a state."""
    return [entry["performer"] for entry in state[key]]


@asynccontextmanager
async def visitor(house: House, **options: Any) -> AsyncIterator[Visitor]:  # noqa: ANN401
    """Let somebody connect to a house."""
    async with Visitor(house.url(""), **options) as found:
        yield found
