"""The chat on `websockets`: a plain handler, and its `broadcast()`.

Run as `python -m benchmarks.peers.on_websockets PORT`.
"""
# Its types are there only where the benchmarks' own requirements are installed.
# mypy: disable-error-code="import-not-found"

import asyncio
import sys
from collections import defaultdict
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from benchmarks.peers import words

people: defaultdict[str, set[ServerConnection]] = defaultdict(set)


async def chat(person: ServerConnection) -> None:
    """Let one person talk."""
    query = dict(parse_qsl(urlsplit(person.request.path).query)) if person.request else {}
    room, nick = query["room"], query["nick"]
    here = people[room]
    here.add(person)
    try:
        await person.send(words.greeting(room, nick))
        _tell_others(person, here, words.joined(room, nick))
        async for frame in person:
            reply, notice = words.perform(frame, nick)
            await person.send(reply)
            if notice:
                _tell_others(person, here, notice)
    except ConnectionClosed:
        pass
    finally:
        here.discard(person)
        broadcast(here, words.left(room, nick))


def _tell_others(author: ServerConnection, here: set[ServerConnection], notice: str) -> None:
    broadcast((person for person in here if person is not author), notice)


async def main() -> None:
    """Serve until killed."""
    words.raise_open_files()
    async with serve(chat, "127.0.0.1", int(sys.argv[1]), backlog=4096) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
