"""How to compare: contestants take turns, and what is compared was measured side by side.

A machine that others use too is now fast, now slow; two windows that follow each other are
about equally lucky. So a ratio is taken within each round, and the median over the rounds.
"""

import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.load import GaveUp, Load, Numbers, load
from benchmarks.servers import PEERS, NotHere, Server

Start = Callable[[], AbstractContextManager[Server]]
Round = Mapping[str, Numbers]
"""What was counted of each contestant in one round."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The medians of two contestants, and of their ratio; half of the rounds lie in `middle`."""

    ours: float
    beside: float
    ratio: float
    middle: tuple[float, float]


def compare(
    rounds: Sequence[Round], one: str, other: str, number: Callable[[Numbers], float]
) -> Comparison:
    """Compare a number of two contestants."""
    ones = [number(turn[one]) for turn in rounds]
    others = [number(turn[other]) for turn in rounds]
    ratios = [first / second for first, second in zip(ones, others, strict=True)]
    low = high = ratios[0]
    if len(ratios) > 1:
        low, _half, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Comparison(
        statistics.median(ones), statistics.median(others), statistics.median(ratios), (low, high)
    )


def cpu_per_delivery(numbers: Numbers) -> float:
    """Return microseconds of the server's CPU time for each frame that others received."""
    return numbers["cpu_seconds"] / numbers["deliveries"] * 1e6


def cpu_per_message(numbers: Numbers) -> float:
    """Return microseconds of the server's CPU time for each message that was answered."""
    return numbers["cpu_seconds"] / numbers["replies"] * 1e6


def take_turns(contestants: Mapping[str, Start], rounds: int, **options: float) -> list[Round]:
    """Measure a window of each contestant in turn, A B A B; those that cannot run are left out."""
    with ExitStack() as stack:
        loads = {}
        for name, start in contestants.items():
            with left_out_unless_here(name):
                loads[name] = stack.enter_context(load(stack.enter_context(start()), **options))
        for people in loads.values():
            people.measure()  # warms up what is warmed up once
        return [
            {name: people.measure() for name, people in loads.items()} for _round in range(rounds)
        ]


@contextmanager
def left_out_unless_here(name: str) -> Iterator[None]:
    """Go on without a peer that cannot be run here; without our own server there is no point."""
    try:
        yield
    except (GaveUp, NotHere) as error:
        if name not in PEERS:
            raise
        sys.stderr.write(f"{name} cannot be run here: {error}\n")


@contextmanager
def alone(start: Start, **options: float) -> Iterator[Load]:
    """Let people join one server."""
    with start() as server, load(server, **options) as people:
        yield people
