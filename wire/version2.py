"""What version 2 of the wire adds to the bodies of version 1, and its bodies of its own."""

from collections.abc import Sequence
from typing import NamedTuple

from wire import names
from wire.errors import Code, Refused
from wire.frames import MAX_FRAME
from wire.messages import (
    MAX_INTEGER,
    MAX_PAGE,
    MESSAGE_LENGTH,
    Body,
    ChatMessage,
    Left,
    Notice,
    Request,
    Said,
    change_v1,
    integer,
)

SUBPROTOCOL = "chat.v2"
KEY_LENGTH = 64
TOKEN_LENGTH = 128


class Since(NamedTuple):
    """Up to where a client has the log of a room."""

    epoch: str
    after: int


class Gap(NamedTuple):
    """The numbers of messages that cannot be had."""

    first: int
    last: int


# Requests ---------------------------------------------------------------------------------


def key(request: Request) -> str | None:
    """Return the key under which a message is said only once, or raise Refused."""
    return _text(request, "key", KEY_LENGTH)


def token(request: Request) -> str:
    """Return the session's token that a request names, or raise Refused."""
    found = _text(request, "session", TOKEN_LENGTH)
    if found is None:
        raise Refused(Code.INVALID_REQUEST, '"session" must be the token that "connecting" gave.')
    return found


def since(request: Request) -> Since | None:
    """Return up to where the asker has the log; None if nothing is to be recovered."""
    epoch = _text(request, "epoch", TOKEN_LENGTH)
    after = integer(request, "after", 0, MAX_INTEGER)
    if epoch is None and after is None:
        return None
    if epoch is None or after is None:
        raise Refused(Code.INVALID_REQUEST, '"epoch" and "after" only make sense together.')
    return Since(epoch, after)


def _text(request: Request, name: str, most: int) -> str | None:
    value = request.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise Refused(Code.INVALID_REQUEST, f'"{name}" must be a string of 1 to {most} characters.')
    return value


# Additions --------------------------------------------------------------------------------


def limits(rate: float, under_way: int) -> Body:
    """Return the limits that a client should know; a rate of 0 is none."""
    return {
        "frame": MAX_FRAME,
        "message": MESSAGE_LENGTH,
        "nick": names.NICK_LENGTH,
        "room": names.ROOM_LENGTH,
        "history": MAX_PAGE,
        "requests_per_second": rate,
        "under_way": under_way,
    }


def connecting(epoch: str, last_id: int, users: Sequence[str], session: str, limits: Body) -> Body:
    """Return what `connecting` gains."""
    return {
        "version": 2,
        "epoch": epoch,
        "last_id": last_id,
        "users": list(users),
        "session": session,
        "limits": limits,
    }


def place(room: str, epoch: str, last_id: int, users: Sequence[str]) -> Body:
    """Return what the reply to `join_room` gains, and that to `resume` with it."""
    return {"room": room, "epoch": epoch, "last_id": last_id, "users": list(users)}


def recovery(gap: Gap | None) -> Body:
    """Return what the reply gains where the request said up to where the asker has the log."""
    if gap is None:
        return {"recovered": True}
    return {"recovered": False, "gap": {"from": gap.first, "to": gap.last}}


def refusal(refused: Refused) -> Body:
    """Return what a failing reply gains."""
    body: Body = {"code": refused.code}
    if refused.retry_after is not None:
        body["retry_after"] = round(refused.retry_after, 3)
    return body


# Notices ----------------------------------------------------------------------------------


class NumberedMessage(ChatMessage, frozen=True, gc=False, tag="chat_message"):
    """The notice of what somebody said, with its place."""

    room: str
    id: int
    ts: int


def notice(room: str, told: Notice) -> Body | NumberedMessage:
    """Return a notice as version 2 of the wire says it."""
    if type(told) is Said:
        return NumberedMessage(told.message, told.user, room, told.id, told.ts)
    body = change_v1(room, told)
    if type(told) is Left:
        body["reason"] = told.reason
    return body


def lagging(room: str, first: int) -> Body:
    """Return that someone falls behind; `first` is the first message not told yet."""
    return {"action": "lagging", "room": room, "from": first}


def caught_up(room: str, last_id: int, users: Sequence[str]) -> Body:
    """Return that someone who fell behind has been told everything."""
    return {"action": "caught_up", "room": room, "last_id": last_id, "users": list(users)}


def missing(room: str, gap: Gap) -> Body:
    """Return that messages were trimmed before they could be told."""
    return {"action": "gap", "room": room, "from": gap.first, "to": gap.last}
