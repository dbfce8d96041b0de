"""What people cost who only listen: 10,000 connections in rooms of 50."""

from collections.abc import Iterator
from functools import partial

from benchmarks.load import Numbers
from benchmarks.rounds import Round, Start, alone, compare, left_out_unless_here
from benchmarks.servers import ours, peer
from benchmarks.table import Row

PEOPLE, QUICK_PEOPLE = 10_000, 3_000


def measure(*, quick: bool) -> Iterator[Row]:
    """Yield the marks that are about connections."""
    contestants: dict[str, Start] = {"ours": ours, "websockets": partial(peer, "websockets")}
    people = QUICK_PEOPLE if quick else PEOPLE
    turns = [_turn(contestants, people) for _round in range(1 if quick else 3)]
    runs = "websockets" in turns[0]
    memory = compare(turns, "ours", "websockets", kib_per_connection) if runs else None
    joining = compare(turns, "ours", "websockets", _joining) if runs else None
    cpu = compare(turns, "ours", "websockets", _joining_cpu) if runs else None
    yield Row(f"{people:,} idle connections, each", "websockets", "KiB", 1.3, memory)
    yield Row(f"joining {people:,} connections", "websockets", "s", 1.0, joining)
    yield Row("the same, CPU time", "websockets", "s", 1.0, cpu)


def _turn(contestants: dict[str, Start], count: int) -> Round:
    turn = {}
    idle = {"people": count, "rooms": count // 50, "speakers": 0, "seconds": 0}
    for name, start in contestants.items():
        with left_out_unless_here(name), alone(start, **idle) as people:
            turn[name] = people.joined
    return turn


def kib_per_connection(numbers: Numbers) -> float:
    """Return how much memory of the server one connection takes."""
    return (numbers["rss_kib_after"] - numbers["rss_kib_before"]) / numbers["people"]


def _joining(numbers: Numbers) -> float:
    return numbers["join_seconds"]


def _joining_cpu(numbers: Numbers) -> float:
    return numbers["join_cpu_seconds"]
