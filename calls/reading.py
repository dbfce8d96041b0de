"""How far one has read the log of a room: each message is told once, in order, or known gone."""

from calls.events import CaughtUp, Event, Gone, LogReplaced
from wire.version2 import Gap


class OutOfOrder(Exception):  # noqa: N818 - an order to begin anew
    """A message came that is not the next one: the server left some out."""


class Reading:
    """The place in one log. Pure bookkeeping; what is returned is to be told.

    `behind`: a recovery was refused, for messages were trimmed; what is kept after them has to
    be asked for, and nothing is told before it comes.
    """

    def __init__(self) -> None:
        self.epoch = ""
        self.last = 0  # the last message that was told, or is gone
        self.behind = False
        self._catching_up = False
        self._until: int | None = None  # the message with which that ends, where it is known
        self._told = 0  # messages, since it began
        self._gone = 0

    def begin(self, epoch: str, last_id: int) -> None:
        """Read on from the end of a log; nothing before it is missing."""
        self.epoch, self.last = epoch, last_id
        self.behind = False
        self._end_catching_up()

    def take(self, number: int) -> bool:
        """Return whether a message is the next to be told, and not one that was told before.

        Raises OutOfOrder where messages between the last and this one are missing.
        """
        if number <= self.last:
            return False
        if number != self.last + 1:
            raise OutOfOrder(f"message {number} came after message {self.last}")
        self.last = number
        self._told += self._catching_up
        return True

    def recover(self, epoch: str, last_id: int, gap: Gap | None) -> list[Event]:
        """Take in the answer to a recovery: no gap, and all up to `last_id` will follow."""
        if gap is None:
            self.epoch, self.behind = epoch, False
            self._catching_up, self._until = True, last_id
            return self.progress()
        if epoch != self.epoch:
            self.begin(epoch, last_id)
            return [LogReplaced()]
        gone = self._skip(gap, last_id)
        self.behind = self.last < last_id
        self._catching_up, self._until = True, last_id
        return [gone, *self.progress()]

    def fall_behind(self) -> None:
        """Note that what comes next comes late."""
        self._catching_up = True

    def skip(self, gap: Gap) -> list[Event]:
        """Note that messages which were to come next were trimmed; raise OutOfOrder if others."""
        if gap.last <= self.last:
            return []
        if gap.first != self.last + 1:
            raise OutOfOrder(f"after message {self.last} those from {gap.first} on are gone")
        return [self._skip(gap, gap.last), *self.progress()]

    def catch_up(self, last_id: int) -> list[Event]:
        """Note that nothing is late any more; raise OutOfOrder if something is missing."""
        if last_id > self.last:
            raise OutOfOrder(f"all up to message {last_id} came, but only {self.last} did")
        self._until = self.last
        return self.progress()

    def progress(self) -> list[Event]:
        """Return that one has caught up, once, where that is so."""
        if not self._catching_up or self.behind or self._until is None or self.last < self._until:
            return []
        caught_up = CaughtUp(self._told, self._gone)
        self._end_catching_up()
        return [caught_up]

    @property
    def caught_up(self) -> bool:
        """Whether nothing is known to be late."""
        return not self._catching_up

    def _skip(self, gap: Gap, last_id: int) -> Event:
        self._gone += gap.last - gap.first + 1
        self.last = min(gap.last, last_id)
        return Gone(gap.first, gap.last)

    def _end_catching_up(self) -> None:
        self._catching_up, self._until = False, None
        self._told = self._gone = 0
