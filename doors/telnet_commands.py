"""The commands of telnet people: a row each, which makes a request of what was typed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import utils
from doors.telnet_codec import LINE_BYTES, Typed
from wire import messages
from wire.errors import Code, Refused
from wire.messages import MAX_PAGE, Body, Request

if TYPE_CHECKING:
    from chat.actions import Action
    from chat.session import Session

LATEST = 10  # messages that `history` shows


class Command(NamedTuple):
    """What one types, what it does, and the request that comes of what follows the word."""

    usage: str
    does: str
    request: Callable[[str], Request]


def _history(typed: str) -> Request:
    count = typed.strip() or str(LATEST)
    if not (count.isascii() and count.isdigit() and len(count) <= len(str(MAX_PAGE))):
        count = "0"
    if not 1 <= int(count) <= MAX_PAGE:
        raise Refused(Code.INVALID_REQUEST, f'Use "history [N]" with an N from 1 to {MAX_PAGE}.')
    return {"action": "history", "limit": int(count)}


def _log_in_again(_typed: str) -> Request:
    raise Refused(
        Code.INVALID_REQUEST, 'You are logged in already; use "nick <name>" for another name.'
    )


COMMANDS = {
    "login": Command("login NICK", "come in", _log_in_again),
    "say": Command(
        "say TEXT",
        "say something to the room",
        lambda typed: {"action": "chat_message", "message": typed},
    ),
    "look": Command("look", "who is in the room", lambda _typed: {"action": "user_list"}),
    "who": Command("who", "who is in any room", lambda _typed: {"action": "who"}),
    "join": Command(
        "join ROOM", "go to another room", lambda typed: {"action": "join_room", "room": typed}
    ),
    "nick": Command(
        "nick NAME", "take another nick", lambda typed: {"action": "set_nick", "nick": typed}
    ),
    "rooms": Command(
        "rooms", "which rooms have people in them", lambda _typed: {"action": "room_list"}
    ),
    "history": Command("history [N]", f"the last N messages, or {LATEST}", _history),
    "help": Command("help", "these lines", lambda _typed: {"action": "help"}),
    "logout": Command("logout", "leave", lambda _typed: {}),  # the door sees to it
}


def split(typed: Typed) -> tuple[str, str]:
    """Return the command's word, in lower case, and what follows it."""
    word, _, rest = typed.text.lstrip().removeprefix("/").partition(" ")
    return word.lower(), rest


def request(typed: Typed) -> Request:
    """Return the request that a line makes, or raise Refused."""
    if typed.cut:
        raise Refused(Code.INVALID_MESSAGE, f"A line has at most {LINE_BYTES} bytes.")
    word, rest = split(typed)
    if word not in COMMANDS:
        raise Refused(Code.UNKNOWN_ACTION, f"Unknown command: {word}")
    return COMMANDS[word].request(rest)


def _who(session: "Session", _request: Request, ref: Body) -> None:
    """Tell who is in any room."""
    rooms = utils.rooms_of(session.app).values()
    users = [nick for room in rooms for nick in room.people()]
    session.reply({"action": "who", "success": True, "users": users} | ref)


def _help(session: "Session", _request: Request, ref: Body) -> None:
    """Tell which commands there are."""
    width = max(len(command.usage) for command in COMMANDS.values())
    rows = (f"{command.usage:<{width}}  {command.does}" for command in COMMANDS.values())
    session.reply(messages.done("help", "\n".join(rows)) | ref)


OWN_ACTIONS: "dict[str, Action]" = {"who": _who, "help": _help}
"""Actions that only telnet people can ask for."""
