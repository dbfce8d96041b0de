"""What cost grows with what: people in a room, rooms, size of a message, length of history."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from benchmarks import history
from benchmarks.load import GaveUp, Numbers
from benchmarks.rounds import alone, cpu_per_delivery, cpu_per_message
from benchmarks.servers import ours
from benchmarks.table import number

HEAD = ("cost", "", "", "", "last : first")
COUNTS = (100, 1_000, 10_000)  # of people in a room, and of rooms
QUICK_COUNTS = (100, 300, 1_000)
SIZES = (50, 500, 4_000)  # characters
LONGEST = 30  # seconds in which all must have joined


class Found(NamedTuple):
    """What was counted while people joined, and in each window after that."""

    joined: Numbers
    windows: list[Numbers]


def measure(*, quick: bool) -> Iterator[tuple[str, ...]]:
    """Yield a row for each thing that grows."""
    rounds = 1 if quick else 5
    counts: Sequence[int] = QUICK_COUNTS if quick else COUNTS
    found = [_load(rounds, people=count, joining=256) for count in counts]
    yield _row("CPU of a delivery: people in the room", counts, _costs(found, cpu_per_delivery))
    notices = [each and each.joined["join_cpu_seconds"] / each.joined["notices"] for each in found]
    yield _row("CPU of telling one that one joined: people in the room", counts, _us(notices))
    found = [_load(rounds, people=count, rooms=count, speakers=100) for count in counts]
    yield _row("CPU of a message: rooms", counts, _costs(found, cpu_per_message))
    found = [_load(rounds, people=500, size=size) for size in SIZES]
    yield _row("CPU of a delivery to 500: characters", SIZES, _costs(found, cpu_per_delivery))
    for what, lengths, milliseconds in history.measure(quick=quick):
        yield _row(f"{what}: messages kept", lengths, milliseconds, "ms")


def _load(rounds: int, **options: float) -> Found | None:
    """Return what a load costs our server; None if the people have not joined in time."""
    try:
        with alone(ours, seconds=0.4, warm_up=0.1, join_within=LONGEST, **options) as people:
            people.measure()
            return Found(people.joined, [people.measure() for _round in range(rounds)])
    except GaveUp:
        return None


def _costs(found: Sequence[Found | None], cost: Callable[[Numbers], float]) -> list[float | None]:
    return [each and statistics.median(map(cost, each.windows)) for each in found]


def _us(seconds: Sequence[float | None]) -> list[float | None]:
    return [each and each * 1e6 for each in seconds]


def _row(
    what: str, counts: Sequence[int], values: Sequence[float | None], unit: str = "us"
) -> tuple[str, ...]:
    cells = [
        f"{count:,}: {number(value, unit) if value else 'too long'}"
        for count, value in zip(counts, values, strict=True)
    ]
    first, last = values[0], values[-1]
    return what, *cells, f"{last / first:.2f}" if first and last else "-"
