"""A room maps a nick to a peer, and tells its people what happens in it."""

import logging
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from rooms.batch import Batch
from rooms.mapping import NameMap
from rooms.peer import Peer
from wire.forms import Form

_log = logging.getLogger(__name__)


Write: TypeAlias = tuple[bytes, int, Sequence[Peer]]
"""Complete frames, the last message that is in them, and who is written them."""


def write_out(writes: Iterable[Write]) -> None:
    """Write to everyone who was in step with what one is told; no peer's fault stops it."""
    for frames, last, peers in writes:
        for peer in peers:
            try:
                peer.transport.write(frames)
                peer.emptied = True
                peer.expects = last
            except Exception:  # noqa: BLE001 - one peer's fault is no other's
                _log.exception("A peer could not be written to")


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
        """Tell everyone it is for; wait for nobody, and let no peer's fault stop it."""
        writes: list[Write] = []
        self.prepare(batch, writes)
        write_out(writes)

    def prepare(self, batch: Batch, writes: list[Write]) -> None:
        """Tell everyone it is for, but add to `writes` what is then simply to be written.

        Most have heard all that came before and have nothing unsent. What they are told is
        written together with what other rooms tell; the others are asked
        (docs/decisions/009-shorter-ways.md).
        """
        before, last, authors = batch.before, batch.last, batch.authors
        form: Form | None = None  # of those who are in `listeners`, to be written the `whole`
        whole: bytes | None = None
        listeners: list[Peer] = []
        for peer in tuple(authors if batch.private else self._values.values()):
            try:
                if (
                    peer.expects != before
                    or peer.transport.get_write_buffer_size()
                    or peer.transport.is_closing()
                ):
                    peer.deliver(batch)
                elif peer in authors:
                    own = batch.own(peer)
                    if own is None:
                        peer.deliver(batch)
                    else:
                        writes.append((own, last, (peer,)))
                else:
                    if peer.form is not form:
                        whole, form = batch.whole(peer.form), peer.form
                        listeners = []
                        if whole is not None:
                            writes.append((whole, last, listeners))
                    if whole is None:
                        peer.deliver(batch)
                    else:
                        listeners.append(peer)
            except Exception:  # noqa: BLE001 - one peer's fault is no other's
                _log.exception("A peer in room %r could not be told", self.name)


class Rooms(NameMap[Room]):
    """All rooms that have people in them, name -> Room."""
