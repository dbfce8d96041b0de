import asyncio
import json
from contextlib import AsyncExitStack

import aiohttp
import pytest
import socketio  # type: ignore[import-untyped]

from tests.karaoke.conftest import Evening
from tests.karaoke.people import PATHS, Visitor, visitor
from tests.transcript import PATIENCE, House, opened

POLL = "/socket.io/?EIO=4&transport=polling"


async def test_who_cannot_open_a_websocket_polls(house: House) -> None:
    """Both transports carry the same conversation."""
    async with (
        visitor(house, transports=["polling"]) as machine,
        visitor(house, transports=["websocket"]) as guest,
    ):
        await machine.registers()
        await machine.offers()
        await guest.enters()
        await guest.adds("ann")
        await machine.hears("state")
        await machine.hears("get-meta-info")


async def test_many_packets_of_one_poll_are_all_heard(house: House) -> None:
    """An index that comes in many chunks at once loses none."""
    async with visitor(house, transports=["polling"]) as machine:
        await machine.registers()
        await machine.asks("sources", {"sources": ["files"]})
        await machine.hears("request-config")
        for number in range(100):
            chunk = {"source": "files", "config": {"index": [f"{number}.mp3"]}}
            await machine.says("config-chunk", chunk | {"number": number, "total": 100})
        await machine.asks("get-state")
        await machine.hears("state")
        await machine.asks("search", {"query": ""})
        assert len((await machine.hears("search-results"))["results"]) == 100


@pytest.mark.parametrize(
    "nonsense",
    [
        "42",
        "42{}",
        "42[]",
        "42[7]",
        "42[[1]]",
        '42["connect",{}]',
        '42["disconnect"]',
        '42["*"]',
        '42["append",NaN]',
        '42["append","\\ud800"]',
        "42[" * 3,
        "42" + "[" * 10_000,
        "4",
        "49",
        "44{}",
        "4x",
        '451-["append",{"_placeholder":true,"num":0}]',
        '461-1["append"]',
        "42" + "1" * 200,
    ],
)
async def test_nonsense_is_answered(house: House, nonsense: str) -> None:
    """Whoever sends what is no event hears so, and the session lives."""
    async with house.client.ws_connect(
        house.url("/socket.io/?EIO=4&transport=websocket"), timeout=aiohttp.ClientWSTimeout()
    ) as ws:
        assert (await ws.receive_str(timeout=PATIENCE)).startswith("0{")
        await ws.send_str("40")
        assert (await ws.receive_str(timeout=PATIENCE)).startswith("40{")
        await ws.send_str(nonsense)
        answer = await ws.receive_str(timeout=PATIENCE)
        assert json.loads(answer.removeprefix("42")) == [
            "err",
            {"type": "BAD_REQUEST", "msg": "There is no such event."},
        ]
        await ws.send_str('427["get-state"]')
        assert "NOT_IN_ROOM" in await ws.receive_str(timeout=PATIENCE)
        assert await ws.receive_str(timeout=PATIENCE) == "437[]"


@pytest.mark.parametrize("nonsense", ["", "x", "[" * 10_000, "4[" * 20_000])
async def test_what_is_no_engine_io_ends_one_line(
    evening: Evening, house: House, nonsense: str
) -> None:
    """The others do not notice."""
    async with house.client.ws_connect(house.url("/socket.io/?EIO=4&transport=websocket")) as ws:
        await ws.receive_str(timeout=PATIENCE)
        await ws.send_str(nonsense)
        await ws.send_str("x")
        while (await ws.receive(timeout=PATIENCE)).type is aiohttp.WSMsgType.TEXT:
            pass
    await evening.guest.adds("ann")


async def test_pages_from_elsewhere_are_not_let_in() -> None:
    """A page of this host may connect, and one that is allowed; the others are refused."""
    async with opened(allow_origin=("https://example.org",)) as house:
        ours = house.url("")
        for origin, status in ((ours, 200), ("https://example.org", 200), ("http://evil", 400)):
            async with house.client.get(house.url(POLL), headers={"Origin": origin}) as response:
                assert response.status == status
                allowed = response.headers.get("Access-Control-Allow-Origin")
                assert allowed == (origin if status == 200 else None)
        async with house.client.get(house.url(POLL)) as response:
            assert response.status == 200


async def test_an_address_has_only_so_many_sessions() -> None:
    """One more is refused, by polling too; one that left makes place."""
    async with opened(connections_per_address=3) as house, AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(visitor(house, transports=["polling"]))
            for _ in range(3)
        ]
        fourth = Visitor(house.url(""), transports=["polling"])
        with pytest.raises(socketio.exceptions.ConnectionError):
            await fourth.client.connect(house.url(""), transports=["polling"])
        await people[0].client.disconnect()
        async with visitor(house, transports=["polling"]) as fifth:
            await fifth.registers()


async def test_a_stop_ends_every_line() -> None:
    """People who poll, who wait for a song, and who search are let go; nobody is waited for."""
    ended = asyncio.Queue[str]()
    async with opened() as house:
        people = [Visitor(house.url(""), transports=[kind]) for kind in ("polling", "websocket")]
        for person in people:
            person.client.on("disconnect", ended.put_nowait)
            await person.__aenter__()
        await people[1].registers()
        await people[1].offers()
        await people[1].asks("get-first")
        await people[0].enters()
        await people[0].says("search", {"query": PATHS[0]})
    async with asyncio.timeout(PATIENCE):
        for _ in people:
            await ended.get()
    for person in people:
        await person.client.disconnect()
