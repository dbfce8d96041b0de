"""Where songs come from: what a source promises, and how one is made."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from karaoke import youtube
from karaoke.entries import Entry, Song
from karaoke.gathering import gathered
from karaoke.lookups import Lookups
from karaoke.song_index import SongIndex
from karaoke.youtube import Videos, YouTube, YtDlp

INDEXED = frozenset({"files", "s3"})
NAMES = INDEXED | {youtube.NAME}


class Source(Protocol):
    """Finds songs; neither method blocks, and each may raise if it cannot be asked."""

    async def search(self, query: str) -> list[Song]:
        """Return the songs that match, best first."""

    async def entry(self, ident: str, performer: str) -> Entry | None:
        """Return a new entry of a song, if the source has it."""


@dataclass(slots=True)
class Library:
    """What all sources of one server share."""

    videos: Videos | None = None
    turns: asyncio.Lock = field(default_factory=asyncio.Lock)
    lookups: Lookups = field(default_factory=Lookups)


def library() -> Library:
    """Return what there is on this machine."""
    return Library(YtDlp() if YtDlp.is_installed() else None)


class Sources:
    """The sources of one room, by name, and the order in which results are shown."""

    def __init__(self, shared: Library) -> None:
        self._shared = shared
        self._made: dict[str, Source] = {}
        self._order: list[str] = []

    def get(self, name: str) -> Source | None:
        """Return a source that has been made."""
        return self._made.get(name)

    def name(self, names: Iterable[str]) -> list[str]:
        """Take these sources, drop all others, and return those that are still to be made."""
        self._order = [name for name in dict.fromkeys(names) if name in NAMES]
        self._made = {name: made for name, made in self._made.items() if name in self._order}
        return [name for name in self._order if name not in self._made]

    def make(self, name: str, index: Sequence[str], channels: Sequence[str]) -> None:
        """Make a source anew."""
        if name in INDEXED:
            made = SongIndex(name, self._shared.turns)
            made.extend(index)
            self._made[name] = made
        else:
            self._made[name] = YouTube(channels, self._shared.videos, self._shared.lookups)

    def extend(self, name: str, index: Sequence[str], channels: Sequence[str]) -> None:
        """Add to a source's index, or make the source."""
        made = self._made.get(name)
        if isinstance(made, SongIndex):
            made.extend(index)
        else:
            self.make(name, index, channels)

    async def search(self, query: str) -> list[Song]:
        """Ask all sources at once; one that is not made, or fails, contributes nothing."""
        ready = [self._made[name] for name in self._order if name in self._made]
        found = await gathered("A source", (source.search(query) for source in ready))
        return [song for part in found for song in part]
