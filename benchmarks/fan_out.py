"""What it costs to tell a room: CPU time of the server for each delivery."""

from collections.abc import Iterator
from functools import partial

from benchmarks.rounds import Comparison, Round, compare, cpu_per_delivery, take_turns
from benchmarks.servers import in_memory, ours, peer
from benchmarks.table import Row

LOGGED, MEMORY = "log on", ":memory:"
CROWD = {"people": 500, "rooms": 1, "speakers": 1}
PAIRS = {"people": 400, "rooms": 200, "speakers": 200, "under_way": 1}


def measure(*, quick: bool) -> Iterator[Row]:
    """Yield the marks that are about CPU time."""
    one = _turns("epoll", quick=quick, **CROWD, under_way=1)
    yield _row("500 people, one message under way", one, LOGGED, "epoll", 1.6, "C, epoll")
    twenty = _turns("socketify", quick=quick, **CROWD, under_way=20)
    yield _row("500 people, 20 under way", twenty, LOGGED, "socketify", 1.0, "uWebSockets")
    pairs = _turns("websockets", "picows", "aiohttp", quick=quick, **PAIRS)
    work = "200 rooms of 2, 200 speakers"
    yield _row(work, pairs, LOGGED, "websockets", 1.0, "websockets")
    yield _row(f"{work}, {MEMORY}", pairs, MEMORY, "websockets", 0.6, "websockets")
    yield _row(f"{work}, {MEMORY}", pairs, MEMORY, "picows", 1.0, "picows", below=True)
    yield _row(f"{work}, {MEMORY}", pairs, MEMORY, "aiohttp", None, "aiohttp, bare")
    yield _row("the log on, one under way", one, LOGGED, MEMORY, 1.15, f"itself, {MEMORY}")
    yield _row("the log on, 20 under way", twenty, LOGGED, MEMORY, 1.15, f"itself, {MEMORY}")
    yield _row("the log on, rooms of 2", pairs, LOGGED, MEMORY, 1.6, f"itself, {MEMORY}")


def _turns(*peers: str, quick: bool, **options: float) -> list[Round]:
    contestants = {LOGGED: ours, MEMORY: in_memory} | {name: partial(peer, name) for name in peers}
    rounds, seconds = (3, 0.2) if quick else (17, 0.3)
    return take_turns(contestants, rounds, seconds=seconds, warm_up=0.1, **options)


def _row(
    work: str,
    rounds: list[Round],
    one: str,
    other: str,
    mark: float | None,
    beside: str,
    *,
    below: bool = False,
) -> Row:
    found: Comparison | None = None
    if one in rounds[0] and other in rounds[0]:
        found = compare(rounds, one, other, cpu_per_delivery)
    return Row(work, beside, "us", mark, found, below)
