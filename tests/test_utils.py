import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import pytest
from aiohttp import web
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import utils
from journal.memory import MemoryStore
from journal.promise import NotStored
from journal.spine import Journal
from rooms.batch import Batch, Event
from rooms.room import Room, Rooms, Write
from tests.lines.fakes import LINES, FakeTransport, PatientLine
from tests.rooms.peers import Broken, Recorder
from utils import Happening
from wire.errors import Code, Refused
from wire.messages import Draft, Joined, Left, NickChanged, Reason, Said
from wire.names import fold


class House:
    """An app with rooms and a journal that writes when it is told to."""

    def __init__(self) -> None:
        self.app = web.Application()
        self.app["websockets"] = rooms = Rooms()
        self.store = MemoryStore()
        self.journal: Journal[Happening] = Journal(self.store, partial(utils.deliver, rooms))
        self.app[utils.JOURNAL] = self.journal
        self.loop = asyncio.new_event_loop()
        self.writing = self.loop.create_task(self.journal.write())

    def settle(self) -> None:
        """Store and deliver what was submitted."""
        self.loop.run_until_complete(self.journal.settled())

    def close(self) -> None:
        """Put everything away."""
        self.writing.cancel()
        self.loop.run_until_complete(asyncio.wait((self.writing,)))
        self.loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def notices(peer: Recorder) -> list[object]:
    """Return the notices that a peer's rooms were told."""
    return [event.notice for batch in peer.batches for event in batch.events]


def test_entering_takes_the_nick_at_once_and_tells_in_its_place() -> None:
    """A nick is taken at the request, and the room is told when its turn has come."""
    with House() as house:
        ann, bob = Recorder(), Recorder()
        assert utils.enter(house.app, "Tea", "ann", ann) == "Tea"
        with pytest.raises(Refused, match=r"^Name already in use in this room\.$") as caught:
            utils.enter(house.app, "tea", "ANN", bob)
        assert caught.value.code is Code.NICK_TAKEN
        assert utils.enter(house.app, "TEA", "bob", bob) == "Tea"
        assert utils.retrieve_users(house.app, "tea") == ["ann", "bob"]
        assert ann.batches == []
        house.settle()
        assert notices(ann) == [Joined("ann"), Joined("bob")]


def test_asking_creates_nothing() -> None:
    """A room of which one only asks is not there afterwards, nor one that nobody could enter."""
    with House() as house:
        assert utils.retrieve_users(house.app, "nowhere") == []
        assert utils.retrieve_users(house.app, "\u2800") == []
        assert utils.retrieve_rooms(house.app) == []
        with pytest.raises(ValueError):  # noqa: PT011 - which one is the profile's affair
            utils.enter(house.app, "tea", "\u2800", Recorder())
        assert len(utils.rooms_of(house.app)) == 0


def test_a_room_goes_with_its_last_person() -> None:
    """A room that all have left is not in the map any more."""
    with House() as house:
        utils.enter(house.app, "tea", "ann", Recorder())
        utils.leave(house.app, "TEA", "ANN", Reason.CLOSED)
        assert len(utils.rooms_of(house.app)) == 0
        house.settle()


def test_leaving_is_told_under_the_nick_as_it_is_shown() -> None:
    """Whatever spelling one asks with, the room hears the nick that it knows."""
    with House() as house:
        bob = Recorder()
        utils.enter(house.app, "tea", "Ann", Recorder())
        utils.enter(house.app, "tea", "bob", bob)
        utils.leave(house.app, "TEA", "ann", Reason.LOST)
        house.settle()
        assert notices(bob)[-1] == Left("Ann", Reason.LOST)


def test_changing_a_nick() -> None:
    """Another's nick is refused; one's own in another spelling is a change; the same is none."""
    with House() as house:
        ann, bob = Recorder(), Recorder()
        utils.enter(house.app, "tea", "ann", ann)
        utils.enter(house.app, "tea", "bob", bob)
        with pytest.raises(Refused, match=r"^Nickname is already in use$") as caught:
            utils.change_nick(house.app, "tea", "BOB", "ann")
        assert caught.value.code is Code.NICK_TAKEN
        utils.change_nick(house.app, "tea", "ann", "ann")
        utils.change_nick(house.app, "tea", "Ann", "ann")
        house.settle()
        assert utils.retrieve_users(house.app, "tea") == ["Ann", "bob"]
        assert notices(bob)[2:] == [None, NickChanged("ann", "Ann")]


def test_changing_the_room() -> None:
    """The new room is told of the coming, the old one of the going; a refusal changes nothing."""
    with House() as house:
        ann, bob, eve = Recorder(), Recorder(), Recorder()
        utils.enter(house.app, "tea", "ann", ann)
        utils.enter(house.app, "tea", "bob", bob)
        utils.enter(house.app, "Cake", "eve", eve)
        utils.enter(house.app, "full", "ANN", Recorder())
        with pytest.raises(Refused, match=r"^Name already in use in this room\.$"):
            utils.change_room(house.app, "full", "tea", "ann")
        assert utils.change_room(house.app, "tea", "TEA", "ann") == "tea"
        assert ann.departed == 1, "on entering, and not on staying"
        assert utils.change_room(house.app, "cake", "tea", "ann") == "Cake"
        assert ann.departed == 2
        house.settle()
        assert notices(bob)[-1] == Left("ann", Reason.MOVED)
        assert notices(eve)[-1] == Joined("ann")
        assert utils.retrieve_users(house.app, "tea") == ["bob"]
        assert utils.retrieve_users(house.app, "cake") == ["eve", "ann"]


def test_the_largest_room_is_listed_first() -> None:
    """Rooms are listed with how many are in them, largest first."""
    with House() as house:
        for number in range(6):
            utils.enter(house.app, ("tea", "Cake", "cake")[number % 3], f"n{number}", Recorder())
        assert utils.retrieve_rooms(house.app) == [("Cake", 4), ("tea", 2)]
        house.settle()


def test_everything_is_settled_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is submitted settles once: delivered, failed, before a broken peer, or before nobody."""
    with House() as house:
        counts: Counter[str] = Counter()

        def settled(what: str) -> Any:  # noqa: ANN401 - a callback
            return lambda: counts.update([what])

        async def broken(*_arguments: object) -> Any:  # noqa: ANN401 - it never returns
            raise NotStored("full")

        utils.enter(house.app, "tea", "bob", Broken(KeyError()), settled=settled("enter"))
        utils.broadcast(house.app, "tea", Draft("bob", "hi"), settled=settled("said"))
        utils.broadcast(house.app, "nowhere", None, settled=settled("nobody"))
        utils.change_nick(house.app, "tea", "bob", "bob", settled=settled("nick"))
        utils.change_room(house.app, "tea", "tea", "bob", settled=settled("stay"))
        utils.change_room(house.app, "cake", "tea", "bob", settled=settled("move"))
        house.settle()
        monkeypatch.setattr(house.store, "append", broken)
        utils.broadcast(house.app, "cake", Draft("bob", "hi"), settled=settled("failed"))
        house.settle()
        assert counts == dict.fromkeys(
            ("enter", "said", "nobody", "nick", "stay", "move", "failed"), 1
        )


def test_a_fault_of_one_room_is_no_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If what happened in a room cannot be delivered, the other rooms are told, and it goes on."""
    prepare = Room.prepare

    def broken(room: Room, batch: Batch, writes: list[Write]) -> None:
        prepare(room, batch, writes)
        if room.name == "tea":
            raise KeyError(room.name)

    def unsettled() -> None:
        raise IndexError

    with House() as house:
        people = {room: Person() for room in ("ale", "tea", "cake")}
        for room, person in people.items():
            utils.enter(house.app, room, "ann", person.line)
        house.settle()
        monkeypatch.setattr(Room, "prepare", broken)
        for text in ("a", "b"):
            for room in people:
                settled = unsettled if room == "ale" else None
                utils.broadcast(house.app, room, Draft("bob", text), settled=settled)
            house.settle()
    for person in people.values():
        assert [body["message"] for body in person.transport.told] == ["a", "b"]
    assert len(caplog.records) == 4
    for room in ("ale", "tea"):
        assert caplog.text.count(f"'{room}' could not be delivered") == 2


ROOMS = st.sampled_from(["tea", "Tea", "cake", "ale"])
ME = ":me:"  # no nick
NICKS = st.sampled_from(["ann", "Ann", "bob", "eve", "dan"])


class Person:
    """Someone with a line, and what that line should have told."""

    def __init__(self) -> None:
        self.transport = FakeTransport()
        self.line = PatientLine(self.transport, LINES)
        self.room = ""
        self.nick = ""
        self.entered_as = ""  # the nick one had on entering, since nobody hears of oneself
        self.moving = False  # a request is under way that others wait for


def answer(event: Event, last_id: int) -> bytes:
    """Answer with who is there at this place, or what became of a message."""
    body: dict[str, object] = {"last_id": last_id}
    if isinstance(event.notice, Said):
        body["stored"] = event.notice.id
    if event.enters is not None:
        body["users"] = list(event.users)
    return json.dumps(body).encode() + b"\n"


class RoomsMachine(RuleBasedStateMachine):
    """People enter, leave, move, rename and talk; what each was told adds up to what is."""

    @initialize()
    def start(self) -> None:
        """Begin with nobody."""
        self.house = House()
        self.people: list[Person] = []
        self.log: dict[str, list[str]] = {}
        self.count = 0

    def teardown(self) -> None:
        """Settle, look at everything once more, and put it away."""
        if hasattr(self, "house"):
            try:
                self.settle()
            finally:
                self.house.close()

    def pick(self, number: int) -> Person:
        """Return someone."""
        return self.people[number % len(self.people)]

    def taken(self, room: str, nick: str, but: Person | None = None) -> bool:
        """Return whether another has a nick in a room."""
        return any(
            person is not but and (fold(person.room), fold(person.nick)) == (fold(room), fold(nick))
            for person in self.people
        )

    def ready(self, person: Person) -> None:
        """Let what someone has under way be done first, as a session does."""
        if person.moving:
            self.settle()

    @rule(room=ROOMS, nick=NICKS)
    def enter(self, room: str, nick: str) -> None:
        """Let someone in, if the nick is free."""
        person = Person()
        if self.taken(room, nick):
            with pytest.raises(Refused):
                utils.enter(self.house.app, room, nick, person.line, answer=answer)
            return
        person.room = utils.enter(self.house.app, room, nick, person.line, answer=answer)
        person.nick = person.entered_as = nick
        person.moving = True
        self.people.append(person)
        assert fold(person.room) == fold(room)

    @precondition(lambda self: self.people)
    @rule(number=st.integers(0, 99), reason=st.sampled_from(Reason))
    def leave(self, number: int, reason: Reason) -> None:
        """Let someone go, at any time."""
        person = self.pick(number)
        self.people.remove(person)
        person.line.abort()
        utils.leave(self.house.app, person.room, person.nick, reason)

    @precondition(lambda self: self.people)
    @rule(number=st.integers(0, 99), nick=NICKS)
    def rename(self, number: int, nick: str) -> None:
        """Give someone another nick, if it is free."""
        person = self.pick(number)
        self.ready(person)
        change = partial(
            utils.change_nick, self.house.app, person.room, nick, person.nick, answer=answer
        )
        if self.taken(person.room, nick, but=person):
            with pytest.raises(Refused):
                change()
            return
        change()
        person.nick = nick
        person.moving = True

    @precondition(lambda self: self.people)
    @rule(number=st.integers(0, 99), room=ROOMS)
    def move(self, number: int, room: str) -> None:
        """Let someone change rooms, if the nick is free there."""
        person = self.pick(number)
        self.settle()  # a session has nothing under way when it moves
        change = partial(
            utils.change_room, self.house.app, room, person.room, person.nick, answer=answer
        )
        if self.taken(room, person.nick, but=person):
            with pytest.raises(Refused):
                change()
            return
        stays = fold(room) == fold(person.room)
        person.room = change()
        person.entered_as = person.entered_as if stays else person.nick
        person.moving = True

    @precondition(lambda self: self.people)
    @rule(number=st.integers(0, 99))
    def say(self, number: int) -> None:
        """Let someone say something new."""
        person = self.pick(number)
        self.ready(person)
        self.count += 1
        text = str(self.count)
        self.log.setdefault(fold(person.room), []).append(text)
        utils.broadcast(
            self.house.app,
            person.room,
            Draft(person.nick, text),
            author=person.line,
            answer=answer,
        )

    @rule()
    def settle(self) -> None:
        """Store and deliver, and see that what everyone was told adds up."""
        self.house.settle()
        for person in self.people:
            person.moving = False
            self.check(person)

    def check(self, person: Person) -> None:
        """Replay what someone was told since entering over the snapshot of then."""
        told: Sequence[Any] = person.transport.told
        entrance = max(index for index, body in enumerate(told) if "users" in body)
        users: list[str] = told[entrance]["users"]
        last: int = told[entrance]["last_id"]
        users = [ME if nick == person.entered_as else nick for nick in users]
        for body in told[entrance + 1 :]:
            match body.get("action"):
                case None:
                    assert body["last_id"] == body.get("stored", last)
                    assert body.get("stored", last + 1) == last + 1
                    last = body["last_id"]
                case "chat_message":
                    assert body["id"] == last + 1
                    last = body["id"]
                    assert body["message"] == self.log[fold(person.room)][last - 1]
                case "joined":
                    assert body["user"] not in users
                    users.append(body["user"])
                case "left":
                    users.remove(body["user"])
                case "nick_changed":
                    users[users.index(body["from_user"])] = body["to_user"]
            if "room" in body:
                assert fold(body["room"]) == fold(person.room)
        now = utils.retrieve_users(self.house.app, person.room)
        now = utils.retrieve_users(self.house.app, person.room)
        assert users == [ME if nick == person.nick else nick for nick in now]
        assert last == len(self.log.get(fold(person.room), []))

    @invariant()
    def agree(self) -> None:
        """See that who is where is what was asked for, in any room, at any time."""
        if not hasattr(self, "house"):
            return
        for room in ("tea", "cake", "ale"):
            users = utils.retrieve_users(self.house.app, room)
            here = [person.nick for person in self.people if fold(person.room) == room]
            assert sorted(users) == sorted(here)
        counts = [count for _room, count in utils.retrieve_rooms(self.house.app)]
        assert sum(counts) == len(self.people)
        assert counts == sorted(counts, reverse=True)
        assert all(counts)


RoomsMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


class TestRooms(RoomsMachine.TestCase):  # type: ignore[misc, valid-type] # made at run time
    """Whatever people do, each is told all that the others do, once, in order, and no more."""
