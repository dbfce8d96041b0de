"""What a client tells, and how it says that a request failed.

Version 1 of the wire tells less than the notices of wire.messages hold. Where they would have
to be filled with guesses there is an event of its own here.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from wire.messages import Body, Joined, NickChanged, Said

__all__ = [
    "Connected",
    "ConnectionLost",
    "Departed",
    "Disconnected",
    "Event",
    "Events",
    "Heard",
    "Joined",
    "Missed",
    "NickChanged",
    "NotConnected",
    "Page",
    "RequestRefused",
    "Said",
    "Unreachable",
    "event_of",
]

EVENTS_KEPT = 10_000  # for who does not fetch them


@dataclass(frozen=True, slots=True)
class Connected:
    """The client is in a room, under a nick; they may differ from those asked for."""

    nick: str
    room: str


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection, or an attempt at a new one, failed; the next is made in `retry_in` s."""

    reason: str
    retry_in: float


@dataclass(frozen=True, slots=True)
class Heard:
    """Someone said something. Version 1 does not tell its number and time."""

    user: str
    message: str


@dataclass(frozen=True, slots=True)
class Departed:
    """Someone left the room, with shame if their connection broke. Version 1 tells no more."""

    user: str
    shame: bool


@dataclass(frozen=True, slots=True)
class Missed:
    """So many events were dropped, for they came faster than they were fetched."""

    count: int


Event = Connected | Disconnected | Heard | Joined | Departed | NickChanged | Missed


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a room's log, oldest first; `more` tells that it goes on in the way asked for."""

    room: str
    epoch: str
    messages: list[Said]
    more: bool


class RequestRefused(Exception):  # noqa: N818 - it is an answer
    """The server did not do what was asked; `text` says why."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class ConnectionLost(ConnectionError):  # noqa: N818 - it says what happened
    """The connection ended before the reply: the request may or may not have been carried out."""


class NotConnected(ConnectionLost):
    """There is no connection at the moment: the request was not sent."""


class Unreachable(ConnectionError):  # noqa: N818 - likewise
    """No chat server answers at this address; the text says what happened instead."""


def event_of(notice: Body) -> Event | None:
    """Return what a notice of version 1 tells, or None for one that tells nothing known."""
    match notice:
        case {"action": "chat_message", "user": str(user), "message": str(message)}:
            return Heard(user, message)
        case {"action": "joined", "user": str(user)}:
            return Joined(user)
        case {"action": "left", "user": str(user), "shame": bool(shame)}:
            return Departed(user, shame)
        case {"action": "nick_changed", "from_user": str(old), "to_user": str(new)}:
            return NickChanged(old, new)
    return None


class Events:
    """What there is to tell, in order. Past EVENTS_KEPT the oldest are dropped, and counted."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._dropped = 0
        self._closed = False
        self._changed = asyncio.Event()

    def tell(self, event: Event) -> None:
        """Add an event; never waits."""
        if len(self._waiting) == EVENTS_KEPT:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append(event)
        self._changed.set()

    def close(self) -> None:
        """Let who fetches have what is left, and then the end."""
        self._closed = True
        self._changed.set()

    async def fetch(self) -> Event:
        """Wait for the next event; raise StopAsyncIteration at the end."""
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            return Missed(dropped)
        return self._waiting.popleft()
