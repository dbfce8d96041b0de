"""Measure a search over 100,000 songs, and how long everything else waits for it.

Run as `python -m benchmarks.song_search`. Latency is how late a timer of one millisecond is,
first on an idle loop, then while twenty guests search without a pause.
"""

import asyncio
import random
import statistics
import sys
import time

from karaoke.song_index import SongIndex

SONGS = 100_000
GUESTS = 20
SECONDS = 5.0
WORDS = (
    *("love", "night", "train", "wonder", "wall", "river", "dance", "fire", "rain", "heart"),
    *("home", "road", "gold", "blue", "straße", "кошка", "café", "señor", "東京"),
)
QUERIES = ("love", "a", "", "e o", "wonder 99", "nowhere to be found", '"night train"', "zzz")


def paths() -> list[str]:
    """Return file names that look like a collection, the same at each run."""
    chance = random.Random(1)  # noqa: S311 - nothing secret
    return [
        f"folder {number % 300}/"
        f"{' '.join(chance.choices(WORDS, k=2))} - {' '.join(chance.choices(WORDS, k=3))} {number}"
        f" - {chance.choice(WORDS)}.mp3"
        for number in range(SONGS)
    ]


async def lateness(seconds: float) -> list[float]:
    """Return how many milliseconds late each timer was, sorted."""
    late = []
    end = time.perf_counter() + seconds
    while (before := time.perf_counter()) < end:
        await asyncio.sleep(0.001)
        late.append((time.perf_counter() - before - 0.001) * 1000)
    return sorted(late)


def tell(text: str) -> None:
    """Write a line."""
    sys.stdout.write(text + "\n")


def tell_lateness(when: str, late: list[float]) -> None:
    """Write how late timers were."""
    middle, most = statistics.median(late), late[int(len(late) * 0.99)]
    tell(f"{when:32} median {middle:6.2f} ms, 99% {most:6.2f} ms, worst {late[-1]:6.2f} ms")


async def main() -> None:
    """Measure."""
    index = SongIndex("files", asyncio.Lock())
    collection = paths()
    slowest = 0.0
    for start in range(0, SONGS, 1000):
        before = time.perf_counter()
        index.extend(collection[start : start + 1000])
        slowest = max(slowest, time.perf_counter() - before)
    tell(f"{len(index)} songs; the slowest chunk of 1,000 took {slowest * 1000:.1f} ms\n")
    for query in QUERIES:
        took = []
        for _ in range(7):
            before = time.perf_counter()
            found = await index.search(query)
            took.append((time.perf_counter() - before) * 1000)
        tell(f"{query!r:28} {len(found):6} results  {statistics.median(took):6.1f} ms")
    tell("")
    tell_lateness("idle loop", await lateness(SECONDS))

    async def guest(number: int) -> None:
        while True:
            await index.search(QUERIES[number % len(QUERIES)])

    guests = [asyncio.create_task(guest(number)) for number in range(GUESTS)]
    tell_lateness(f"{GUESTS} guests search", await lateness(SECONDS))
    for task in guests:
        task.cancel()
    await asyncio.wait(guests)


if __name__ == "__main__":
    asyncio.run(main())
