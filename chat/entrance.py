"""How someone enters a room who may have missed messages: all of them follow, or none."""

from collections.abc import Callable

from journal.spine import Journal
from rooms.batch import Event
from utils import Happening
from wire import version2
from wire.messages import Body
from wire.version2 import Gap, Since


class Entrance:
    """Says, at its place in the room's order, from where on one is told, and what is missing.

    `since` is up to where one has the log of the room; without it nothing is to be recovered.
    """

    def __init__(
        self,
        journal: Journal[Happening],
        room: str,
        since: Since | None,
        body: Body,
        render: Callable[[Body], bytes],
    ) -> None:
        self._journal = journal
        self._room = room
        self._since = since
        self._body = body
        self._render = render

    def enters(self, last: int) -> int:
        """Return the message after which one is told everything."""
        if self._since is None or self._gap(self._since, last) is not None:
            return last
        return self._since.after

    def answer(self, event: Event, last: int) -> bytes:
        """Return the reply: the body, and where one is."""
        body = self._body | version2.place(event.room, self._journal.epoch, last, event.users)
        if self._since is not None:
            body |= version2.recovery(self._gap(self._since, last))
        return self._render(body)

    def _gap(self, since: Since, last: int) -> Gap | None:
        """Return what cannot be had; None if everything can."""
        if since.epoch != self._journal.epoch:
            return Gap(1, last) if since.after or last else None
        if since.after > last:
            return Gap(last + 1, since.after)
        first = self._journal.first_id(self._room)
        if since.after < first - 1:
            return Gap(since.after + 1, first - 1)
        return None
