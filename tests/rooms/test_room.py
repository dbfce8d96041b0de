import logging
from functools import partial

import pytest

from lines.line import BOUND, Line
from rooms.batch import CUT, Batch, Event, Single
from rooms.room import Room, Rooms, Write, write_out
from tests.lines.fakes import LINES, FakeTransport, answered, at_once, entered, said
from tests.rooms.peers import Broken, Recorder
from wire.forms import Form
from wire.messages import Joined, Notice


def batch() -> Batch:
    """Return a small batch."""
    return Batch("tea", 0, [Event("tea", Joined("eve"))])


def gathered(count: int) -> tuple[Room, list[tuple[Line, FakeTransport]]]:
    """Return a room with so many lines in it, who were told nothing yet."""
    room, people = Room("tea"), [entered() for _line in range(count)]
    for number, (line, _transport) in enumerate(people):
        room.join(f"nick{number}", line)
    return room, people


def test_joining_takes_a_nick_once() -> None:
    """Whoever comes first has the nick, in any spelling; the other changes nothing."""
    room, ann, bob = Room("tea"), Recorder(), Recorder()
    assert room.join("ann", ann)
    assert not room.join("ANN", bob)
    assert not room.join("ann", ann)
    assert dict(room) == {"ann": ann}


def test_leaving_frees_the_nick() -> None:
    """A nick that was left can be taken again, and is shown as its new owner spells it."""
    room = Room("tea")
    room.join("ann", Recorder())
    room.leave("Ann")
    assert len(room) == 0
    assert room.join("ANN", Recorder())
    assert list(room) == ["ANN"]
    with pytest.raises(KeyError):
        room.leave("bob")


def test_everyone_is_told_the_very_same_batch() -> None:
    """A room passes one batch to all its people, in order of arrival, and copies nothing."""
    room, people, happened = Room("tea"), [Recorder() for _ in range(3)], batch()
    for number, peer in enumerate(people):
        room.join(f"nick{number}", peer)
    room.send_message(happened)
    assert [peer.batches for peer in people] == [[happened]] * 3


def test_what_is_for_one_alone_costs_nobody_else() -> None:
    """A reply goes to who asked; with something for the others beside it, to everyone."""
    room, ann, bob = Room("tea"), Recorder(), Recorder()
    room.join("ann", ann)
    room.join("bob", bob)
    reply = Batch("tea", 0, [Event("tea", author=ann)])
    mixed = Batch("tea", 0, [Event("tea", author=ann), Event("tea", Joined("eve"), author=ann)])
    for happened in (reply, mixed, nobodys := Batch("tea", 0, [Event("tea")])):
        room.send_message(happened)
    assert ann.batches == [reply, mixed, nobodys]
    assert bob.batches == [mixed, nobodys]


@pytest.mark.parametrize(
    "error", [RuntimeError("broken"), ConnectionResetError(), KeyError("x"), RecursionError()]
)
def test_a_broken_peer_ends_nothing(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """One peer's fault is in the log with its traceback, and everyone else is told."""
    room, happened = Room("tea"), batch()
    before, broken, after = Recorder(), Broken(error), Recorder()
    for nick, peer in (("ann", before), ("bob", broken), ("eve", after)):
        room.join(nick, peer)
    room.send_message(happened)
    assert before.batches == broken.batches == after.batches == [happened]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[1] is error


def test_people_may_leave_while_the_room_is_told() -> None:
    """Who is taken out by what another is told does not upset the telling."""
    room = Room("tea")

    class Leaver(Recorder):
        def deliver(self, batch: Batch) -> None:
            super().deliver(batch)
            room.clear()

    leaver, other = Leaver(), Recorder()
    room.join("ann", leaver)
    room.join("bob", other)
    room.send_message(batch())
    assert len(leaver.batches) == 1
    assert len(room) == 0


def test_a_room_knows_how_it_is_shown() -> None:
    """Rooms are found under any spelling, and a room is shown under one."""
    rooms = Rooms()
    rooms["Tea"] = Room("Tea")
    assert rooms["tea"].name == "Tea"
    assert list(rooms) == ["Tea"]


def nobody_asks(_line: Line, _batch: Batch) -> None:
    """Fail, in place of `deliver`."""
    raise AssertionError("the room asked")


def test_whom_the_room_writes_to_itself_is_told_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of many in step each is written the very same bytes once, and is in step after it."""
    room, people = gathered(3)
    other, aside = entered()
    other.form = Form(notice=lambda _room, _notice: b"{}\n")
    room.join("other", other)
    for line, _transport in people:
        line.emptied = False
    whole = Batch("tea", 0, [Event("tea", said(1)), Event("tea", Joined("eve"))])
    with monkeypatch.context() as patch:
        patch.setattr(Line, "deliver", nobody_asks)
        room.send_message(whole)
        room.send_message(Batch("tea", 1, [Event("tea", said(2))]))
    assert not caplog.records
    for line, transport in people:
        assert [body.get("id", "eve") for body in transport.told] == [1, "eve", 2]
        assert transport.writes[0] is whole.cuts(LINES)[0][0]
        assert (line.place, line.emptied, line.written) == (2, True, 0)
    assert aside.told == [{}, {}, {}], "each is told in the form of their own"


def test_an_author_in_step_is_written_the_answers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The room writes to authors too: answers in place of their own notices, in order."""
    room, people = gathered(2)
    (author, mine), (_other, others) = people
    own = Event("tea", said(2), author=author, answer=answered)
    monkeypatch.setattr(Line, "deliver", nobody_asks)
    room.send_message(Batch("tea", 0, [Event("tea", said(1)), own, Event("tea", said(3))]))
    room.send_message(Single("tea", 3, [Event("tea", said(4), author=author, answer=answered)]))
    assert [body.get("id") or body["answer"] for body in mine.told] == [1, 2, 3, 4]
    assert [body.get("id") for body in others.told] == [1, 2, 3, 4]
    assert [line.place for line, _transport in people] == [4, 4]
    assert [len(transport.writes) for _line, transport in people] == [2, 2]
    assert not caplog.records


@pytest.mark.parametrize("count", [1, 2])
def test_each_form_is_rendered_once_whoever_sits_beside_whom(count: int) -> None:
    """Where forms take turns among the people, each is still rendered once for all."""
    rendered: list[str] = []

    def counting(name: str) -> Form:
        def notice(_room: str, _notice: Notice) -> bytes:
            rendered.append(name)
            return f'{{"form":"{name}"}}\n'.encode()

        return Form(notice=notice)

    room, people = gathered(6)
    forms = [counting("a"), counting("b")]
    for number, (line, _transport) in enumerate(people):
        line.form = forms[number % 2]
    events = [Event("tea", said(number + 1)) for number in range(count)]
    room.send_message((Single if count == 1 else Batch)("tea", 0, events))
    assert rendered == ["a"] * count + ["b"] * count
    told = [[body["form"] for body in transport.told] for _line, transport in people]
    assert told == [["a"] * count, ["b"] * count] * 3


def test_a_form_that_takes_more_than_one_cut_is_no_others() -> None:
    """Between people of a short form, those of a long one are told in their own, cut by cut."""
    long = Form(notice=lambda _room, _notice: b'{"form":"long"}' + b" " * CUT + b"\n")
    room, people = gathered(5)
    for line, _transport in people[1:4:2]:
        line.form = long
    room.send_message(Batch("tea", 0, [Event("tea", said(1)), Event("tea", said(2))]))
    for number, (line, transport) in enumerate(people):
        told = [body.get("form", body.get("id")) for body in transport.told]
        assert told == (["long"] * 2 if number % 2 else [1, 2])
        assert line.place == 2


def test_what_is_prepared_is_written_later() -> None:
    """Nobody is told, or taken for told, before the writes are made."""
    room, people = gathered(3)
    writes: list[Write] = []
    room.prepare(Single("tea", 0, [Event("tea", said(1))]), writes)
    assert [line.place for line, _transport in people] == [0, 0, 0]
    assert not any(transport.data for _line, transport in people)
    write_out(writes)
    assert [line.place for line, _transport in people] == [1, 1, 1]
    assert [[body["id"] for body in transport.told] for _line, transport in people] == [[1]] * 3


def test_whom_a_room_cannot_simply_write_to_it_asks(caplog: pytest.LogCaptureFixture) -> None:
    """The slow are bounded, who misses something is fed, the dead are left."""
    room, people = gathered(6)
    (author, _), (slow, _), (late, _), (ended, _), (closed, _), (aside, _) = people
    people[1][1].flows = False
    slow.write(b"x" * (BOUND + 1))
    asked: list[Line] = []
    for line in (slow, late):
        line.fell_behind = partial(asked.append, line)
    late.deliver(Batch("tea", 5, [Event("tea", Joined("eve"))]))
    ended.abort()
    closed.write_last(b"bye")
    aside.depart()
    room.send_message(Batch("tea", 0, [Event("tea", said(1), author=author, answer=answered)]))
    assert people[0][1].told == [{"answer": 1, "last_id": 1}]
    assert [line.behind for line, _transport in people] == [False, True, True, False, False, False]
    assert asked == [late, slow]
    said_before = [b"x" * (BOUND + 1), b"", b"", b"bye", b""]
    assert [transport.data for _line, transport in people[1:]] == said_before
    assert not caplog.records


def test_more_than_one_cut_is_bounded_for_everybody(caplog: pytest.LogCaptureFixture) -> None:
    """A long batch is written cut by cut, and who reads none of it is left a bound and a cut."""
    room, people = gathered(2)
    (_reader, read), (stuck, unread) = people
    unread.flows = False
    stuck.fell_behind = lambda: None
    room.send_message(Batch("tea", 0, [Event("tea", said(n, size=4096)) for n in range(1, 200)]))
    assert [body["id"] for body in read.told] == list(range(1, 200))
    assert max(map(len, read.writes)) <= CUT
    assert stuck.behind
    assert BOUND < unread.most_unsent <= BOUND + CUT
    assert not caplog.records


def test_who_cannot_be_written_to_is_not_taken_for_told(caplog: pytest.LogCaptureFixture) -> None:
    """After a fault in writing one is behind, and fed what one missed; the others hear it all."""
    room, people = gathered(2)
    (broken, transport), (_other, well) = people
    asked: list[int] = []
    broken.fell_behind = lambda: asked.append(broken.place)
    transport.ended = True
    transport.is_closing = lambda: False  # type: ignore[method-assign]
    room.send_message(Batch("tea", 0, [Event("tea", said(1))]))
    assert len(caplog.records) == 1
    transport.ended = False
    room.send_message(Batch("tea", 1, [Event("tea", said(2))]))
    assert asked == [0]
    at_once(broken.feed([said(1), said(2)], 2))
    broken.catch_up()
    for told in (transport.told, well.told):
        assert [body["id"] for body in told] == [1, 2]


def test_a_form_that_breaks_spoils_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """Whom a form's fault leaves untold is told nothing in another form, and is behind."""

    def breaks(_room: str, _notice: Notice) -> bytes:
        raise ZeroDivisionError

    room, people = gathered(5)
    for line, _transport in people[1:4]:
        line.form = Form(notice=breaks) if line is people[1][0] else people[1][0].form
    room.send_message(Batch("tea", 0, [Event("tea", said(1))]))
    assert [len(transport.writes) for _line, transport in people] == [1, 0, 0, 0, 1]
    assert [line.place for line, _transport in people] == [1, 0, 0, 0, 1]
    assert len(caplog.records) == 3
