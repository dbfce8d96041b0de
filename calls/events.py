"""What a client tells, and how it says that a request failed.

Version 1 of the wire tells less: there a message has the number 0 and the time at which it was
heard, and whoever did not leave in shame has `closed`.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from wire.messages import Joined, Left, NickChanged, Said

EVENTS_KEPT = 10_000  # for who does not fetch them


@dataclass(frozen=True, slots=True)
class Entered:
    """The client is in a room, under a nick; they may differ from those asked for.

    `users` are there, and messages after number `last` follow (0 in version 1).
    After a reconnect `lost` says why the former place could not be taken back; if it could,
    or there was none, it is empty.
    """

    nick: str
    room: str
    users: tuple[str, ...] = ()
    last: int = 0
    lost: str = ""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection, or an attempt at a new one, failed.

    The next is made in `retry_in` seconds; None: the client does not come back by itself.
    """

    reason: str
    retry_in: float | None


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """So many messages that had been missed were told just now; `gone` others cannot be had."""

    count: int
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Gone:
    """Messages `first` to `last` were missed, and the server does not have them any more."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class LogReplaced:
    """The server has another log: which messages are missing, nobody can tell."""


@dataclass(frozen=True, slots=True)
class Missed:
    """So many events were dropped, for they came faster than they were fetched."""

    count: int


Event = (
    Entered
    | Disconnected
    | Said
    | Joined
    | Left
    | NickChanged
    | CaughtUp
    | Gone
    | LogReplaced
    | Missed
)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a room's log, oldest first; `more` tells that it goes on in the way asked for."""

    room: str
    epoch: str
    messages: list[Said]
    more: bool


class RequestRefused(Exception):  # noqa: N818 - it is an answer
    """The server did not do what was asked; `text` says why.

    In version 2 `code` is one of the error codes; `retry_after`, in seconds, is given where
    waiting helps.
    """

    def __init__(self, text: str, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.retry_after = retry_after


class ConnectionLost(ConnectionError):  # noqa: N818 - it says what happened
    """The connection ended before the reply: the request may or may not have been carried out."""


class NotConnected(ConnectionLost):
    """The client is not connected and will not be: the request was not carried out."""


class Unreachable(ConnectionError):  # noqa: N818 - likewise
    """No chat server answers at this address; the text says what happened instead."""


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
