"""A karaoke room: its songs, its config, its sources, and who is in it."""

from dataclasses import dataclass, field, replace

from karaoke.entries import Body, Entry, new_uuid
from karaoke.payloads import Payload, entries_from
from karaoke.room_config import checked, public
from karaoke.song_queue import MOST_RECENT, SongQueue
from karaoke.sources import Library, Sources


@dataclass(slots=True, eq=False)
class KaraokeRoom:
    """One room; people are known by their Socket.IO session ids."""

    name: str
    config: Body
    songs: SongQueue
    sources: Sources
    last_seen: float  # when something happened, in seconds since 1970
    playback: str | None = None  # who plays
    members: set[str] = field(default_factory=set)
    askers: dict[str, bool] = field(default_factory=dict)  # who waits for a song; tell the room?
    announced: str | None = None  # the uuid of the song that chat heard of last

    def state(self) -> Body:
        """Return what everybody in the room may know."""
        return _lists(self.songs) | {"config": public(self.config)}

    def document(self) -> Body:
        """Return what is kept of the room while no server runs."""
        return _lists(self.songs) | {
            "name": self.name,
            "config": self.config,
            "playing": self.songs.playing,
            "last_seen": self.last_seen,
        }


def new_room(name: str, config: Body, lists: Payload, library: Library, now: float) -> KaraokeRoom:
    """Return a room with the lists that a playback machine kept; raise BadRequest."""
    return KaraokeRoom(name, config, _songs(lists, None), Sources(library), now)


def kept_room(document: object, library: Library) -> KaraokeRoom:
    """Return a room as it was kept; raise BadRequest if it is no room."""
    payload = Payload(document)
    playing = payload.text("playing", 100) if payload.body.get("playing") else None
    return KaraokeRoom(
        payload.text("name", 100),
        checked(payload.object("config")),
        _songs(payload, playing),
        Sources(library),
        payload.moment("last_seen") or 0.0,
        announced=playing,
    )


def _lists(songs: SongQueue) -> Body:
    return {
        "queue": [entry.body() for entry in songs.queue],
        "recent": [entry.body() for entry in songs.recent],
        "waiting_room": [entry.body() for entry in songs.waiting_room],
    }


def _songs(lists: Payload, playing: str | None) -> SongQueue:
    """Return the lists as a queue; of two entries with one uuid the later gets another."""
    taken: set[str] = set()

    def unique(entry: Entry) -> Entry:
        if entry.uuid in taken:
            entry = replace(entry, uuid=new_uuid())
        taken.add(entry.uuid)
        return entry

    queue, waiting_room, recent = (
        [unique(entry) for entry in entries_from(lists, key)]
        for key in ("queue", "waiting_room", "recent")
    )
    return SongQueue(queue, waiting_room, recent[-MOST_RECENT:], playing)
