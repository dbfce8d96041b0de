import json
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lines.line import BOUND, Line
from rooms.batch import CUT, Batch, Event, Single
from rooms.room import Room
from tests.lines.fakes import (
    LINES,
    FakeTransport,
    PatientLine,
    answered,
    at_once,
    entered,
    entrance,
    said,
)
from wire.messages import Draft, Joined, Left, NickChanged, Notice, Reason, Said


def test_nothing_is_told_before_one_has_entered() -> None:
    """A batch of a room that one takes no part in is nothing to a line."""
    transport = FakeTransport()
    line = Line(transport, LINES)
    line.deliver(Batch("tea", 0, [Event("tea", said(1))]))
    assert (transport.data, line.room, line.behind) == (b"", None, False)


def test_one_is_told_what_comes_after_ones_entrance() -> None:
    """What stands before the entrance in the same batch is left out, what comes after is told."""
    transport = FakeTransport()
    line = Line(transport, LINES)
    events = [Event("tea", said(8)), entrance(line), Event("tea", Joined("bob"))]
    line.deliver(Batch("tea", 7, events))
    assert transport.told == [
        {"answer": None, "last_id": 8},
        {"action": "joined", "room": "tea", "user": "bob"},
    ]
    assert (line.room, line.place) == ("tea", 8)


def test_moving_changes_the_room_at_its_place() -> None:
    """From the entrance into another room on, one is told of that room only."""
    line, transport = entered("tea")
    line.deliver(Batch("tea", 0, [Event("tea", said(1))]))
    line.depart()
    line.deliver(Batch("tea", 1, [Event("tea", said(2))]))
    line.deliver(Batch("cake", 40, [Event("cake", said(41)), entrance(line, "cake")]))
    line.deliver(Batch("cake", 41, [Event("cake", said(42))]))
    assert [body.get("id", body.get("last_id")) for body in transport.told] == [1, 41, 42]


def test_many_batches_are_told_in_order() -> None:
    """Batches that follow each other are written as they come, a write for each."""
    line, transport = entered()
    for number in range(1, 6):
        line.deliver(Batch("tea", number - 1, [Event("tea", said(number)), Event("tea", None)]))
    assert [body["id"] for body in transport.told] == [1, 2, 3, 4, 5]
    assert len(transport.writes) == 5


def test_two_lines_are_written_the_very_same_bytes() -> None:
    """What a room is told is one bytes object for everybody."""
    (_ann, one), (_bob, other) = people = entered(), entered()
    batch = Batch("tea", 0, [Event("tea", said(1)), Event("tea", said(2))])
    for line, _transport in people:
        line.deliver(batch)
    assert one.writes[0] == other.writes[0]
    assert batch.cuts(LINES)[0][0] == one.writes[0]


def test_a_line_that_has_ended_is_written_nothing() -> None:
    """A batch for a line that is closing is dropped without a fault."""
    line, transport = entered()
    line.abort()
    line.deliver(Batch("tea", 0, [Event("tea", said(1))]))
    assert transport.data == b""
    assert line.reason is Reason.LOST


def test_who_has_too_much_unsent_has_not_read_it() -> None:
    """Also what is no batch counts: a request is not read before one's replies are."""
    line, transport = entered()
    transport.flows = False
    line.write(b"x" * BOUND)
    assert not line.unread
    line.write(b"x")
    assert line.unread
    assert not line.behind


@pytest.mark.parametrize("way", ["write", "deliver"])
def test_what_is_added_to_what_is_unsent_is_counted(way: str) -> None:
    """The heartbeat can tell what was taken from what was added, whichever way it was written."""
    line, transport = entered()
    number = count(1)

    def tell() -> None:
        if way == "write":
            line.write(b"x" * 100)
        else:
            following = next(number)
            line.deliver(Batch("tea", following - 1, [Event("tea", said(following))]))

    line.emptied = False
    tell()
    assert (line.emptied, line.written) == (True, 0)
    transport.flows = line.emptied = False
    tell()
    assert (line.emptied, line.written) == (True, 0)
    line.emptied, unsent = False, line.unsent
    tell()
    assert line.emptied is False
    assert line.written == line.unsent - unsent > 0


def test_the_first_to_know_how_a_line_ended_is_right() -> None:
    """Once a line has ended for a reason, a later one changes nothing."""
    line, _transport = entered()
    line.ended(Reason.CLOSED)
    line.abort(Reason.KICKED)
    assert line.reason is Reason.CLOSED


def test_who_falls_behind_is_written_no_more() -> None:
    """Over the bound nothing is written, feeding is asked for once, and the place is kept."""
    line, transport = entered()
    transport.flows = False
    asked: list[int] = []
    line.fell_behind = lambda: asked.append(line.place)
    for number in range(1, 21):
        line.deliver(Batch("tea", number - 1, [Event("tea", said(number, size=40_000))]))
    told = [body["id"] for body in transport.told]
    assert told == list(range(1, len(told) + 1))
    assert 0 < len(told) < 20
    assert line.behind
    assert asked == [len(told)]
    assert BOUND < transport.most_unsent <= BOUND + CUT


def test_one_long_batch_is_bounded_too() -> None:
    """The bound is looked at before each cut of a batch, whoever said the most of it."""
    line, transport = entered()
    transport.flows = False
    line.fell_behind = lambda: None
    events = [
        Event("tea", said(number, size=4096), author=line if number % 2 else None, answer=answered)
        for number in range(1, 400)
    ]
    line.deliver(Batch("tea", 0, events))
    assert line.behind
    assert BOUND < transport.most_unsent <= BOUND + CUT


def test_a_batch_that_does_not_follow_is_not_told() -> None:
    """A line that missed a batch is fed from its place on instead of being told with a hole."""
    line, transport = entered(before=3)
    asked: list[int] = []
    line.fell_behind = lambda: asked.append(line.place)
    line.deliver(Batch("tea", 5, [Event("tea", said(6))]))
    assert transport.data == b""
    assert line.behind
    assert asked == [3]
    at_once(line.feed([said(4), said(5), said(6)], 6))
    line.catch_up()
    line.deliver(Batch("tea", 6, [Event("tea", said(7))]))
    assert [body["id"] for body in transport.told] == [4, 5, 6, 7]


def test_feeding_who_is_not_behind_tells_nothing() -> None:
    """A page or a catching up that comes too late is dropped."""
    line, transport = entered()
    at_once(line.feed([said(1)], 1))
    line.catch_up()
    assert (transport.data, line.place) == (b"", 0)


def test_moving_while_behind_forgets_what_was_missed() -> None:
    """Who enters another room while behind takes part there at once and is owed nothing."""
    line, transport = entered()
    line.fell_behind = lambda: None
    line.deliver(Batch("tea", 5, [Event("tea", said(6)), Event("tea", Joined("bob"))]))
    assert line.behind
    line.depart()
    line.deliver(Batch("cake", 9, [entrance(line, "cake"), Event("cake", said(10))]))
    assert not line.behind
    assert transport.told[0] == {"answer": None, "last_id": 9}
    assert [body["id"] for body in transport.told[1:]] == [10]


def test_who_has_said_the_last_word_takes_part_no_more() -> None:
    """One who is behind at the end is fed nothing after the last word, and in step no more."""
    line, transport = entered()
    line.fell_behind = lambda: None
    line.deliver(Batch("tea", 5, [Event("tea", said(6))]))
    line.write_last(b'"bye"')
    at_once(line.feed([said(number) for number in range(1, 7)], 6))
    line.catch_up()
    room = Room("tea")
    room.join("ann", line)
    room.send_message(Batch("tea", 6, [Event("tea", said(7))]))
    assert transport.told[-1] == "bye"


def test_an_answer_of_another_room_is_not_told() -> None:
    """A batch for one alone, of a room one is not in, changes nothing."""
    line, transport = entered("cake", before=3)
    line.deliver(Batch("tea", 0, [Event("tea", author=line, answer=answered)]))
    assert (transport.data, line.room, line.place, line.behind) == (b"", "cake", 3, False)


class Reader:
    """Someone who reads a little each time that a line pauses for them."""

    def __init__(self, transport: FakeTransport, sizes: list[int]) -> None:
        self.transport = transport
        self.sizes = sizes
        self.pauses: list[float] = []

    async def sleep(self, pause: float) -> None:
        """Read instead of letting time pass."""
        self.pauses.append(pause)
        self.transport.read(self.sizes.pop(0))


async def test_waiting_ends_once_most_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the bound a line waits, ever longer while nothing moves, until most was read."""
    transport = FakeTransport()
    transport.flows = False
    line = Line(transport, LINES)
    line.write(b"x" * BOUND)
    await line.drain()
    line.write(b"x")
    reader = Reader(transport, [1, 0, 0, 1, BOUND])
    monkeypatch.setattr("lines.line.asyncio.sleep", reader.sleep)
    await line.drain()
    assert reader.sizes == []
    _first, second, third, fourth, last = reader.pauses
    assert second < third < fourth
    assert last == second


async def test_waiting_ends_when_the_line_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a person who is gone."""
    transport = FakeTransport()
    transport.flows = False
    line = Line(transport, LINES)
    line.write(b"x" * (BOUND + 1))

    async def gone(_pause: float) -> None:
        transport.abort()

    monkeypatch.setattr("lines.line.asyncio.sleep", gone)
    await line.drain()
    assert transport.aborted


@pytest.mark.parametrize("size", [10, 4096])
def test_a_long_page_is_fed_cut_by_cut(size: int) -> None:
    """However long a page, and whoever reads it, a bound and a cut are the most that is unsent."""
    line, transport = entered()
    transport.flows = False
    line.fell_behind = lambda: None
    line.deliver(Batch("tea", 2000, [Event("tea", None)]))
    at_once(line.feed([said(number, size=size) for number in range(1, 2001)], 2000))
    line.catch_up()
    assert [body["id"] for body in transport.told] == list(range(1, 2001))
    assert transport.most_unsent <= BOUND + CUT
    assert max(map(len, transport.writes)) <= CUT


def test_answers_that_come_while_one_is_fed_keep_their_place() -> None:
    """What is answered while a feeder waits for the person is told once that is fed."""

    class Interrupted(PatientLine):
        async def drain(self) -> None:
            """Let an answer come in meanwhile."""
            self.deliver(Batch("tea", 2, [Event("tea", author=self, answer=answered)]))

    transport = FakeTransport()
    line = Interrupted(transport, LINES)
    line.deliver(Batch("tea", 0, [entrance(line)]))
    line.fell_behind = lambda: None
    line.deliver(Batch("tea", 1, [Event("tea", said(2))]))
    at_once(line.feed([said(1), said(2)], 2))
    line.catch_up()
    assert [body.get("id", body) for body in transport.told[1:]] == [
        1,
        2,
        {"answer": None, "last_id": 2},
    ]


# A step of a conversation: what happens in the room, and how much the person reads.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("said"), st.booleans(), st.sampled_from([1, 100, 1500])),
        st.tuples(st.just("failed"), st.booleans(), st.just(0)),
        st.tuples(st.just("asked"), st.just(True), st.just(0)),  # noqa: FBT003 - a value
        st.tuples(st.just("joined"), st.just(False), st.integers(0, 3)),  # noqa: FBT003 - a value
        st.tuples(st.just("left"), st.just(False), st.integers(0, 3)),  # noqa: FBT003 - a value
        st.tuples(st.just("renamed"), st.just(False), st.integers(0, 3)),  # noqa: FBT003 - a value
        st.tuples(st.just("batch"), st.just(False), st.just(0)),  # noqa: FBT003 - a value
        st.tuples(st.just("read"), st.just(False), st.sampled_from([500, 10**6])),  # noqa: FBT003
        st.tuples(st.just("fed"), st.just(False), st.integers(1, 5)),  # noqa: FBT003 - a value
    ),
    max_size=60,
)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let little be much, so that people fall behind often."""
    for name, size in (
        ("lines.line.BOUND", 800),
        ("lines.line.CUT", 400),
        ("rooms.batch.CUT", 400),
    ):
        monkeypatch.setattr(name, size)


SHARED = [HealthCheck.function_scoped_fixture]  # the fixture is the same for every example


class Conversation:
    """A room with one slow reader, its journal, and what should have come of it."""

    def __init__(self) -> None:
        self.line, self.transport = entered()
        self.room = Room("tea")
        self.room.join("ann", self.line)
        self.transport.flows = False
        self.line.fell_behind = lambda: None
        self.log: list[Said] = []
        self.events: list[Event] = []
        self.before = 0
        self.expected: list[Any] = []  # messages and answers, in the room's order
        self.people: set[str] = {"0", "1"}

    def happen(self, notice: Notice | Draft | None, *, own: bool) -> None:
        """Let something happen in the room."""
        event = Event("tea", notice, answer=answered)
        if own:
            event.author = self.line
        last = len(self.log)
        if own:
            number = last if isinstance(notice, Said) else None
            self.expected.append({"answer": number, "last_id": last})
        elif isinstance(notice, Said):
            self.expected.append(last)
        self.events.append(event)

    def batch(self) -> None:
        """Deliver what happened."""
        if self.events:
            batch = Single if len(self.events) == 1 else Batch
            self.room.send_message(batch("tea", self.before, self.events))
        self.events, self.before = [], len(self.log)

    def feed(self, limit: int) -> None:
        """Feed a page of what was delivered, as a feeder does."""
        if not self.line.behind:
            return
        page = [one for one in self.log if self.line.place < one.id <= self.before]
        more = len(page) > limit
        page = page[:limit]
        at_once(self.line.feed(page, page[-1].id if more else self.before))
        if self.line.place == self.before:
            self.line.catch_up()

    def step(self, what: str, own: bool, amount: int) -> None:  # noqa: FBT001 - it is generated
        """Take one step."""
        nick = str(amount)
        match what:
            case "said":
                self.log.append(said(len(self.log) + 1, size=amount))
                self.happen(self.log[-1], own=own)
            case "failed":
                self.happen(Draft("ann", "lost"), own=own)
            case "asked":
                self.happen(None, own=True)
            case "joined" if nick not in self.people:
                self.people.add(nick)
                self.happen(Joined(nick), own=False)
            case "left" if nick in self.people:
                self.people.remove(nick)
                self.happen(Left(nick, Reason.LOST), own=False)
            case "renamed" if nick in self.people and "new" not in self.people:
                self.people ^= {nick, "new"}
                self.happen(NickChanged(nick, "new"), own=False)
            case "batch":
                self.batch()
            case "read":
                self.transport.read(amount)
            case "fed":
                self.feed(amount)


@pytest.mark.usefixtures("narrow")
@settings(max_examples=300, suppress_health_check=SHARED)
@given(STEPS)
def test_who_falls_behind_misses_nothing(
    caplog: pytest.LogCaptureFixture, steps: list[tuple[str, bool, int]]
) -> None:
    """Messages and own answers come once and in order; the changes of people add up."""
    talk = Conversation()
    for step in steps:
        talk.step(*step)
    talk.batch()
    while talk.line.behind:
        talk.feed(3)
    told: list[Any] = []
    people = {"0", "1"}
    for body in talk.transport.told:
        match body.get("action"):
            case None:
                told.append(body)
            case "chat_message":
                told.append(body["id"])
            case "joined":
                assert body["user"] not in people
                people.add(body["user"])
            case "left":
                people.remove(body["user"])
            case "nick_changed":
                people.remove(body["from_user"])
                people.add(body["to_user"])
    assert told == talk.expected
    assert people == talk.people
    assert not caplog.records


@pytest.mark.usefixtures("narrow")
@settings(max_examples=100, suppress_health_check=SHARED)
@given(STEPS)
def test_a_room_never_writes_beyond_the_bound(steps: list[tuple[str, bool, int]]) -> None:
    """Whatever happens, and whoever reads nothing, a room leaves a bound and a cut unsent."""
    talk = Conversation()
    for step in steps:
        if step[0] not in ("read", "fed"):
            talk.step(*step)
    talk.batch()
    assert talk.transport.most_unsent <= 800 + 400 + 1600, "the bound, a cut, or one long message"


@pytest.mark.parametrize("trimmed", [2, 5])
def test_a_form_may_tell_what_was_trimmed(trimmed: int) -> None:
    """Feeding goes on after what the journal does not have any more."""
    line, transport = entered()
    line.fell_behind = lambda: None
    line.deliver(Batch("tea", 4, [Event("tea", said(5))]))
    at_once(line.feed([said(number) for number in range(trimmed + 1, 6)], 5))
    line.catch_up()
    assert not line.behind
    assert line.place == 5
    assert [body["id"] for body in transport.told] == list(range(trimmed + 1, 6))
    assert json.dumps(transport.told)
