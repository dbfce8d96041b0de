"""A chat client: `ChatClient` for programs, and the terminal chat on it (`python client.py`).

A client outlives its connections. One connection is a `_Line`: its reader and its sender end
together. The client keeps one line open after another until it is closed, and what happens
meanwhile, ends of lines too, it tells as events.
"""

import asyncio
import contextlib
import itertools
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import aiohttp
from aiohttp import ClientWebSocketResponse, ClientWSTimeout, WSMessage, WSMsgType
from yarl import URL

from wire import names
from wire.errors import Refused
from wire.frames import MAX_FRAME, decode_json, encode_json
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
    "Page",
    "RequestRefused",
    "Said",
    "Unreachable",
]

URL_OF_CHAT = "ws://localhost:8080/chat"
OPENING = 10.0  # seconds in which a server must greet
CLOSING = 2.0  # seconds for the other side to answer a close frame
HEARTBEAT = 30.0  # seconds of silence after which the line is pinged
FIRST_PAUSE = 0.5  # seconds; doubles with every attempt
LONGEST_PAUSE = 30.0
RETAKES = 15  # attempts, a few minutes: servers notice a dead line in less
EVENTS_KEPT = 10_000  # for who does not fetch them


# What a client tells ------------------------------------------------------------------------


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
    """Someone left the room, with shame if their line broke. Version 1 tells no more."""

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


class Unreachable(ConnectionError):  # noqa: N818 - likewise
    """No chat server answers at this address; the text says what happened instead."""


def backoff(attempt: int) -> float:
    """Return the seconds to wait before an attempt: exponential with full jitter, bounded."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt, 16))
    return random.uniform(0, longest)  # noqa: S311 - it spreads load, it guards no secret


def _event(notice: Body) -> Event | None:
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


class _Events:
    """What there is to tell, in order. Past EVENTS_KEPT the oldest are dropped, and counted."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._dropped = 0
        self._closed = False
        self._changed = asyncio.Event()

    def tell(self, event: Event) -> None:
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


# One connection -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    request: Body
    reply: asyncio.Future[Body]


class _Line:
    """One connection: requests go out in order, and each awaits its own reply.

    `hear` is called, in the order of arrival, with every body and, if it is a reply, with the
    request that it answers.
    """

    def __init__(
        self, ws: ClientWebSocketResponse, hear: Callable[[Body, Body | None], None]
    ) -> None:
        self._ws = ws
        self._hear = hear
        self._refs = itertools.count(1)
        self._asked: dict[int, _Asked] = {}  # in the order of asking
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._ended: str | None = None  # why, once it has

    async def request(self, request: Body) -> Body:
        """Return the reply, of whatever success; raise ConnectionLost if there will be none."""
        if self._ended is not None:
            raise ConnectionLost(self._ended)
        ref = next(self._refs)
        text = _encoded({**request, "ref": ref})
        asked = self._asked[ref] = _Asked(request, asyncio.get_running_loop().create_future())
        self._outgoing.put_nowait(text)
        return await asked.reply

    async def run(self) -> str:
        """Carry both ways until the connection ends; return why it did.

        Cancelled, it ends the connection politely. Whoever waits for a reply is told.
        """
        both = asyncio.create_task(self._read()), asyncio.create_task(self._send())
        ended = "this client has left"
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            ended = next(iter(done)).result()
        finally:
            self._ended = ended
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            for asked in self._asked.values():
                if not asked.reply.done():
                    asked.reply.set_exception(ConnectionLost(ended))
            await _close(self._ws)
        return ended

    async def _read(self) -> str:
        while (received := await self._ws.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
            body = _body(received)
            if body is not None:
                self._read_body(body)
        return _why(received)

    def _read_body(self, body: Body) -> None:
        if "success" not in body:
            self._hear(body, None)
            return
        asked = self._asked_by(body)
        if asked is None:
            return  # an answer to nothing we asked
        self._hear(body, asked.request)
        if not asked.reply.done():
            asked.reply.set_result(body)

    def _asked_by(self, reply: Body) -> _Asked | None:
        """Take out the request that a reply answers; without `ref` they come in order."""
        ref = reply.get("ref")
        if ref is None:
            action = reply.get("action")
            alike = (r for r, asked in self._asked.items() if asked.request["action"] == action)
            ref = next(alike, None)
        return self._asked.pop(ref, None) if type(ref) is int else None

    async def _send(self) -> str:
        try:
            while True:
                await self._ws.send_str(await self._outgoing.get())
        except (aiohttp.ClientError, OSError) as error:
            return f"the connection broke: {error}"


def _encoded(request: Body) -> str:
    """Return a request as text, or raise RequestRefused for what no server would take."""
    try:
        text = encode_json(request)
        size = len(text.encode())
    except ValueError as error:
        raise RequestRefused(f"This cannot be sent as JSON: {error}.") from None
    if size > MAX_FRAME:
        raise RequestRefused(f"At most {MAX_FRAME} bytes can be sent at once; these are {size}.")
    return text


def _body(received: WSMessage) -> Body | None:
    """Return the JSON object that was received, or None for anything else."""
    if received.type is not WSMsgType.TEXT:
        return None
    try:
        value = decode_json(received.data)
    except Refused:
        return None
    return value if isinstance(value, dict) else None


def _why(last: WSMessage) -> str:
    if last.type is WSMsgType.CLOSE:
        said = ": ".join(str(part) for part in (last.data, last.extra) if part)
        return f"the server closed the connection ({said})"
    return "the connection broke off"


async def _close(ws: ClientWebSocketResponse) -> None:
    """Send a close frame, if that can be, and give the other side a moment to answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSING):
            await ws.close()


# The client ---------------------------------------------------------------------------------


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
        self._events = _Events()
        self._line: _Line | None = None
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
        if self._line is None:
            raise ConnectionLost("there is no connection at the moment")
        reply = await self._line.request(request)
        if reply["success"] is not True:
            raise RequestRefused(str(reply.get("message") or "The server gave no reason."))
        return reply

    def _hear(self, body: Body, request: Body | None) -> None:
        """Take in, at its place in the order, what a body means for us."""
        if request is None:
            event = _event(body)
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
        """Carry on over one line after another; raise Unreachable if there is no first one."""
        clock = asyncio.get_running_loop().time
        attempt = 0
        try:
            async with aiohttp.ClientSession() as session:
                line = await self._connect(session)
                while True:
                    since = clock()
                    reason = await self._carry(line, entered)
                    if clock() - since > LONGEST_PAUSE:
                        attempt = 0  # else the server ends every line soon, and we do not press
                    line, attempt = await self._reconnect(session, reason, attempt)
        finally:
            self._events.close()

    async def _carry(self, line: _Line, entered: asyncio.Future[None]) -> str:
        """Run a line until it ends, and beside it see to our nick; return why it ended."""
        self._line = line
        self._events.tell(Connected(self.nick, self.room))
        if not entered.done():
            self._wanted_nick = self.nick
            entered.set_result(None)
        retaking = asyncio.create_task(self._retake_nick())
        try:
            return await line.run()
        finally:
            self._line = None
            retaking.cancel()
            await asyncio.gather(retaking, return_exceptions=True)

    async def _reconnect(
        self, session: aiohttp.ClientSession, reason: str, attempt: int
    ) -> tuple[_Line, int]:
        """Try until there is a line; return it, with the number for a next attempt."""
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
        """Ask for the nick we had until we have it; a dead line of ours may hold it for a while."""
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

    async def _connect(self, session: aiohttp.ClientSession) -> _Line:
        """Open a line into our room under our nick; raise Unreachable."""
        wanted = _given(room=self.room or None, nick=self._wanted_nick or self.nick or None)
        try:
            url = URL(self.url).update_query(wanted)
            async with asyncio.timeout(OPENING), contextlib.AsyncExitStack() as undo:
                ws = await session.ws_connect(
                    url, timeout=ClientWSTimeout(ws_close=CLOSING), heartbeat=HEARTBEAT
                )
                undo.push_async_callback(_close, ws)
                self.room, self.nick = await _greeting(ws)
                undo.pop_all()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable(f"{self.url}: {_trouble(error)}") from error
        return _Line(ws, self._hear)


async def _greeting(ws: ClientWebSocketResponse) -> tuple[str, str]:
    """Return the room and the nick that the server gave us."""
    while (received := await ws.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
        match _body(received):
            case {"action": "connecting", "room": str(room), "user": str(user)}:
                return room, user
    raise ConnectionError(_why(received))


def _trouble(error: Exception) -> str:
    """Return in a few words why there is no connection."""
    match error:
        case TimeoutError():
            return "it does not answer"
        case aiohttp.WSServerHandshakeError(status=status):
            return f"it answers, but not as a chat (HTTP status {status})"
        case aiohttp.ClientConnectorDNSError():
            return "there is no such host"
        case aiohttp.ClientConnectorError():
            return "nothing answers there"
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return f"this is not an address like {URL_OF_CHAT}"
    return str(error)


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
