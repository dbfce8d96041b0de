"""Songs that the playback machine has, searched here: an index of paths, in memory.

Names lie in blocks of text, so that most blocks are ruled out by one search each. A search
gives the loop back every half millisecond, and only one at a time runs: whatever else goes on
waits for no more than that.
"""

import asyncio
import shlex
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from karaoke.entries import Entry, Song, entry_of

MOST_SONGS = 200_000
MOST_RESULTS = 2_000
BLOCK = 512  # songs
SLICE = 0.0005  # seconds of searching at a stretch

_UNKNOWN = "Unknown"
_PARTS = 3  # artist, title, album


class SongIndex:
    """The paths of one source; `turns` is shared by all that are searched on one loop."""

    def __init__(self, name: str, turns: asyncio.Lock) -> None:
        self._name = name
        self._turns = turns
        self._paths: list[str] = []
        self._known: set[str] = set()
        self._blocks: list[str] = []  # the folded names of BLOCK paths each, a line a name
        self._begun: list[str] = []  # those of the last paths, too few for a block

    def __len__(self) -> int:
        """Return how many songs there are."""
        return len(self._paths)

    def extend(self, paths: Iterable[str]) -> None:
        """Add paths; what is known or too much is left out."""
        for path in paths:
            if path in self._known or len(self._paths) >= MOST_SONGS:
                continue
            self._known.add(path)
            self._paths.append(path)
            self._begun.append(_folded(_name(path)))
            if len(self._begun) == BLOCK:
                self._blocks.append("\n".join(self._begun))
                self._begun = []

    async def search(self, query: str) -> list[Song]:
        """Return the songs whose file name holds every word, in the index's order.

        At most 2,000 of them.
        """
        found: list[Song] = []
        words = query_words(query)
        async with self._turns:
            began = time.perf_counter()
            for path in self._matching(words):
                if path is not None:
                    found.append(song_at(self._name, path))
                    if len(found) == MOST_RESULTS:
                        break
                if time.perf_counter() - began > SLICE:
                    await asyncio.sleep(0)
                    began = time.perf_counter()
        return found

    def _matching(self, words: list[str]) -> Iterator[str | None]:
        """Yield the paths that match, and None after each block."""
        blocks = [*self._blocks, "\n".join(self._begun)] if self._begun else list(self._blocks)
        for number, block in enumerate(blocks):
            if all(word in block for word in words):
                names = block.split("\n")
                places: Sequence[int] = range(len(names))
                for word in words:
                    places = [place for place in places if word in names[place]]
                for place in places:
                    yield self._paths[number * BLOCK + place]
            yield None

    async def entry(self, ident: str, performer: str) -> Entry | None:
        """Return a new entry of a path, if it is in the index."""
        if ident not in self._known:
            return None
        return entry_of(song_at(self._name, ident), performer)


def query_words(query: str) -> list[str]:
    """Split a query as a shell does, and fold it; quotes without a partner stand for themselves."""
    try:
        words = shlex.split(query)
    except ValueError:
        words = query.split()
    return sorted((_folded(word) for word in words), key=len, reverse=True)  # rare ones first


def song_at(source: str, path: str) -> Song:
    """Return what a path says of its song: `Artist - Title - Album.mp3`."""
    name = _name(path)
    stem = name[: name.rindex(".")] if "." in name[1:] else name
    parts = [part.strip() for part in stem.split(" - ")]
    if len(parts) < _PARTS:
        return Song(path, source, stem, _UNKNOWN, _UNKNOWN)
    artist, title, album = parts[:_PARTS]
    return Song(path, source, title, artist, album)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().replace("\n", " ")
