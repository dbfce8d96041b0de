"""A room maps a nick to a peer, and tells its people what happens in it."""

import logging
from typing import Final

from rooms.batch import Batch
from rooms.mapping import NameMap
from rooms.peer import Peer
from wire.forms import Form

_log = logging.getLogger(__name__)


class Room(NameMap[Peer]):
    """The people of one room, nick -> peer, in order of arrival.

    Only utils.py changes it: what others are told of a change is told there. Who has entered
    unannounced has a nick and is told things, but the others do not know it yet.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name: Final = name
        self._unannounced: set[Peer] = set()

    def people(self) -> list[str]:
        """Return the nicks that the others know, in order of arrival."""
        if not self._unannounced:
            return list(self)
        return [nick for nick, peer in self.items() if peer not in self._unannounced]

    def join(self, nick: str, peer: Peer, *, announced: bool = True) -> bool:
        """Take a nick for a peer; return False, and change nothing, if it is taken."""
        if nick in self:
            return False
        self[nick] = peer
        if not announced:
            self._unannounced.add(peer)
        return True

    def announce(self, nick: str) -> None:
        """Let the others know who has this nick, as the last to arrive."""
        peer = self.pop(nick)
        self._unannounced.discard(peer)
        self[nick] = peer

    def leave(self, nick: str) -> bool:
        """Free a nick and return whether the others knew it; KeyError if nobody has it."""
        peer = self.pop(nick)
        known = peer not in self._unannounced
        self._unannounced.discard(peer)
        return known

    def send_message(self, batch: Batch) -> None:
        """Tell everyone it is for; wait for nobody, and let no peer's fault stop it.

        Most have heard all that came before, have nothing unsent and caused none of it. The room
        itself writes to them, and asks the others (docs/decisions/009-shorter-ways.md).
        """
        before, last, authors = batch.before, batch.last, batch.authors
        form: Form | None = None
        whole: bytes | None = None
        for peer in tuple(authors if batch.private else self.values()):
            try:
                if peer.expects == before and peer not in authors:
                    if peer.form is not form:
                        cuts = batch.cuts(peer.form)
                        form, whole = peer.form, cuts[0][0] if len(cuts) == 1 else None
                    transport = peer.transport
                    if whole is not None and not (
                        transport.get_write_buffer_size() or transport.is_closing()
                    ):
                        transport.write(whole)
                        peer.emptied = True
                        peer.expects = last
                        continue
                peer.deliver(batch)
            except Exception:  # noqa: BLE001 - one peer's fault is no other's
                _log.exception("A peer in room %r could not be told", self.name)


class Rooms(NameMap[Room]):
    """All rooms that have people in them, name -> Room."""
