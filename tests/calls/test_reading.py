import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from calls.events import CaughtUp, Event, Gone, LogReplaced
from calls.reading import OutOfOrder, Reading
from wire.version2 import Gap


class Recovery(RuleBasedStateMachine):
    """A reader of a log that grows, is trimmed and replaced, over lines that break anywhere.

    The server is the one of the protocol: it recovers all or names the gap. `owed` are the
    messages that are on their way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch = 0
        self.last = 0
        self.kept_from = 1  # the first message that is not trimmed
        self.owed: list[int] = []
        self.line = True
        self.known: set[int] = set()  # told, or told to be gone, in this log
        self.told: list[int] = []
        self.reading = Reading()
        self.reading.begin("0", 0)
        self.missed: int | None = None  # the first that came late, until it is caught up

    def note(self, events: list[Event]) -> None:
        """Compare what is told with what was missed."""
        for event in events:
            match event:
                case Gone(first, last):
                    gone = set(range(first, last + 1))
                    assert not gone & self.known
                    self.known |= gone
                case CaughtUp(count, gone):
                    assert count + gone == self.reading.last + 1 - (self.missed or 0)
                    self.missed = None
                case LogReplaced():
                    self.known = set(range(1, self.reading.last + 1))
                    self.told, self.missed = [], None

    @rule(count=st.integers(1, 4))
    def say(self, count: int) -> None:
        """Others talk."""
        if self.line:
            self.owed += range(self.last + 1, self.last + count + 1)
        self.last += count

    @rule(number=st.integers(1, 30))
    def trim(self, number: int) -> None:
        """Forget the beginning of the log."""
        self.kept_from = max(self.kept_from, min(number, self.last + 1))

    @rule()
    def replace(self) -> None:
        """Begin another log."""
        self.epoch += 1
        self.last, self.kept_from, self.owed, self.line = 0, 1, [], False

    @precondition(lambda self: self.line and self.owed)
    @rule(repeats=st.booleans())
    def hear(self, repeats: bool) -> None:  # noqa: FBT001 - hypothesis gives it by name
        """Hear the next message; or an old one once more, which changes nothing."""
        if repeats and self.told:
            assert not self.reading.take(self.told[-1])
            return
        number = self.owed.pop(0)
        assert self.reading.take(number)
        self.told.append(number)
        self.known.add(number)
        self.note(self.reading.progress())

    @precondition(lambda self: self.line and len(self.owed) > 1)
    @rule()
    def leave_out(self) -> None:
        """Leave a message out: that is found out, and the line is ended."""
        with pytest.raises(OutOfOrder):
            self.reading.take(self.owed[1])
        self.cut()

    @rule()
    def cut(self) -> None:
        """Break the line; what was on its way is lost."""
        self.line, self.owed = False, []

    @precondition(lambda self: not self.line)
    @rule()
    def recover(self) -> None:
        """Recover over a new line what was missed, once more where a gap was in the way."""
        self.missed = self.missed or self.reading.last + 1
        while True:
            after = self.reading.last
            gap = self._gap(after)
            self.note(self.reading.recover(str(self.epoch), self.last, gap))
            if not self.reading.behind:
                break
        self.line = True
        self.owed = list(range(self.reading.last + 1, self.last + 1))

    def _gap(self, after: int) -> Gap | None:
        if str(self.epoch) != self.reading.epoch:
            return Gap(1, self.last) if after or self.last else None
        return Gap(after + 1, self.kept_from - 1) if after < self.kept_from - 1 else None

    @invariant()
    def nothing_is_unknown(self) -> None:
        """All up to the last message was told or is gone, and what was told was so in order."""
        assert self.told == sorted(set(self.told))
        assert self.known == set(range(1, self.reading.last + 1))

    @invariant()
    def it_is_known_what_is_late(self) -> None:
        """Who has everything knows it."""
        if self.line and not self.owed:
            assert self.reading.caught_up
            assert self.reading.last == self.last


TestRecovery = Recovery.TestCase
TestRecovery.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)


def test_a_reader_who_is_not_late_is_told_nothing() -> None:
    """What is no catching up ends without a word."""
    reading = Reading()
    reading.begin("e", 3)
    assert reading.take(4)
    assert reading.progress() == reading.catch_up(4) == reading.skip(Gap(1, 4)) == []


def test_messages_that_were_trimmed_while_one_was_late() -> None:
    """A gap in what comes late is told, and counted in the end."""
    reading = Reading()
    reading.begin("e", 3)
    reading.fall_behind()
    assert reading.skip(Gap(4, 5)) == [Gone(4, 5)]
    assert reading.take(6)
    assert not reading.caught_up
    assert reading.catch_up(6) == [CaughtUp(1, 2)]
    assert reading.caught_up
