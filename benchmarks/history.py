"""What a long history costs: a start, a page of it, the recovery of what was missed."""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from signal import SIGTERM
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

from benchmarks.servers import HOUSE, Server, ours
from journal.promise import Posted
from journal.sqlite import SqliteStore
from wire.messages import Draft
from wire.version2 import SUBPROTOCOL

ROOM = "history"
BATCH = 1_000
MISSED = 1_000  # messages that are recovered
TIMES = 9  # that each request is made
WAYS = ("start", "start after a kill", "newest page", "page in the middle", "oldest page")
RECOVERY = f"recovery of {MISSED:,}"

Costs = dict[str, float]
"""Milliseconds of each of the ways, and of the recovery."""


def measure(*, quick: bool) -> Iterator[tuple[str, Sequence[int], Sequence[float]]]:
    """Yield what was measured, the lengths of the history, and the milliseconds for each."""
    lengths = (2_000, 5_000, 20_000) if quick else (2_000, 100_000, 1_000_000)
    costs = [_costs(length) for length in lengths]
    for way in (*WAYS, RECOVERY):
        yield way, lengths, [cost[way] for cost in costs]


def _costs(length: int) -> Costs:
    with TemporaryDirectory(prefix="roomful-bench-") as folder:
        path = Path(folder) / "log.db"
        command = sys.executable, "-m", "benchmarks.history", path, str(length)
        subprocess.run(command, cwd=HOUSE, check=True)  # noqa: S603 - our own
        after_a_kill, costs = _start(path, length)
        again, _asked = _start(path, length)
        return costs | {"start after a kill": after_a_kill, "start": again}


async def _fill(path: Path, length: int) -> None:
    """Write a history through the store, as the journal does, and end without closing it."""
    store = SqliteStore(path)
    for first in range(0, length, BATCH):
        drafts = [
            Posted(ROOM, Draft(f"nick{index % 50}", f"{index:050}"), 1_700_000_000_000 + index)
            for index in range(first, min(first + BATCH, length))
        ]
        await store.append(drafts, ())
    os._exit(0)


def _start(path: Path, length: int) -> tuple[float, Costs]:
    """Start a server with this history; return how many ms that took, and what it costs to ask."""
    before = time.perf_counter()
    with ours(path, "--keep", "0") as server:
        took = (time.perf_counter() - before) * 1000
        asked = asyncio.run(_ask(server, length))
        server.stop(SIGTERM)
        return took, asked


async def _ask(server: Server, length: int) -> Costs:
    url = f"ws://127.0.0.1:{server.port}/chat"
    async with ClientSession() as session, session.ws_connect(url, protocols=[SUBPROTOCOL]) as ws:
        epoch = (await ws.receive_json())["epoch"]
        page: dict[str, Any] = {"action": "history", "room": ROOM, "limit": 50}
        join = {"action": "join_room", "room": ROOM, "epoch": epoch, "after": length - MISSED}
        costs: Costs = {
            "newest page": await _timed(ws, [page]),
            "page in the middle": await _timed(ws, [page | {"after": length // 2}]),
            "oldest page": await _timed(ws, [page | {"after": 0}]),
        }
        costs[RECOVERY] = await _timed(ws, [{"action": "join_room", "room": "away"}, join], length)
        return costs


async def _timed(ws: ClientWebSocketResponse, asked: Sequence[object], last: int = 0) -> float:
    """Return the median milliseconds of the last of some requests, each made `TIMES` times.

    It is over with its reply, or with message number `last`.
    """
    took = []
    for _time in range(TIMES):
        for request in asked:
            before = time.perf_counter()
            await ws.send_json(request)
            reply = await ws.receive_json()
            while "success" not in reply:
                reply = await ws.receive_json()
            assert reply["success"], reply  # noqa: S101 - it would measure something else
        while last and reply.get("id") != last:
            reply = await ws.receive_json()
        took.append((time.perf_counter() - before) * 1000)
    return statistics.median(took)


if __name__ == "__main__":
    asyncio.run(_fill(Path(sys.argv[1]), int(sys.argv[2])))
