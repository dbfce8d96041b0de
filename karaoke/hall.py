"""All karaoke rooms of a server: found by name, made, kept over restarts, dropped when idle."""

import json
import logging
import secrets
import string
import time
from collections.abc import Callable

from karaoke.payloads import BadRequest
from karaoke.room import KaraokeRoom, kept_room
from karaoke.sources import Library
from rooms.mapping import NameMap

IDLE_SECONDS = 4 * 60 * 60
NAME_LETTERS = 4  # of a made-up name

_log = logging.getLogger(__name__)


class Hall(NameMap[KaraokeRoom]):
    """Name -> room; names are compared as those of chat rooms are."""

    def __init__(self, library: Library, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.shared = library
        self._clock = clock

    def restore(self, documents: dict[str, str]) -> None:
        """Bring back rooms as they were kept; what cannot be read is left out."""
        for key, text in documents.items():
            try:
                room = kept_room(json.loads(text), self.shared)
                self[room.name] = room
            except (BadRequest, ValueError) as error:
                _log.error("The karaoke room %r cannot be brought back: %s", key, error)

    def idle(self) -> list[KaraokeRoom]:
        """Return the rooms without a playback machine in which nothing happened for hours."""
        since = self._clock() - IDLE_SECONDS
        return [room for room in self.values() if room.playback is None and room.last_seen < since]

    def made_up_name(self, is_taken: Callable[[str], bool]) -> str:
        """Return a name that no room has: four letters, one more each time it is taken."""
        length = NAME_LETTERS
        while True:
            name = "".join(secrets.choice(string.ascii_letters) for _ in range(length))
            if name not in self and not is_taken(name):
                return name
            length += 1
