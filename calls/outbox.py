"""What is to be said: again after a lost line, but never twice, and in order.

The outbox holds one message; who wants to say another waits. For the next must not go out
before this one is acknowledged: if this one were refused, the next would overtake it.
"""

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from calls.events import ConnectionLost, Event, Gone, LogReplaced, RequestRefused
from calls.lifeline import Lifeline, not_understood
from calls.place import Place, said_of
from wire.messages import Body, Said


class Letter:
    """One message, from its first attempt until it is known to be said."""

    def __init__(self, text: str, key: str) -> None:
        self._said: Said | None = None
        self._text = text
        self._key = key
        self._nick = ""
        self._session: str | None = None  # in which it was tried; None: it was not yet
        self._certain = True  # that it would have been heard since, had it been said

    def attempt(self, nick: str, session: str) -> Body | Said:
        """Return the request that says it, under a nick and in a session ("" in version 1).

        Returns the message if it was said already; raises ConnectionLost if nobody can tell.
        """
        if self._session is not None and (not session or self._session != session):
            if self._said is not None:
                return self._said
            if not (self._session and session and self._certain):
                raise ConnectionLost("the connection ended: this may have been said, or not")
        self._nick, self._session = nick, session
        request = {"action": "chat_message", "message": self._text}
        return request | {"key": self._key} if session else request

    def note(self, event: Event) -> None:
        """Note what is told after the first attempt."""
        match event:
            case Said(user=self._nick, message=self._text) if self._session is not None:
                self._said = event
            case Gone() | LogReplaced():
                self._certain = False


class Outbox:
    """Says messages over a lifeline, one after the other."""

    def __init__(self, lifeline: Lifeline, place: Place) -> None:
        self._lifeline = lifeline
        self._place = place
        self._turn = asyncio.Lock()
        self._letter: Letter | None = None
        self._name = secrets.token_hex(8)
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until what was to be said before is said, and let what comes later wait."""
        async with self._turn:
            yield

    def note(self, event: Event) -> None:
        """Note what is told; it may be the message that is on its way."""
        if self._letter is not None:
            self._letter.note(event)

    async def say(self, text: str) -> Said:
        """Say something and return it as the room has it; too early is tried again.

        Raises RequestRefused, and ConnectionLost if it may have been said or not.
        """
        async with self.turn():
            self._letter = Letter(text, f"{self._name}-{next(self._numbers)}")
            try:
                return await self._deliver(self._letter)
            finally:
                self._letter = None

    async def _deliver(self, letter: Letter) -> Said:
        lost: ConnectionLost | None = None
        while True:
            call = await self._lifeline.call(lost)
            nick = self._place.nick
            request = letter.attempt(nick, self._place.session)
            if isinstance(request, Said):
                return request
            try:
                reply = await self._lifeline.ask_over(call, request)
            except ConnectionLost as error:
                lost = error
            except RequestRefused as refused:
                if refused.retry_after is None:
                    raise
                await self._lifeline.pause(refused.retry_after)
            else:
                said = said_of(reply | {"message": request["message"], "user": nick})
                if said is None:
                    raise not_understood("chat_message")
                return said
