"""A chat client: `ChatClient` for programs, and the terminal chat on it (`python client.py`).

A client outlives its connections: it keeps one call open after another until it is closed, and
what happens meanwhile, ends of calls too, it tells as events.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Self

import aiohttp

from calls.backoff import LONGEST_PAUSE, backoff
from calls.call import Call, place_call
from calls.events import (
    Connected,
    ConnectionLost,
    Departed,
    Disconnected,
    Event,
    Events,
    Heard,
    Missed,
    NotConnected,
    Page,
    RequestRefused,
    Unreachable,
    event_of,
)
from terminal.console import console_for, in_colours
from terminal.conversation import Conversation
from terminal.options import Options, parse_options
from terminal.phrases import Phrases
from terminal.visible import visible
from wire import names
from wire.errors import Refused
from wire.messages import Body, Joined, NickChanged, Said

__all__ = [
    "ChatClient",
    "Connected",
    "ConnectionLost",
    "Departed",
    "Disconnected",
    "Event",
    "Heard",
    "Joined",
    "Missed",
    "NickChanged",
    "NotConnected",
    "Page",
    "RequestRefused",
    "Said",
    "Unreachable",
]

URL_OF_CHAT = "ws://localhost:8080/chat"
RETAKES = 15  # attempts, a few minutes: servers notice a dead connection in less


class ChatClient:
    """Somebody in a chat room: an async context manager, and an iterator over what happens.

    Reconnects by itself, to the same room under the same nick. `nick` and `room` are the
    current ones. Requests may be made side by side; each raises RequestRefused if the server
    refuses it, and ConnectionLost if there is no connection or it ends before the reply.
    """

    def __init__(
        self, url: str = URL_OF_CHAT, *, nick: str | None = None, room: str | None = None
    ) -> None:
        self.url = url
        self.nick = nick or ""
        self.room = room or ""
        self._wanted_nick = ""  # the one to take back after a reconnect
        self._events = Events()
        self._call: Call | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Enter the room; raise Unreachable if no chat server answers."""
        entered = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep(entered))
        try:
            await asyncio.wait((self._keeper, entered), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.close()
            raise
        if not entered.done():
            self._keeper.result()  # raises
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return await self._events.fetch()

    async def close(self) -> None:
        """Leave politely. Whoever iterates gets the events that are left, and then the end."""
        if self._keeper is None:
            return
        self._keeper.cancel()
        await asyncio.wait((self._keeper,))
        if not self._keeper.cancelled():
            self._keeper.result()  # a mistake in here shows

    async def set_nick(self, nick: str) -> None:
        """Change the nick."""
        await self._request({"action": "set_nick", "nick": nick})
        self._wanted_nick = self.nick

    async def join_room(self, room: str) -> None:
        """Move to another room."""
        await self._request({"action": "join_room", "room": room})

    async def say(self, text: str) -> None:
        """Say something in the room; returns once the server has stored it."""
        await self._request({"action": "chat_message", "message": text})

    async def user_list(self, room: str | None = None) -> list[str]:
        """Return who is in a room, by default the current one, in order of arrival."""
        match await self._request({"action": "user_list", **_given(room=room)}):
            case {"users": [*users]} if all(isinstance(user, str) for user in users):
                return users
        raise _not_understood("user_list")

    async def room_list(self) -> list[tuple[str, int]]:
        """Return the rooms that have people in them, with how many, largest first."""
        match await self._request({"action": "room_list"}):
            case {"rooms": [*rooms]}:
                with contextlib.suppress(KeyError, TypeError, ValueError):
                    return [(str(each["room"]), int(each["users"])) for each in rooms]
        raise _not_understood("room_list")

    async def history(
        self,
        room: str | None = None,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int | None = None,
    ) -> Page:
        """Return a page of a room's log; without `before` or `after` the newest."""
        asked = _given(room=room, before=before, after=after, limit=limit)
        match await self._request({"action": "history", **asked}):
            case {
                "room": str(shown),
                "epoch": str(epoch),
                "messages": [*messages],
                "more": bool(more),
            }:
                with contextlib.suppress(KeyError, TypeError, ValueError):
                    return Page(shown, epoch, [_said(each) for each in messages], more)
        raise _not_understood("history")

    async def _request(self, request: Body) -> Body:
        """Return the reply to a request that worked."""
        if self._call is None:
            raise NotConnected("there is no connection at the moment")
        reply = await self._call.request(request)
        if reply["success"] is not True:
            raise RequestRefused(str(reply.get("message") or "The server gave no reason."))
        return reply

    def _hear(self, body: Body, request: Body | None) -> None:
        """Take in, at its place in the order, what a body means for us."""
        if request is None:
            event = event_of(body)
            if event is not None:
                self._events.tell(event)
        elif body["success"] is True:
            match request:
                case {"action": "set_nick", "nick": nick}:
                    self.nick = _shown(names.nick, nick)
                case {"action": "join_room", "room": room}:
                    self.room = _shown(names.room, room)
                case {"action": "user_list"} if "room" not in request:
                    room = body.get("room")
                    self.room = room if isinstance(room, str) else self.room

    # Keeping a connection

    async def _keep(self, entered: asyncio.Future[None]) -> None:
        """Carry on over one call after another; raise Unreachable if there is no first one."""
        clock = asyncio.get_running_loop().time
        attempt = 0
        try:
            async with aiohttp.ClientSession() as session:
                call = await self._connect(session)
                while True:
                    since = clock()
                    reason = await self._carry(call, entered)
                    if clock() - since > LONGEST_PAUSE:
                        attempt = 0  # else every call ends soon, and we do not press
                    call, attempt = await self._reconnect(session, reason, attempt)
        finally:
            self._events.close()

    async def _carry(self, call: Call, entered: asyncio.Future[None]) -> str:
        """Run a call until it ends, and beside it see to our nick; return why it ended."""
        self._call = call
        self._events.tell(Connected(self.nick, self.room))
        if not entered.done():
            self._wanted_nick = self.nick
            entered.set_result(None)
        retaking = asyncio.create_task(self._retake_nick())
        try:
            return await call.run()
        finally:
            self._call = None
            retaking.cancel()
            await asyncio.gather(retaking, return_exceptions=True)

    async def _reconnect(
        self, session: aiohttp.ClientSession, reason: str, attempt: int
    ) -> tuple[Call, int]:
        """Try until there is a call; return it, with the number for a next attempt."""
        while True:
            pause = backoff(attempt)
            attempt += 1
            self._events.tell(Disconnected(reason, pause))
            await asyncio.sleep(pause)
            try:
                return await self._connect(session), attempt
            except Unreachable as error:
                reason = str(error)

    async def _retake_nick(self) -> None:
        """Ask for the nick we had until we have it; our dead connection may hold it."""
        for attempt in range(RETAKES):
            if self.nick == (wanted := self._wanted_nick):
                return
            had = self.nick
            try:
                await self._request({"action": "set_nick", "nick": wanted})
            except RequestRefused:
                await asyncio.sleep(backoff(attempt))
            except ConnectionLost:
                return
            else:
                self._events.tell(NickChanged(had, self.nick))

    async def _connect(self, session: aiohttp.ClientSession) -> Call:
        """Open a call into our room under our nick; raise Unreachable."""
        wanted = _given(room=self.room or None, nick=self._wanted_nick or self.nick or None)
        call, self.room, self.nick = await place_call(session, self.url, wanted, self._hear)
        return call


def _given(**options: object) -> Body:
    return {name: value for name, value in options.items() if value is not None}


def _shown(rule: Callable[[object], str], name: str) -> str:
    """Return a name that the server accepted as it shows it: without its outer spaces."""
    try:
        return rule(name)
    except Refused:
        return name


def _said(listed: Body) -> Said:
    return Said(int(listed["id"]), int(listed["ts"]), str(listed["user"]), str(listed["message"]))


def _not_understood(action: str) -> RequestRefused:
    return RequestRefused(f"The server's answer to {action} makes no sense.")


# The terminal -------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Chat in this terminal; return the exit status."""
    options = parse_options(arguments, URL_OF_CHAT)
    try:
        return asyncio.run(_chat(options))
    except Unreachable as error:
        sys.stderr.write(
            f"Cannot reach {visible(str(error))}. Start the server (make run),"
            " or say with --url where it is.\n"
        )
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        return 0


async def _chat(options: Options) -> int:
    """Converse until the person leaves; a pipe whose lines came to nothing ends with status 1."""
    async with ChatClient(options.url, nick=options.nick, room=options.room) as client:
        leaving = asyncio.Event()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(sign, leaving.set)
        typed = sys.stdin.isatty()
        conversation = Conversation(client, Phrases(colours=in_colours()), typed=typed)
        async with console_for(conversation.prompt, conversation.complete) as console:
            await conversation.run(console, leaving)
    return 0 if typed or not conversation.failed else 1


if __name__ == "__main__":
    sys.exit(main())
