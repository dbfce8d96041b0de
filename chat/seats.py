"""Seats: what a session of version 2 can take back, and for how long.

A seat is a nick in a room. Whose line ends abruptly keeps it for the grace time, and the
others hear nothing; then they hear the shame. For an hour after its line ended a session's
token still resumes it, if its nick is free. Seats outlive the server: after a start they stand
in grace, and who stays away leaves without shame.
"""

import asyncio
import hashlib
import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aiohttp import web

import utils
from journal.promise import SEAT_SECONDS, Seat
from rooms.peer import Absent
from wire.messages import Reason
from wire.names import fold

if TYPE_CHECKING:
    from chat.person import Person

GRACE = 10.0  # seconds


@dataclass(frozen=True, slots=True, eq=False)
class _Grace:
    seat: Seat
    end: asyncio.TimerHandle


class Seats:
    """The seats of one service: those that are sat on, and those that stand in grace."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._sitting: dict[int, Person] = {}
        self._graces: dict[int, _Grace] = {}

    def issue(self, person: "Person") -> tuple[str, int]:
        """Give a session a seat; return its token and its key."""
        token = secrets.token_urlsafe(18)
        key = seat_key(token)
        self._sitting[key] = person
        return token, key

    def sit(self, person: "Person", key: int) -> None:
        """Give a session the seat of another, or one that was left."""
        self._sitting[key] = person
        grace = self._graces.pop(key, None)
        if grace is not None:
            grace.end.cancel()

    def leave(self, key: int) -> None:
        """Free a seat: its session has left its room."""
        self._sitting.pop(key, None)

    def hold(self, seat: Seat, reason: Reason) -> None:
        """Keep the place of someone whose line ended, for the grace time."""
        self._sitting.pop(seat.key, None)
        utils.replace_peer(self._app, seat.room, seat.nick, Absent())
        end = asyncio.get_running_loop().call_later(GRACE, self._end_grace, seat, reason)
        self._graces[seat.key] = _Grace(seat, end)

    def _end_grace(self, seat: Seat, reason: Reason) -> None:
        del self._graces[seat.key]
        ended = seat.ended or now()
        utils.leave(self._app, seat.room, seat.nick, reason, replace(seat, ended=ended))

    def sitting(self, key: int) -> "Person | None":
        """Return who sits on a seat."""
        return self._sitting.get(key)

    def has(self, key: int) -> bool:
        """Return whether a seat's place is kept: someone sits there, or it stands in grace."""
        return key in self._sitting or key in self._graces

    async def find(self, key: int) -> Seat | None:
        """Return a seat that can be taken back, wherever it is.

        Raises OSError if the log cannot be read.
        """
        stored = None
        if not self.has(key):
            stored = await self._app[utils.JOURNAL].seat(key)
        person, grace = self._sitting.get(key), self._graces.get(key)
        if person is not None:
            return person.seat()
        if grace is not None:
            return grace.seat
        if stored is None or (stored.ended or now()) < now() - SEAT_SECONDS * 1000:
            return None
        return stored

    def restore(self, seats: list[Seat]) -> None:
        """Let the seats of an earlier start stand in grace, in order of arrival.

        Where two want one place, the end of the earlier one was not stored.
        """
        places = {(fold(seat.room), fold(seat.nick)): seat for seat in sorted(seats, key=_arrival)}
        for seat in sorted(places.values(), key=_arrival):
            utils.seat_again(self._app, seat.room, seat.nick, Absent())
            self.hold(seat, Reason.RESTART)
        for seat in seats:
            if not self.has(seat.key):
                utils.broadcast(self._app, seat.room, None, seat=replace(seat, ended=now()))

    def close(self) -> None:
        """Let all seats stand as they are; the next start finds them."""
        for grace in self._graces.values():
            grace.end.cancel()


def _arrival(seat: Seat) -> int:
    return seat.arrived


SEATS: web.AppKey[Seats] = web.AppKey("seats", Seats)


def seat_key(token: str) -> int:
    """Return what stands for a token where it must not be told."""
    return int.from_bytes(hashlib.sha256(token.encode()).digest()[:8]) >> 1


def now() -> int:
    """Return the time in ms since 1970, UTC."""
    return time.time_ns() // 1_000_000
