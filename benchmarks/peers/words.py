"""What the Python peers say and understand, of version 1 of the wire."""

import json
import resource


def _encode(**body: object) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def greeting(room: str, nick: str) -> str:
    """Return what one is told first of all."""
    return _encode(action="connecting", room=room, user=nick)


def joined(room: str, nick: str) -> str:
    """Return what the others are told of someone who has entered."""
    return _encode(action="joined", room=room, user=nick)


def left(room: str, nick: str) -> str:
    """Return what the others are told of someone who has left."""
    return _encode(action="left", room=room, user=nick, shame=False)


def perform(frame: str | bytes, nick: str) -> tuple[str, str]:
    """Return the reply to a request, and what the others are told of it, if anything."""
    request = json.loads(frame)
    action, message = request.get("action"), request.get("message")
    if action != "chat_message" or not isinstance(message, str):
        return _encode(action=action, success=False, message="What?"), ""
    return (
        _encode(action=action, success=True, message=message),
        _encode(action=action, message=message, user=nick),
    )


def raise_open_files() -> None:
    """Allow as many connections as the system lets a process have."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
