import logging

import pytest

from rooms.batch import Batch, Event
from rooms.room import Room, Rooms
from tests.rooms.peers import Broken, Recorder
from wire.messages import Joined


def batch() -> Batch:
    """Return a small batch."""
    return Batch("tea", 0, [Event("tea", Joined("eve"))])


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
