"""Every body that is sent: what a request may carry, the replies, and the notices.

A *reply* answers the one who asked. A *notice* tells the others in a room; it is kept as a
value and rendered once for each form of the wire. Shapes and texts are those of
docs/protocol.md, section by section.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, final

from msgspec import UNSET, Struct, UnsetType

from wire.errors import Code, Refused

Body = dict[str, Any]
AnyBody = Body | Struct
Request = Mapping[str, Any]

MESSAGE_LENGTH = 4096  # code points
MAX_PAGE = 200  # messages of one history reply
PAGE = 50
MAX_INTEGER = 2**53 - 1  # the largest integer that every JSON reader keeps exact
REF_LENGTH = 64

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Reason(StrEnum):
    """Why someone left a room; only `lost` is shame."""

    CLOSED = "closed"
    MOVED = "moved"
    LOST = "lost"
    KICKED = "kicked"
    RESTART = "restart"


class Joined(Struct, frozen=True, gc=False):
    """Someone entered the room."""

    user: str


class Left(Struct, frozen=True, gc=False):
    """Someone left the room."""

    user: str
    reason: Reason


class NickChanged(Struct, frozen=True, gc=False):
    """Someone in the room has a new nick."""

    from_user: str
    to_user: str


@final
class Said(Struct, frozen=True, gc=False):
    """A message as the log holds it: `id` counts 1, 2, 3 ... in its room, `ts` is in ms UTC."""

    id: int
    ts: int
    user: str
    message: str


Notice = Joined | Left | NickChanged | Said


@final
class Draft(Struct, frozen=True, gc=False):
    """A message that is not stored yet, and so has no number.

    With a `key`, the session that sends it again in the same room says it only once.
    """

    user: str
    message: str
    session: int | None = None
    key: str | None = None


# Requests ---------------------------------------------------------------------------------


def message_text(request: Request) -> str:
    """Return the text that a request wants to say, or raise Refused with the rule."""
    text = request.get("message")
    if not isinstance(text, str):
        raise Refused(Code.INVALID_MESSAGE, "A message is a text: send it as a string.")
    if not text:
        raise Refused(Code.INVALID_MESSAGE, "A message must not be empty.")
    if len(text) > MESSAGE_LENGTH:
        raise Refused(
            Code.INVALID_MESSAGE,
            f"A message has at most {MESSAGE_LENGTH} characters; this one has {len(text)}.",
        )
    if holds_controls(text):
        raise Refused(
            Code.INVALID_MESSAGE,
            "A message holds no control characters but tabs and line breaks.",
        )
    return text


def holds_controls(text: str) -> bool:
    """Return whether there are control characters in a text, tabs and line breaks aside."""
    # The first is fast, the second exact.
    return not text.isprintable() and _CONTROL.search(text) is not None


def integer(request: Request, key: str, least: int, most: int) -> int | None:
    """Return an optional integer of a request, or raise Refused with its bounds."""
    value = request.get(key)
    if value is None:
        return None
    if type(value) is not int or not least <= value <= most:
        raise Refused(
            Code.INVALID_REQUEST, f'"{key}" must be a whole number from {least} to {most}.'
        )
    return value


def reference(request: Request) -> Body:
    """Return `{"ref": ...}` to be repeated in the reply, `{}` without one, or raise Refused."""
    if "ref" not in request:
        return {}
    ref = request["ref"]
    if isinstance(ref, str) and len(ref) <= REF_LENGTH:
        return {"ref": ref}
    if type(ref) is int and 0 <= ref <= MAX_INTEGER:
        return {"ref": ref}
    raise Refused(
        Code.INVALID_REQUEST,
        f'"ref" must be a string of at most {REF_LENGTH} characters or a whole number'
        f" from 0 to {MAX_INTEGER}.",
    )


# Replies ----------------------------------------------------------------------------------


def connecting(room: str, user: str) -> Body:
    """Return the first body of every connection: the room and nick one got."""
    return {"action": "connecting", "room": room, "user": user}


def done(action: str, message: str = "") -> Body:
    """Return the reply to a request that worked."""
    return {"action": action, "success": True, "message": message}


class Acknowledgement(Struct, frozen=True, gc=False, tag_field="action", tag="chat_message"):
    """The reply to a message that was stored."""

    success: bool
    message: str
    ref: str | int | UnsetType = UNSET
    id: int | UnsetType = UNSET  # this and `ts` in version 2
    ts: int | UnsetType = UNSET


def user_list(room: str, users: Sequence[str]) -> Body:
    """Return who is in a room, in order of arrival."""
    return {"action": "user_list", "success": True, "room": room, "users": list(users)}


def room_list(rooms: Sequence[tuple[str, int]]) -> Body:
    """Return the rooms that have people in them, with how many, largest first."""
    listed = [{"room": room, "users": count} for room, count in rooms]
    return {"action": "room_list", "success": True, "rooms": listed}


def history(room: str, epoch: str, messages: Sequence[Said], *, more: bool) -> Body:
    """Return a page of a room's log, oldest first."""
    listed = [
        {"id": said.id, "ts": said.ts, "user": said.user, "message": said.message}
        for said in messages
    ]
    return {
        "action": "history",
        "success": True,
        "room": room,
        "epoch": epoch,
        "messages": listed,
        "more": more,
    }


def refusal(action: str | None, refused: Refused) -> Body:
    """Return the reply to a request that was refused."""
    return {"action": action, "success": False, "message": refused.text}


# Notices ----------------------------------------------------------------------------------


class ChatMessage(Struct, frozen=True, gc=False, tag_field="action", tag="chat_message"):
    """The notice of what somebody said."""

    message: str
    user: str


def notice_v1(room: str, notice: Notice) -> Body | ChatMessage:
    """Return a notice as version 1 of the wire says it."""
    if type(notice) is Said:  # most are, and a match takes longer
        return ChatMessage(notice.message, notice.user)
    return change_v1(room, notice)


def change_v1(room: str, change: Joined | Left | NickChanged) -> Body:
    """Return the notice of a change among the people, as version 1 of the wire says it."""
    match change:
        case Joined():
            return {"action": "joined", "room": room, "user": change.user}
        case Left():
            shame = change.reason is Reason.LOST
            return {"action": "left", "room": room, "user": change.user, "shame": shame}
        case NickChanged():
            return {
                "action": "nick_changed",
                "room": room,
                "from_user": change.from_user,
                "to_user": change.to_user,
            }
