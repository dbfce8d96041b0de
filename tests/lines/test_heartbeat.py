from typing import cast

import pytest

from lines.heartbeat import DEAD_AFTER, PING_AFTER, STUCK_AFTER, Lines
from lines.websocket import WebSocketLine


class FakeLine:
    """What the heartbeat sees of a line."""

    def __init__(self) -> None:
        self.last_heard = 1000.0
        self.written = 0
        self.emptied = False
        self.unsent = 0
        self.pings: list[float] = []
        self.aborted: list[float] = []
        self.now = 1000.0

    def ping(self) -> None:
        """Note a ping."""
        self.pings.append(self.now - 1000)

    def abort(self) -> None:
        """Note the end."""
        self.aborted.append(self.now - 1000)

    def hear(self) -> None:
        """Let the person say something."""
        self.last_heard = self.now


class Watch:
    """One line, and a clock that is ours."""

    def __init__(self) -> None:
        self.line = FakeLine()
        self.lines = Lines()
        self.lines.add(cast("WebSocketLine", self.line))

    def until(self, seconds: int, step: int = 5) -> None:
        """Beat until so many seconds have passed since the beginning."""
        while self.line.now < 1000 + seconds:
            self.line.now += step
            self.lines.beat(self.line.now)


def test_the_times_are_those_of_the_design() -> None:
    """Pinged after 25 s; dead after 60, where something is unsent after 120."""
    assert (PING_AFTER, DEAD_AFTER, STUCK_AFTER) == (25, 60, 120)


def test_who_is_silent_is_pinged_every_25_seconds_and_dead_at_60() -> None:
    """A line without any sign of life is asked twice and then aborted, not earlier."""
    watch = Watch()
    watch.until(59, step=1)
    assert watch.line.pings == [25, 50]
    assert watch.line.aborted == []
    watch.until(60, step=1)
    assert watch.line.aborted == [60]


def test_who_answers_lives_on() -> None:
    """Anything heard is a sign of life, and the next ping comes 25 seconds after it."""
    watch = Watch()
    for _round in range(10):
        watch.until(int(watch.line.now - 1000) + 25, step=1)
        watch.line.hear()
    assert watch.line.pings == [25 * number for number in range(1, 11)]
    assert watch.line.aborted == []


def test_who_talks_is_never_pinged() -> None:
    """A line that is heard more often than every 25 seconds needs no ping."""
    watch = Watch()
    for seconds in range(20, 400, 20):
        watch.until(seconds)
        watch.line.hear()
    assert watch.line.pings == []


def test_no_ping_waits_behind_what_is_unsent() -> None:
    """A line with something unsent is not pinged, and dead only after 120 seconds."""
    watch = Watch()
    watch.line.written = watch.line.unsent = 100_000
    watch.until(119, step=1)
    assert watch.line.pings == []
    assert watch.line.aborted == []
    watch.until(120, step=1)
    assert watch.line.aborted == [120]


@pytest.mark.parametrize("refilled", [False, True])
def test_shrinking_unsent_is_a_sign_of_life(refilled: bool) -> None:  # noqa: FBT001 - a parameter
    """A slow reader stays, also if as much is written as it reads."""
    watch = Watch()
    watch.line.written = watch.line.unsent = 10_000
    for seconds in range(100, 2000, 100):
        watch.until(seconds)
        watch.line.unsent -= 100
        if refilled:
            watch.line.written += 100
            watch.line.unsent += 100
    assert watch.line.aborted == []
    assert watch.line.pings == []


def test_what_was_emptied_between_two_looks_is_a_sign_of_life() -> None:
    """A reader lives that takes all there is, and is then written as much again."""
    watch = Watch()
    watch.line.unsent = 10_000
    for seconds in range(5, 300, 5):
        watch.line.emptied = True
        watch.until(seconds)
    assert watch.line.aborted == []
    watch.until(300 + 115)
    assert watch.line.aborted == [295 + 120]


def test_writing_more_is_no_sign_of_life() -> None:
    """What only we add to what is unsent keeps nobody alive."""
    watch = Watch()
    watch.line.written = watch.line.unsent = 1
    for seconds in range(10, 130, 10):
        watch.line.written += 50
        watch.line.unsent += 50
        watch.until(seconds)
    assert watch.line.aborted == [120]


def test_what_the_kernel_takes_at_once_is_no_sign_of_life() -> None:
    """Who is written to and has nothing unsent may still be dead: the kernel takes what it can."""
    watch = Watch()
    for seconds in range(5, 65, 5):
        watch.line.written += 50
        watch.until(seconds)
    assert watch.line.aborted == [60]


def test_a_stuck_line_that_was_sent_has_its_60_seconds() -> None:
    """Once all is sent the line counts from that sign of life, and is pinged again."""
    watch = Watch()
    watch.line.written = watch.line.unsent = 100
    watch.until(100)
    watch.line.unsent = 0
    watch.until(160)
    assert watch.line.aborted == []
    assert watch.line.pings == [130, 155]
    watch.until(165)
    assert watch.line.aborted == [165]


def test_who_is_watched_no_more_is_left_alone() -> None:
    """A discarded line is neither pinged nor aborted, and may be discarded again."""
    watch = Watch()
    line = cast("WebSocketLine", watch.line)
    assert list(watch.lines) == [line]
    assert len(watch.lines) == 1
    watch.lines.discard(line)
    watch.lines.discard(line)
    watch.until(200)
    assert watch.line.pings == watch.line.aborted == []
    assert len(watch.lines) == 0


def test_lines_may_go_while_one_walks_them() -> None:
    """Whoever walks the lines may let them go meanwhile."""
    watch = Watch()
    watch.lines.add(cast("WebSocketLine", FakeLine()))
    for line in watch.lines:
        watch.lines.discard(line)
    assert len(watch.lines) == 0
