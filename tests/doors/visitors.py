"""People at the telnet door: what ann types and what bob sees, so that a test is a transcript."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.strangers import Stranger

WELCOME = "Welcome to TestChat"


class Visitor(Stranger):
    """Somebody on a telnet connection; nothing is read but what a test asks for."""

    async def types(self, *lines: str) -> None:
        """Send whole lines."""
        await self.sends("".join(f"{line}\r\n" for line in lines).encode())

    async def reads_line(self) -> str:
        """Return the next line without its end."""
        while b"\n" not in self._read:
            await self._reads_more()
        line = await self.reads(self._read.index(b"\n") + 1)
        assert line.endswith(b"\r\n"), line
        return line[:-2].decode()

    async def sees(self, *lines: str) -> None:
        """See these lines, and nothing between them."""
        for line in lines:
            assert await self.reads_line() == line

    async def has_seen_all(self) -> None:
        """See that nothing came but what was seen: the next to come answers a question."""
        await self.types("is that all?")
        await self.sees("Unknown command: is")

    async def sees_end(self, *lines: str) -> None:
        """See these lines, and then the end of the line."""
        rest = await self.reads_to_end()
        assert rest == "".join(f"{line}\r\n" for line in lines).encode()

    async def logs_in(self, nick: str) -> None:
        """Enter the room `default`, in which nothing was said so far."""
        await self.sees(WELCOME)
        await self.types(f"login {nick}")
        await self.sees(f"You are {nick} in the room default.")

    def ends_its_half(self) -> None:
        """Send nothing more, and go on reading."""
        self._sock.shutdown(socket.SHUT_WR)


@asynccontextmanager
async def visitor(
    port: int, nick: str | None = None, receive_buffer: int | None = None
) -> AsyncIterator[Visitor]:
    """Let somebody come to the telnet door, and with a nick also in."""
    async with Visitor(port, receive_buffer) as person:
        if nick is not None:
            await person.logs_in(nick)
        yield person
