"""Where a client is: its nick, its room, who is there with it, and how far it has the log.

Pure: bodies come in, in the order in which the server sent them; events come out.
"""

import time
from collections.abc import Callable
from typing import TypeGuard

from calls.events import Entered, Event
from calls.reading import Reading
from wire import names
from wire.errors import Refused
from wire.messages import Body, Joined, Left, NickChanged, Reason, Said
from wire.version2 import Gap

ONLY_VERSION_1 = "This server cannot tell what was said meanwhile."


class Place:
    """The place that is taken back after a lost line, or another in its stead.

    `wanted` is the nick to have where there is a choice. `listening`: what is told is about this
    place, and not about the one that a new connection begins with.
    """

    def __init__(self, nick: str, room: str) -> None:
        self.nick = self.wanted = nick
        self.room = room
        self.users: list[str] = []
        self.reading = Reading()
        self.session = ""  # the token that takes the place back; none in version 1
        self.listening = False
        self._been_here = False
        self._entering = False  # it is to be told once it is known who is there
        self._lost = ""  # why the former place could not be taken back
        self._offered = ("", "")  # the session and the nick of a new connection

    # Connecting

    def greet(self, greeting: Body) -> None:
        """Take in the first body of a connection; there is a `session` to resume, or is none."""
        user = str(greeting["user"])
        match greeting:
            case {
                "version": 2,
                "session": str(session),
                "epoch": str(epoch),
                "last_id": int(last),
                "users": [*users],
            }:
                if self._been_here and self.session:
                    self._offered, self.listening = (session, user), False
                    return
                self.session, self.users = session, _names(users)
                self.reading.begin(epoch, last)
            case _:
                self.session = ""
        if self._been_here:
            self._lost = ONLY_VERSION_1
        self.nick, self.room = user, str(greeting["room"])
        self.wanted = self.wanted or self.nick
        self.listening = self._entering = True

    def resume(self) -> Body:
        """Return the request that takes the place back."""
        return {"action": "resume", "session": self.session} | self._since()

    def join_anew(self, why: str) -> None:
        """Take what the new connection began with, for the place cannot be taken back."""
        self.session, self.nick = self._offered
        self._lost = why

    def join(self) -> Body:
        """Return the request that enters the room and recovers what was missed there."""
        return {"action": "join_room"} | self._since()

    def _since(self) -> Body:
        return {"room": self.room, "epoch": self.reading.epoch, "after": self.reading.last}

    def enter(self) -> list[Event]:
        """Return, once, where the client is."""
        if not self._entering:
            return []
        lost, self._lost, self._entering, self._been_here = self._lost, "", False, True
        return [Entered(self.nick, self.room, tuple(self.users), self.reading.last, lost)]

    # Being there

    def hear(self, body: Body, request: Body | None) -> list[Event]:
        """Take in a body, and the request if it is the reply to one; return what it tells.

        Raises OutOfOrder where messages are missing.
        """
        if request is None:
            return self._hear_notice(body) if self.listening else []
        if body["success"] is not True:
            return []
        match request:
            case {"action": "chat_message", "message": text}:
                return self._hear_said(body | {"user": self.nick, "message": text})
            case {"action": "set_nick", "nick": nick}:
                nick = _shown(names.nick, nick)
                self._rename(self.nick, nick)
                self.nick = nick
            case {"action": "join_room" | "resume", "room": room}:
                return self._arrive(body, request) if self.session else self._move(room)
            case {"action": "user_list"} if "room" not in request:
                return self._see(body)
        return []

    def _hear_notice(self, body: Body) -> list[Event]:
        match body:
            case {"action": "chat_message"}:
                return self._hear_said(body)
            case {"action": "lagging"}:
                self.reading.fall_behind()
            case {"action": "caught_up", "last_id": int(last), "users": [*users]}:
                self.users = _names(users)
                return self.reading.catch_up(last)
            case {"action": "gap"} if (gap := _gap(body)) is not None:
                return self.reading.skip(gap)
            case _:
                return self._hear_of_people(body)
        return []

    def _hear_of_people(self, body: Body) -> list[Event]:
        match body:
            case {"action": "joined", "user": str(user)}:
                if user not in self.users:
                    self.users.append(user)
                return [Joined(user)]
            case {"action": "left", "user": str(user), "shame": bool(shame)}:
                self.users = [each for each in self.users if each != user]
                return [Left(user, _reason(body.get("reason"), shame=shame))]
            case {"action": "nick_changed", "from_user": str(old), "to_user": str(new)}:
                self._rename(old, new)
                return [NickChanged(old, new)]
        return []

    def _hear_said(self, body: Body) -> list[Event]:
        said = said_of(body)
        if said is None or bool(said.id) != bool(self.session):
            return []
        if self.session and not self.reading.take(said.id):
            return []
        return [said, *self.reading.progress()]

    def _rename(self, old: str, new: str) -> None:
        self.users = [new if each == old else each for each in self.users]

    def _arrive(self, body: Body, request: Body) -> list[Event]:
        """Be in the room that a reply of version 2 tells of, or where one was if it makes none."""
        match body:
            case {"room": str(room), "epoch": str(epoch), "last_id": int(last), "users": [*users]}:
                if "recovered" not in body:
                    self.reading.begin(epoch, last)
                    events: list[Event] = []
                elif body["recovered"] is True:
                    events = self.reading.recover(epoch, last, None)
                elif (gap := _gap(body.get("gap"))) is not None:
                    events = self.reading.recover(epoch, last, gap)
                else:
                    return []
                self.room, self.users = room, _names(users)
                if request["action"] == "resume":
                    self.nick = str(body.get("user", self.nick))
                if self.reading.behind:
                    return events
                self.listening = self._entering = True
                return [*self.enter(), *events]
        return []

    def _move(self, room: str) -> list[Event]:
        self.room, self.users = _shown(names.room, room), []
        self._entering = True
        return []

    def _see(self, body: Body) -> list[Event]:
        """Take in who is there; in version 1 only this tells it."""
        match body:
            case {"room": str(room), "users": [*users]}:
                self.room, self.users = room, _names(users)
        return [] if self.session else self.enter()


def said_of(body: Body) -> Said | None:
    """Return the message that a body tells; without a number it is of version 1."""
    match body:
        case {"user": str(user), "message": str(message), "id": number, "ts": ts} if _is_number(
            number
        ) and _is_number(ts):
            return Said(number, ts, user, message)
        case {"user": str(user), "message": str(message)} if "id" not in body:
            return Said(0, time.time_ns() // 1_000_000, user, message)
    return None


def _is_number(value: object) -> TypeGuard[int]:
    return type(value) is int and value > 0


def _gap(told: object) -> Gap | None:
    """Return a gap; that of an empty log in another epoch is 1 to 0."""
    match told:
        case {"from": first, "to": last} if (
            _is_number(first) and type(last) is int and first <= last + 1
        ):
            return Gap(first, last)
    return None


def _reason(told: object, *, shame: bool) -> Reason:
    try:
        return Reason(str(told))
    except ValueError:
        return Reason.LOST if shame else Reason.CLOSED


def _names(users: list[object]) -> list[str]:
    return [user for user in users if isinstance(user, str)]


def _shown(rule: Callable[[object], str], name: str) -> str:
    """Return a name that the server accepted as it shows it: without its outer spaces."""
    try:
        return rule(name)
    except Refused:
        return name
