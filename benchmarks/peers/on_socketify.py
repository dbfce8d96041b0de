"""The chat on `socketify`, which is uWebSockets (C++): a room is a topic that people subscribe.

Run as `python -m benchmarks.peers.on_socketify PORT`. Its `publish` tells the author too.
"""
# Its types are there only where the benchmarks' own requirements are installed, and are few.
# mypy: disable-error-code="import-not-found, import-untyped, no-untyped-call"

import sys
from typing import Any

from socketify import App, OpCode

from benchmarks.peers import words

UNSENT = 16 * 1024 * 1024  # bytes; what is beyond them it would drop
app = App()


def let_in(response: Any, request: Any, context: Any) -> None:  # noqa: ANN401 - it has no types
    """Shake hands."""
    response.upgrade(
        request.get_header("sec-websocket-key"),
        request.get_header("sec-websocket-protocol"),
        request.get_header("sec-websocket-extensions"),
        context,
        (request.get_query("room"), request.get_query("nick")),
    )


def enter(person: Any) -> None:  # noqa: ANN401
    """Enter."""
    room, nick = person.get_user_data()
    person.send(words.greeting(room, nick), OpCode.TEXT)
    person.publish(room, words.joined(room, nick), OpCode.TEXT)
    person.subscribe(room)


def perform(person: Any, frame: str | bytes, _opcode: object) -> None:  # noqa: ANN401
    """Answer one request, and tell the others."""
    room, nick = person.get_user_data()
    reply, notice = words.perform(frame, nick)
    person.send(reply, OpCode.TEXT)
    if notice:
        person.publish(room, notice, OpCode.TEXT)


def leave(person: Any, _code: int, _reason: object) -> None:  # noqa: ANN401
    """Leave."""
    room, nick = person.get_user_data()
    app.publish(room, words.left(room, nick), OpCode.TEXT)


def main() -> None:
    """Serve until killed."""
    words.raise_open_files()
    behaviour = {
        "max_payload_length": 64 * 1024,
        "max_backpressure": UNSENT,
        "idle_timeout": 120,
        "send_pings_automatically": True,
        "upgrade": let_in,
        "open": enter,
        "message": perform,
        "close": leave,
    }
    app.ws("/chat", behaviour)
    app.listen({"port": int(sys.argv[1]), "host": "127.0.0.1"}, lambda _config: None)
    app.run()


if __name__ == "__main__":
    main()
