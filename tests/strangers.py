"""Raw sockets at the door: they speak as much of the protocol as a test wants."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from tests.transcript import PATIENCE

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
MASK = b"\x01\x02\x03\x04"


def frame(
    opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True, reserved: int = 0
) -> bytes:
    """Return one frame as a client sends it (RFC 6455, section 5.2), or with a fault in it."""
    first = (0x80 if fin else 0) | reserved | opcode
    size = len(payload)
    if size < 126:
        header = bytes((first, (0x80 if masked else 0) | size))
    elif size < 1 << 16:
        header = bytes((first, (0x80 if masked else 0) | 126)) + size.to_bytes(2)
    else:
        header = bytes((first, (0x80 if masked else 0) | 127)) + size.to_bytes(8)
    if not masked:
        return header + payload
    key = int.from_bytes((MASK * (size // 4 + 1))[:size])
    return header + MASK + (int.from_bytes(payload) ^ key).to_bytes(size)


def request(action: str, **more: object) -> bytes:
    """Return the frame of a request."""
    return frame(TEXT, json.dumps({"action": action, **more}).encode())


def handshake(path: str = "/chat", headers: Mapping[str, str] | None = None) -> bytes:
    """Return the request that opens a WebSocket."""
    lines = {
        "Host": "127.0.0.1",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    } | dict(headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode("utf-8", "surrogateescape")


class Stranger:
    """A socket. Nothing is read but what a test asks for."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        self._port = port
        self._sock = socket.socket()
        self._sock.setblocking(False)  # noqa: FBT003 - it takes no keyword
        if receive_buffer is not None:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._loop = asyncio.get_running_loop()
        self._read = bytearray()

    async def __aenter__(self) -> Self:
        await self._loop.sock_connect(self._sock, ("127.0.0.1", self._port))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sock.close()

    async def sends(self, sent: bytes) -> None:
        """Send bytes, and wait until the kernel has taken them."""
        async with asyncio.timeout(PATIENCE):
            await self._loop.sock_sendall(self._sock, sent)

    async def sends_what_it_can(self, sent: bytes) -> None:
        """Send bytes to somebody who may hang up meanwhile."""
        with suppress(ConnectionError):
            await self.sends(sent)

    async def reads(self, size: int) -> bytes:
        """Return the next bytes, exactly so many."""
        while len(self._read) < size:
            await self._reads_more()
        found = bytes(self._read[:size])
        del self._read[:size]
        return found

    async def reads_head(self) -> bytes:
        """Return an HTTP answer up to its blank line."""
        while b"\r\n\r\n" not in self._read:
            await self._reads_more()
        return await self.reads(self._read.index(b"\r\n\r\n") + 4)

    async def reads_to_end(self) -> bytes:
        """Return all that still comes until the line ends, politely or not."""
        with suppress(EOFError, ConnectionError):
            while True:
                await self._reads_more()
        return await self.reads(len(self._read))

    async def _reads_more(self) -> None:
        async with asyncio.timeout(PATIENCE):
            received = await self._loop.sock_recv(self._sock, 1 << 18)
        if not received:
            raise EOFError
        self._read += received

    async def enters(self, path: str = "/chat", **headers: str) -> None:
        """Shake hands."""
        await self.sends(handshake(path, headers))
        head = await self.reads_head()
        assert head.startswith(b"HTTP/1.1 101 "), head

    async def hears_frame(self) -> tuple[int, bytes]:
        """Return the opcode and the payload of the next frame."""
        first, size = await self.reads(2)
        assert first & 0xF0 == 0x80
        assert size < 128
        if size == 126:
            size = int.from_bytes(await self.reads(2))
        elif size == 127:
            size = int.from_bytes(await self.reads(8))
        return first & 0x0F, await self.reads(size)

    async def hears(self) -> dict[str, Any]:
        """Return the next body."""
        opcode, payload = await self.hears_frame()
        assert opcode == TEXT, (opcode, payload)
        body = json.loads(payload)
        assert isinstance(body, dict)
        return body

    async def hears_end(self) -> int:
        """Return the code of the close frame that comes next."""
        opcode, payload = await self.hears_frame()
        assert opcode == CLOSE, (opcode, payload)
        return int.from_bytes(payload[:2])

    def hangs_up(self) -> None:
        """Close the socket, without a word."""
        self._sock.close()


@asynccontextmanager
async def guest(
    port: int, nick: str, room: str = "default", receive_buffer: int | None = None
) -> AsyncIterator[Stranger]:
    """Let a stranger in who has been greeted."""
    async with Stranger(port, receive_buffer) as stranger:
        await stranger.enters(f"/chat?nick={nick}&room={room}")
        greeting = {"action": "connecting", "room": room, "user": nick}
        assert await stranger.hears() == greeting
        yield stranger
