"""What is sung: a song as a source finds it, and an entry as a performer queues it."""

import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

Body = dict[str, Any]
Uid = str | int | float | None

UNKNOWN_DURATION = 180  # seconds, until the playback machine has looked


def new_uuid() -> str:
    """Return a name for an entry that no other entry has."""
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Song:
    """A song as a search shows it; `duration` is text for people, where it is known."""

    ident: str
    source: str
    title: str
    artist: str
    album: str
    duration: str | None = None

    def body(self) -> Body:
        """Return what is sent of it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Entry:
    """A song that somebody wants to sing; `duration` in seconds, `started_at` since 1970."""

    ident: str
    source: str
    duration: int
    title: str
    artist: str
    album: str
    performer: str
    failed: bool = False
    skip: bool = False
    uuid: str = field(default_factory=new_uuid)
    uid: Uid = None
    started_at: float | None = None

    def body(self) -> Body:
        """Return what is sent of it: all twelve keys."""
        return asdict(self)


def entry_of(song: Song, performer: str, duration: int = UNKNOWN_DURATION) -> Entry:
    """Return a new entry of a song."""
    return Entry(song.ident, song.source, duration, song.title, song.artist, song.album, performer)
