"""Links between people and the house that can be cut at any byte, frozen, and thawed."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from random import Random

_CHUNK = 8 * 1024  # bytes carried at once, and all that waits on a frozen link
_SHORTEST_LIFE = 2  # of a link that is to be cut, in powers of ten of bytes
_LONGEST_LIFE = 6


class Link:
    """One TCP connection to the house, carried byte by byte."""

    def __init__(self, life: int | None) -> None:
        self.life = life  # bytes until it is cut; None for ever
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: list[asyncio.StreamWriter] = []

    def freeze(self) -> None:
        """Carry nothing, either way, until `thaw`."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Go on where it was frozen."""
        self._flowing.set()

    def cut(self) -> None:
        """End it at once, both ways, without a word."""
        for writer in self._writers:
            writer.transport.abort()
        self.thaw()

    async def carry(
        self,
        here: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Carry both ways until either end hangs up or the link is cut."""
        self._writers = [here[1], there[1]]
        try:
            await asyncio.gather(self._pump(here[0], there[1]), self._pump(there[0], here[1]))
        except OSError:
            pass
        finally:
            self.cut()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(_CHUNK):
            await self._flowing.wait()
            if self.life is not None:
                self.life -= len(chunk)
                if self.life < 0:
                    writer.write(chunk[: self.life])
                    raise ConnectionResetError("The link has lived its life")
            writer.write(chunk)
            await writer.drain()
        await self._flowing.wait()
        with contextlib.suppress(OSError):
            writer.write_eof()


class Street:
    """Carries everyone's links to wherever the house is; half of them are to be cut."""

    def __init__(self, random: Random, door: Callable[[], int]) -> None:
        self._random = random
        self._door = door
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()
        self.links: list[Link] = []
        self.port = 0
        self.calm = False
        self.cuts = 0

    async def open(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._let_in, "127.0.0.1", 0, limit=_CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Cut all links and listen no more."""
        if self._server is not None:
            self._server.close()
        for link in self.links:
            link.cut()
        if self._carrying:
            await asyncio.wait(self._carrying)

    def be_calm(self) -> None:
        """Cut and freeze no link any more."""
        self.calm = True
        for link in self.links:
            link.life = None
            link.thaw()

    def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = socket.socket()
        try:
            sock.setblocking(False)  # noqa: FBT003 - it takes no keyword
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _CHUNK)
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self._door()))
            there = await asyncio.open_connection(sock=sock, limit=_CHUNK)
        except OSError:
            sock.close()
            writer.transport.abort()
            return
        link = Link(self._life())
        self.links.append(link)
        try:
            await link.carry((reader, writer), there)
        finally:
            self.cuts += link.life is not None and link.life < 0
            self.links.remove(link)

    def _life(self) -> int | None:
        if self.calm or self._random.random() < 0.5:  # noqa: PLR2004 - half of them
            return None
        return int(10 ** self._random.uniform(_SHORTEST_LIFE, _LONGEST_LIFE))
