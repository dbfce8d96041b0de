"""The chat on `picows`: frames parsed and written in Cython, one write for each person told.

Run as `python -m benchmarks.peers.on_picows PORT`.
"""
# Its types are there only where the benchmarks' own requirements are installed.
# mypy: disable-error-code="import-not-found, misc"

import asyncio
import sys
from collections import defaultdict
from urllib.parse import parse_qsl, urlsplit

from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    ws_create_server,
)

from benchmarks.peers import words

people: defaultdict[str, set[WSTransport]] = defaultdict(set)


class Person(WSListener):
    """One person talking."""

    def __init__(self, room: str, nick: str) -> None:
        super().__init__()
        self._room = room
        self._nick = nick

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Enter."""
        transport.send(WSMsgType.TEXT, words.greeting(self._room, self._nick).encode())
        self._tell_others(transport, words.joined(self._room, self._nick))
        people[self._room].add(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answer one request, and tell the others."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return
        reply, notice = words.perform(frame.get_payload_as_utf8_text(), self._nick)
        transport.send(WSMsgType.TEXT, reply.encode())
        if notice:
            self._tell_others(transport, notice)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Leave."""
        people[self._room].discard(transport)
        self._tell_others(transport, words.left(self._room, self._nick))

    def _tell_others(self, author: WSTransport, notice: str) -> None:
        payload = notice.encode()
        for person in people[self._room]:
            if person is not author:
                person.send(WSMsgType.TEXT, payload)


def let_in(request: WSUpgradeRequest) -> Person:
    """Return who talks on a new connection."""
    query = dict(parse_qsl(urlsplit(request.path.decode()).query))
    return Person(query["room"], query["nick"])


async def main() -> None:
    """Serve until killed."""
    words.raise_open_files()
    port = int(sys.argv[1])
    server = await ws_create_server(let_in, "127.0.0.1", port, backlog=4096, enable_auto_ping=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
