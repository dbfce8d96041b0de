"""How late what is said is heard: 500 people, 200 messages a second."""

from collections.abc import Iterator, Mapping
from functools import partial

from benchmarks.rounds import Start, compare, take_turns
from benchmarks.servers import ours, peer
from benchmarks.table import Row

WORK = {"people": 500, "rooms": 1, "speakers": 100, "rate": 200}


def measure(*, quick: bool) -> Iterator[Row]:
    """Yield the mark that is about latency."""
    contestants: Mapping[str, Start] = {"ours": ours, "websockets": partial(peer, "websockets")}
    rounds, seconds = (1, 1.5) if quick else (4, 3)
    turns = take_turns(contestants, rounds, seconds=seconds, warm_up=0.3, **WORK)
    found = None
    if "websockets" in turns[0]:
        found = compare(turns, "ours", "websockets", lambda numbers: numbers["ms_99"])
    yield Row("200 messages a second to 500, 99%", "websockets", "ms", 1.0, found, below=True)
