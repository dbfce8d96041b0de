"""A telnet connection: what it sends, taken no faster than it is read, and the line back."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast

from msgspec import to_builtins

from chat.person import Person
from doors.telnet_codec import Decoder, Typed
from doors.telnet_texts import TELNET, TELNET_EARLIER, lines, reply
from lines.line import BOUND, Line
from lines.websocket import CLOSING_TIME, SEND_BUFFER
from wire.errors import Disconnect
from wire.messages import AnyBody, Reason, Said

EARLIER_MESSAGES = 10  # of a room that one is shown on entering it
UNREAD = 64 * 1024  # bytes that may wait to be read before the connection has to wait
SLICE = 4096  # bytes that are decoded at once

# A line is dead when nothing that was sent, or a probe after a minute of silence, is acknowledged
# for two minutes. Not every system has all of these.
_TCP_OPTIONS = {
    "TCP_KEEPIDLE": 60,
    "TCP_KEEPINTVL": 15,
    "TCP_KEEPCNT": 4,
    "TCP_USER_TIMEOUT": 120_000,  # milliseconds; Linux gives up only then
}


class Wire(asyncio.Protocol):
    """Gathers what is received; `welcome` is called with the open connection."""

    def __init__(self, welcome: "Callable[[Wire], None]") -> None:
        self._welcome = welcome
        self.transport: asyncio.Transport
        self._received = bytearray()
        self._something = asyncio.Event()
        self._over = False  # nothing more will be received

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the connection up, and welcome whoever it is."""
        self.transport = cast("asyncio.Transport", transport)  # of uvloop it is no subclass
        sock: socket.socket = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)  # clients mark IAC DM urgent
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _TCP_OPTIONS.items():
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._welcome(self)

    def data_received(self, data: bytes) -> None:
        """Keep what came, and let more wait if it is much."""
        self._received += data
        self._something.set()
        if len(self._received) > UNREAD:
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """Note that nothing more will come; what came before is still answered."""
        self.connection_lost(None)
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - it ends either way
        """Note that nothing more will come."""
        self._over = True
        self._something.set()

    async def receive(self) -> bytes:
        """Return some of what came; nothing once all is read and no more will come."""
        while not self._received and not self._over:
            if not self.transport.is_closing():
                self.transport.resume_reading()
            self._something.clear()
            await self._something.wait()
        received = bytes(self._received[:SLICE])
        del self._received[:SLICE]
        return received


class TelnetLine(Line):
    """One person's telnet connection.

    Once `receive` has returned None, `hang_up` is due.
    """

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire.transport, TELNET)
        self.person: Person | None = None  # whose line it is
        self._wire = wire
        self._decoder = Decoder()
        self._typed: deque[Typed] = deque()
        self._entered = 0  # the room's last message when one entered

    def render(self, body: AnyBody) -> bytes:
        """Return a reply as lines."""
        nick = self.person.nick if self.person else ""
        return reply(to_builtins(body), nick, self.room or "")

    async def receive(self) -> Typed | None:
        """Return the next line that was typed and is not blank; None once the line has ended.

        What came before the other's end is still returned, but nothing behind ours.
        """
        while not self.closed:
            while self._typed:
                typed = self._typed.popleft()
                if typed.text.strip():
                    return typed
            received = await self._wire.receive()
            if not received:
                return None
            typed_lines, answers = self._decoder.feed(received)
            self._typed += typed_lines
            if self.unsent <= BOUND:
                self.write(answers)
        return None

    def look_back(self, last: int) -> int:
        """Return where the messages begin that one is shown on entering."""
        self._entered = last
        return max(0, last - EARLIER_MESSAGES)

    async def feed(self, page: Sequence[Said], last: int) -> None:
        """Write a page of the room's journal; what is from before one entered is marked."""
        if self.place < self._entered:
            before = [said for said in page if said.id <= self._entered]
            page = page[len(before) :]
            self.form = TELNET_EARLIER
            try:
                await super().feed(before, min(last, self._entered))
            finally:
                self.form = TELNET
        await super().feed(page, last)

    def end(self, disconnect: Disconnect, reason: Reason = Reason.KICKED) -> None:
        """Say why, and that no more will come; who does not hang up in two seconds is cut off.

        The person must be out of the room first.
        """
        self.ended(reason)
        goodbye = f"Goodbye: {disconnect.reason}."
        self.write_last(lines(goodbye) if disconnect.reason else b"")
        if not self.transport.is_closing():
            with suppress(OSError):  # it is gone, and nobody has told us yet
                self.transport.write_eof()
        asyncio.get_running_loop().call_later(CLOSING_TIME, self.cut_off)

    async def hang_up(self, disconnect: Disconnect) -> None:
        """Bring the line to its end, and wait for the other's."""
        if not self.closed:
            self.end(disconnect)
        while await self._wire.receive():
            pass
        self.transport.close()  # what is unsent is still sent, until the two seconds are over
