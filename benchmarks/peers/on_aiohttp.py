"""The simplest chat on what we stand on: aiohttp, uvloop, msgspec, one shared frame.

It has no order, no log, no limits and no bounds. What we need beyond it is the price of those.
Run as `python -m benchmarks.peers.on_aiohttp PORT`.
"""

import asyncio
import gc
import sys
from collections import defaultdict

import uvloop
from aiohttp import WSMsgType, web

from benchmarks.peers import words
from wire.frames import decode_json, frame, json_frame

people: defaultdict[str, set[asyncio.Transport]] = defaultdict(set)


async def chat(request: web.Request) -> web.WebSocketResponse:
    """Let one person talk."""
    response = web.WebSocketResponse(compress=False)
    await response.prepare(request)
    transport, room, nick = request.transport, request.query["room"], request.query["nick"]
    assert transport is not None  # noqa: S101 - for the type checker
    here = people[room]
    transport.write(_text(words.greeting(room, nick)))
    _tell_others(transport, here, _text(words.joined(room, nick)))
    here.add(transport)
    try:
        async for message in response:
            if message.type is not WSMsgType.TEXT:
                break
            said = decode_json(message.data)["message"]
            reply = {"action": "chat_message", "success": True, "message": said}
            transport.write(json_frame(reply))
            notice = {"action": "chat_message", "message": said, "user": nick}
            _tell_others(transport, here, json_frame(notice))
    finally:
        here.discard(transport)
        _tell_others(transport, here, _text(words.left(room, nick)))
    return response


def _text(body: str) -> bytes:
    return frame(0x1, body.encode())


def _tell_others(author: asyncio.Transport, here: set[asyncio.Transport], notice: bytes) -> None:
    for person in here:
        if person is not author:
            person.write(notice)


async def main() -> None:
    """Serve until killed."""
    words.raise_open_files()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    app = web.Application()
    app.add_routes([web.get("/chat", chat)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(sys.argv[1]), backlog=4096).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
