"""Telnet: plain lines of text, into the same rooms as every other door."""

import asyncio
import logging

from aiohttp import web

from chat.limits import Places, TooManyConnections
from chat.person import DEFAULT_ROOM
from chat.session import Session, WornOut
from doors.telnet_codec import Typed
from doors.telnet_commands import OWN_ACTIONS, request, split
from doors.telnet_line import TelnetLine, Wire
from doors.telnet_texts import lines
from lines.websocket import CLOSING_TIME
from wire import names
from wire.errors import Code, Disconnect, Refused
from wire.frames import utf8_size
from wire.messages import Reason

LOGIN_TIME = 60.0  # seconds that one has to log in
_BACKLOG = 4096

_log = logging.getLogger(__name__)


class TelnetDoor:
    """Listens for telnet, and owns every conversation that comes of it.

    `sessions` has those of all doors. `lines` are the open connections; whoever closes the
    service ends them.
    """

    def __init__(
        self, app: web.Application, sessions: set[Session], places: Places, name: str, rate: float
    ) -> None:
        self.lines: set[TelnetLine] = set()
        self._app = app
        self._sessions = sessions
        self._places = places
        self._name = name
        self._rate = rate
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int) -> int:
        """Listen, and return the port; raise OSError if that cannot be done."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Wire(self._welcome), host, port, backlog=_BACKLOG
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    def close(self) -> None:
        """Let nobody in any more."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def finished(self) -> None:
        """Wait until all conversations are over; those that do not end in time are broken off."""
        if self._conversations:
            await asyncio.wait(self._conversations, timeout=CLOSING_TIME)
        for conversation in self._conversations:
            conversation.cancel()
        if self._conversations:
            await asyncio.wait(self._conversations)

    def _welcome(self, wire: Wire) -> None:
        if self._server is None:  # one who came in the very moment of closing
            wire.transport.abort()
            return
        conversation = asyncio.create_task(self._meet(wire))
        self._conversations.add(conversation)
        conversation.add_done_callback(self._conversations.discard)

    async def _meet(self, wire: Wire) -> None:
        line = TelnetLine(wire)
        self.lines.add(line)
        address = wire.transport.get_extra_info("peername") or ("",)
        disconnect = Disconnect.POLITE
        try:
            with self._places.take(address[0]):
                disconnect = await self._converse(line)
        except TooManyConnections:
            line.write(lines("There are too many connections from your address; close one first."))
        finally:
            self.lines.discard(line)
        await line.hang_up(disconnect)

    async def _converse(self, line: TelnetLine) -> Disconnect:
        """Let one person talk; return how they are to be taken leave of."""
        session = Session(self._app, line, 1, self._rate, OWN_ACTIONS)
        line.person = session.person
        self._sessions.add(session)
        line.write(lines(f"Welcome to {self._name}"))
        try:
            if await _log_in(session, line):
                await _talk(session, line)
        except WornOut:
            line.ended(Reason.KICKED)
            return Disconnect.TOO_FAST
        except Exception:  # noqa: BLE001 - a bug costs one session, and is told in the log
            _log.exception("A telnet session failed")
            line.ended(Reason.KICKED)
            return Disconnect.INTERNAL
        finally:
            session.leave(line.reason)
            self._sessions.discard(session)
        return Disconnect.POLITE


async def _log_in(session: Session, line: TelnetLine) -> bool:
    """Return whether they logged in, and did so in time."""
    try:
        async with asyncio.timeout(LOGIN_TIME):
            while (typed := await line.receive()) is not None:
                word, rest = split(typed)
                if word == "logout":
                    return False
                if _enter(session, line, word, rest):
                    return True
                await line.drain()
    except TimeoutError:
        line.write(lines(f"Goodbye: nobody logged in for {LOGIN_TIME:.0f} seconds."))
    return False


def _enter(session: Session, line: TelnetLine, word: str, nick: str) -> bool:
    """Carry out what somebody types who has not logged in; return whether they have now."""
    try:
        session.allow()
        if word != "login":
            line.write(lines("Please log in", 'Use "login <nick>"'))
        elif not nick.strip():
            line.write(lines("Please enter a name"))
        else:
            session.enter(DEFAULT_ROOM, names.nick(nick))
            return True
    except Refused as refused:
        taken = refused.code is Code.NICK_TAKEN
        why = f'The name "{nick.strip()}" is taken.' if taken else refused.text
        line.write(lines(why, "Please try again."))
    return False


async def _talk(session: Session, line: TelnetLine) -> None:
    """Carry out what somebody types, to the end of what came."""
    while (typed := await line.receive()) is not None:
        if _is_logout(typed):
            line.ended(Reason.CLOSED)
            break
        await session.carry_out(request, typed, utf8_size(typed.text))
    await session.answered()


def _is_logout(typed: Typed) -> bool:
    return split(typed)[0] == "logout"
