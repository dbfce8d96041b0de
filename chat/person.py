"""A person: who they are, where they are, and how they come and go."""

import asyncio
import secrets
import time
from collections.abc import Callable

from aiohttp import web

import utils
from chat.entrance import Entrance
from chat.limits import UNDER_WAY
from chat.seats import SEATS, now
from journal.promise import NoSeat, Seat
from lines.line import Line
from rooms.batch import Event
from wire import messages, names, version2
from wire.errors import Code, Disconnect, Refused
from wire.messages import Body, Reason
from wire.names import fold
from wire.version2 import Since

DEFAULT_ROOM = "default"
ANNOUNCED_AFTER = 1.0  # seconds in which a new connection may resume unheard


class Person:
    """Someone with a nick in a room, on a line.

    In version 2 they have a seat, which they can take back on another line; `key` stands for
    it. Others know of them once they are `announced`.
    """

    def __init__(self, app: web.Application, line: Line, version: int, rate: float) -> None:
        self.app = app
        self.line = line
        self.version = version
        self.room = ""
        self.nick = ""
        self.key = 0
        self.announced = version == 1
        self.gone = False
        self._rate = rate
        self._arrived = 0
        self._announcing: asyncio.TimerHandle | None = None

    def arrive(
        self, room: str | None, nick: str | None, settled: Callable[[], None] | None = None
    ) -> None:
        """Enter the room and under the nick that were asked for, where they can be had.

        In version 2 the others hear of it with the first request, or after a second.
        """
        token = ""
        if self.version > 1:
            token, self.key = self.app[SEATS].issue(self)
            loop = asyncio.get_running_loop()
            self._announcing = loop.call_later(ANNOUNCED_AFTER, self.announce)
        try:
            self.room = names.room(room)
        except Refused:
            self.room = DEFAULT_ROOM
        try:
            self.enter(self.room, names.nick(nick), token, settled)
        except Refused:
            self.enter(self.room, self._random_nick(), token, settled)

    def enter(
        self,
        room: str,
        nick: str,
        token: str = "",
        settled: Callable[[], None] | None = None,
    ) -> None:
        """Enter a room under a nick; raise Refused if it is taken there."""
        self.room = utils.enter(
            self.app,
            room,
            nick,
            self.line,
            announced=self.announced,
            answer=lambda event, last: self.line.render(self._connecting(event, last, nick, token)),
            settled=settled,
            # Of whom nobody was told nothing stands in grace after a crash.
            seat=self.sits(
                self.seat(nick, room, arrived=True, ended=None if self.announced else now())
            ),
        )
        self.nick = nick

    def _random_nick(self) -> str:
        """Return `User` and digits, free in the room; the fuller the room, the more digits."""
        taken = utils.rooms_of(self.app).get(self.room, ())
        digits = max(4, len(str(len(taken))) + 1)
        while True:
            nick = f"User{secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1)}"
            if nick not in taken:
                return nick

    def _connecting(self, event: Event, last_id: int, nick: str, token: str) -> Body:
        body = messages.connecting(event.room, nick)
        if self.version == 1:
            return body
        epoch = self.app[utils.JOURNAL].epoch
        limits = version2.limits(self._rate, UNDER_WAY)
        return body | version2.connecting(epoch, last_id, event.users, token, limits)

    def announce(self) -> None:
        """Let the others know that one is here, if they do not yet."""
        if not self.announced and not self.gone:
            self.announced = True
            utils.announce(self.app, self.room, self.nick, self.sits(self.seat(arrived=True)))

    def resume(
        self,
        seat: Seat,
        room: str,
        since: Since | None,
        body: Body,
        settled: Callable[[], None],
    ) -> None:
        """Take back a seat, and move to the room; one's seat is from now on that one.

        Raises Refused, and changes nothing, if the nick is not free.
        """
        app, seats = self.app, self.app[SEATS]
        holder = utils.peer_at(app, seat.room, seat.nick) if seats.has(seat.key) else None
        if utils.peer_at(app, room, seat.nick) not in (None, holder, self.line):
            raise Refused(Code.NICK_TAKEN, "Name already in use in this room.")
        utils.leave(app, self.room, self.nick, Reason.CLOSED, NoSeat(self.key))
        seats.leave(self.key)
        old = seats.sitting(seat.key)
        if old is not None:
            old.put_out(Disconnect.TAKEN_OVER)
        seats.sit(self, seat.key)
        self.key, self.nick, self.room, self.announced = seat.key, seat.nick, room, True
        self._arrived = seat.arrived
        entrance = Entrance(
            app[utils.JOURNAL], room, since, body | {"user": seat.nick}, self.line.render
        )
        along = utils.Along(answer=entrance.answer, settled=settled)
        if holder is None:
            along["seat"] = self.sits(self.seat(arrived=True))
            self.room = utils.enter(
                app, room, seat.nick, self.line, enters=entrance.enters, **along
            )
        else:
            along["seat"] = self.sits(self.seat(arrived=fold(room) != fold(seat.room)))
            utils.replace_peer(app, seat.room, seat.nick, self.line)
            self.room = utils.change_room(
                app, room, seat.room, seat.nick, enters=entrance.enters, **along
            )

    def put_out(self, disconnect: Disconnect) -> None:
        """End the connection of someone whose seat goes to another; nobody is told."""
        self.announce()
        self.gone = True
        self.line.end(disconnect)

    def leave(self, reason: Reason) -> None:
        """Leave for good, if one ever entered; the others hear why, at once or after the grace."""
        if self._announcing is not None:
            self._announcing.cancel()
        if self.gone or not self.nick:
            return
        self.gone = True
        seat = self.seat(ended=now())
        if seat is not None and self.announced and reason is Reason.LOST:
            self.app[SEATS].hold(seat, reason)
        else:
            self.app[SEATS].leave(self.key)
            utils.leave(self.app, self.room, self.nick, reason, seat)

    def seat(
        self, nick: str = "", room: str = "", *, arrived: bool = False, ended: int | None = None
    ) -> Seat | None:
        """Return one's seat as it is to be stored; none in version 1."""
        if self.version == 1:
            return None
        since = time.time_ns() if arrived else self._arrived
        return Seat(self.key, room or self.room, nick or self.nick, since, ended)

    def sits(self, seat: Seat | None) -> Seat | None:
        """Note since when one is in the room, and return the seat that says so."""
        if seat is not None:
            self._arrived = seat.arrived
        return seat
