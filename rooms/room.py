"""A room maps a nick to a peer, and tells its people what happens in it."""

import logging
from typing import Final

from rooms.batch import Batch
from rooms.mapping import NameMap
from rooms.peer import Peer

_log = logging.getLogger(__name__)


class Room(NameMap[Peer]):
    """The people of one room, nick -> peer, in order of arrival.

    Only utils.py changes it: what others are told of a change is told there.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name: Final = name

    def join(self, nick: str, peer: Peer) -> bool:
        """Take a nick for a peer; return False, and change nothing, if it is taken."""
        if nick in self:
            return False
        self[nick] = peer
        return True

    def leave(self, nick: str) -> None:
        """Free a nick; raise KeyError if nobody has it."""
        del self[nick]

    def send_message(self, batch: Batch) -> None:
        """Tell everyone in the room; wait for nobody, and let no peer's fault stop it."""
        for peer in tuple(self.values()):
            try:
                peer.deliver(batch)
            except Exception:  # noqa: BLE001 - one peer's fault is no other's
                _log.exception("A peer in room %r could not be told", self.name)


class Rooms(NameMap[Room]):
    """All rooms that have people in them, name -> Room."""
