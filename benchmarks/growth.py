"""What cost grows with what: people in a room, rooms, size of a message, length of history."""

import statistics
from collections.abc import Callable, Iterator, Sequence

from benchmarks import history
from benchmarks.load import Numbers
from benchmarks.rounds import alone, cpu_per_delivery, cpu_per_message
from benchmarks.servers import ours
from benchmarks.table import number

HEAD = ("cost, and what it is measured with", "", "", "", "last : first")
PEOPLE = (100, 1_000, 10_000)
ROOMS = (100, 1_000, 10_000)
SIZES = (50, 500, 4_000)  # characters


def measure(*, quick: bool) -> Iterator[tuple[str, ...]]:
    """Yield a row for each thing that grows."""
    rounds, seconds = (1, 0.5) if quick else (5, 0.6)
    most = 2_000 if quick else PEOPLE[-1]  # a room of 10,000 takes some seconds to fill

    def costs(cost: Callable[[Numbers], float], **options: float) -> float:
        with alone(ours, seconds=seconds, warm_up=0.1, **options) as people:
            people.measure()
            return statistics.median(cost(people.measure()) for _round in range(rounds))

    crowds = *PEOPLE[:-1], most
    found = [costs(cpu_per_delivery, people=count, joining=256) for count in crowds]
    yield row("CPU of a delivery: people in the room", crowds, found, "us")
    found = [
        costs(cpu_per_message, people=count, rooms=count, speakers=100)  # each alone in a room
        for count in ROOMS
    ]
    yield row("CPU of a message: rooms", ROOMS, found, "us")
    found = [costs(cpu_per_delivery, people=500, size=size) for size in SIZES]
    yield row("CPU of a delivery to 500: characters", SIZES, found, "us")
    for what, unit, counts, values in history.measure(quick=quick):
        yield row(f"{what}: messages kept", counts, values, unit)


def row(what: str, counts: Sequence[int], values: Sequence[float], unit: str) -> tuple[str, ...]:
    """Return one line of the table, in three columns of numbers."""
    cells = [
        f"{count:,}: {number(value, unit)}" for count, value in zip(counts, values, strict=True)
    ]
    return what, *cells, f"{values[-1] / values[0]:.2f}"
