"""Keeps one call open after another, and takes the client's place again on each.

Nobody asks anything over a call before the place is taken and all that was missed has been
told. So what is asked comes after it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import aiohttp

from calls.backoff import LONGEST_PAUSE, backoff
from calls.call import OPENING, Call, End, place_call
from calls.events import (
    ConnectionLost,
    Disconnected,
    Event,
    NotConnected,
    RequestRefused,
    Unreachable,
)
from calls.place import Place
from wire import names
from wire.errors import Code, Refused
from wire.messages import Body

NUMBERED = range(2, 21)  # what is put behind a nick that is taken
_PASSING = frozenset({Code.RATE_LIMITED, Code.NO_HISTORY})  # refusals that time mends


class Lifeline:
    """The connection of one client, as far as there is one.

    `tell` is called with every event, in order.
    """

    def __init__(self, url: str, place: Place, tell: Callable[[Event], None]) -> None:
        self._url = url
        self._place = place
        self._tell = tell
        self._call: Call | None = None  # the one over which may be asked
        self._over: str | None = None  # why there will be none any more
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()
        self._caught_up = asyncio.Event()

    async def ask(self, request: Body) -> Body:
        """Return the reply to a request that worked, over as many calls as it takes.

        Raises RequestRefused, and ConnectionLost once there will be no call any more.
        """
        lost: ConnectionLost | None = None
        while True:
            call = await self.call(lost)
            try:
                return await self.ask_over(call, request)
            except ConnectionLost as error:
                lost = error

    async def call(self, lost: ConnectionLost | None = None) -> Call:
        """Wait for a call on which the place is taken; if there will be none, raise `lost`.

        Without a request that was lost already, raise NotConnected.
        """
        while self._call is None:
            if self._over is not None:
                raise lost or NotConnected(self._over)
            self._changed.clear()
            await self._changed.wait()
        return self._call

    async def ask_over(self, call: Call, request: Body) -> Body:
        """Return the reply to a request that worked; raise ConnectionLost if there will be none."""
        try:
            return worked(await call.request(request))
        except ConnectionLost:
            if self._call is call:
                self._call = None
            raise

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than until there will be no call any more."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

    async def run(self, entered: asyncio.Future[None]) -> None:
        """Carry on until that is over; raise Unreachable if the client never was in a room."""
        clock = asyncio.get_running_loop().time
        attempt = 0
        try:
            async with aiohttp.ClientSession() as session:
                while True:
                    since = clock()
                    end = await self._carry(session, entered)
                    if end.final:
                        self._tell(Disconnected(end.reason, None))
                        self._over = end.reason
                        return
                    if clock() - since > LONGEST_PAUSE:
                        attempt = 0  # else every call ends soon, and we do not press
                    pause = backoff(attempt)
                    attempt += 1
                    self._tell(Disconnected(end.reason, pause))
                    await asyncio.sleep(pause)
        finally:
            self._over = self._over or "this client has left"
            self._changed.set()
            self._ended.set()

    async def _carry(self, session: aiohttp.ClientSession, entered: asyncio.Future[None]) -> End:
        """Place a call and run it until it ends; return why it did."""
        try:
            call, greeting = await place_call(session, self._url, self._wanted(), self._hear)
        except Unreachable as error:
            if not entered.done():
                raise
            return End(str(error))
        self._place.greet(greeting)
        settling = asyncio.create_task(self._settle(call, entered))
        try:
            end = await call.run()
        finally:
            self._call = None
            settling.cancel()
            (failure,) = await asyncio.gather(settling, return_exceptions=True)
        if isinstance(failure, Exception):
            raise failure  # a mistake in here shows
        if not entered.done():
            raise Unreachable(f"{self._url}: {end.reason}")
        return end

    def _wanted(self) -> dict[str, str]:
        wanted = {"room": self._place.room, "nick": self._place.wanted}
        return {name: value for name, value in wanted.items() if value}

    def _hear(self, body: Body, request: Body | None) -> None:
        for event in self._place.hear(body, request):
            self._tell(event)
        if self._place.reading.caught_up:
            self._caught_up.set()

    # Taking the place

    async def _settle(self, call: Call, entered: asyncio.Future[None]) -> None:
        """Take the place, and let others ask once all that was missed is told."""
        try:
            async with asyncio.timeout(OPENING):
                await self._take_place(call)
        except (RequestRefused, TimeoutError) as error:
            call.hang_up(str(error) or "the server does not answer")
            return
        except ConnectionLost:
            return
        while not self._place.reading.caught_up:
            self._caught_up.clear()
            await self._caught_up.wait()
        self._call = call
        self._changed.set()
        if not entered.done():
            entered.set_result(None)

    async def _take_place(self, call: Call) -> None:
        place = self._place
        if place.listening:
            await self._take_nick(call)
            if not place.session:
                await self._insist(call, {"action": "user_list"})
            for event in place.enter():
                self._tell(event)
            return
        try:
            await self._insist(call, place.resume())
        except RequestRefused as refused:
            place.join_anew(refused.text)
            await self._take_nick(call)
            await self._insist(call, place.join())
        while place.reading.behind:
            await self._insist(call, place.join())
        if not place.listening:
            raise not_understood("resume")

    async def _take_nick(self, call: Call) -> None:
        """Take the nick that is wanted, or else one like it."""
        for nick in _like(self._place.wanted):
            if self._place.nick == nick:
                return
            with contextlib.suppress(RequestRefused):
                await self._insist(call, {"action": "set_nick", "nick": nick})
                return

    async def _insist(self, call: Call, request: Body) -> Body:
        """Ask until the refusal, if it is one, is not that it is too early."""
        attempt = 0
        while True:
            try:
                return worked(await call.request(request))
            except RequestRefused as refused:
                if refused.code not in _PASSING:
                    raise
                await asyncio.sleep(refused.retry_after or backoff(attempt))
                attempt += 1


def worked(reply: Body) -> Body:
    """Return the reply to a request that worked, or raise RequestRefused."""
    if reply["success"] is True:
        return reply
    text, code, wait = (reply.get(key) for key in ("message", "code", "retry_after"))
    raise RequestRefused(
        str(text or "The server gave no reason."),
        str(code or ""),
        min(float(wait), LONGEST_PAUSE) if isinstance(wait, int | float) and wait >= 0 else None,
    )


def not_understood(action: str) -> RequestRefused:
    """Return what is raised where a reply is none."""
    return RequestRefused(f"The server's answer to {action} makes no sense.")


def _like(nick: str) -> Iterator[str]:
    """Yield a nick, and then numbered ones; none like what is no nick at all."""
    with contextlib.suppress(Refused):
        nick = names.nick(nick)
        yield nick
        for number in NUMBERED:
            yield f"{nick[: names.NICK_LENGTH - len(str(number))]}{number}"
