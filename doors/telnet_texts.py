"""What telnet people read: lines of plain text that end in CRLF.

A message begins with its author's nick and a colon, and no nick holds either white space or a
colon; where the text of others could begin a line it is indented. So nobody can write what reads
as said by another, or by the service.
"""

import re
from collections.abc import Callable

from wire.forms import Form
from wire.messages import Body, Joined, Left, NickChanged, Notice, Said
from wire.version2 import Gap

EARLIER = "[earlier] "
_INDENT = "    "

_BREAK = re.compile("\r\n|[\r\n\u2028\u2029]")
# Control characters, bidirectional controls (UAX 9), and halves of a pair, which are no text.
_ORDER = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def lines(*texts: str) -> bytes:
    """Return each text as one line, without anything that a terminal would obey."""
    return "".join(f"{_ORDER.sub('', text.replace(chr(9), ' '))}\r\n" for text in texts).encode()


def message(user: str, text: str, mark: str = "") -> bytes:
    """Return what somebody said; line breaks in it are followed by an indent."""
    first, *others = _BREAK.split(text)
    return lines(f"{mark}{user}: {first}", *(_INDENT + other for other in others))


def notice(_room: str, told: Notice) -> bytes:
    """Return what the others in a room read of something that happened there."""
    match told:
        case Said():
            return message(told.user, told.message)
        case Joined():
            return lines(f"{told.user} has entered the room.")
        case Left():
            return lines(f"{told.user} has left the room.")
        case NickChanged():
            return lines(f"{told.from_user} is now called {told.to_user}.")


def earlier(_room: str, told: Notice) -> bytes:
    """Return what was said before one entered."""
    return message(told.user, told.message, EARLIER) if isinstance(told, Said) else b""


def gap(_room: str, missing: Gap) -> bytes:
    """Return that messages were trimmed before they could be read."""
    count = missing.last - missing.first + 1
    return lines(f"({count} messages are missing here: they are not kept any more.)")


def reply(body: Body, nick: str, room: str) -> bytes:
    """Return what one reads in answer to a request; nick and room are those one has by then."""
    if body.get("success") is False:
        return lines(body["message"])
    return _REPLIES[body["action"]](body, nick, room)


def _place(_body: Body, nick: str, room: str) -> bytes:
    return lines(f"You are {nick} in the room {room}.")


def _rooms(body: Body, _nick: str, _room: str) -> bytes:
    rooms = (f"{_INDENT}{row['room']} ({row['users']})" for row in body["rooms"])
    return lines("There are people in these rooms:", *rooms)


def _history(body: Body, _nick: str, _room: str) -> bytes:
    page: list[Body] = body["messages"]
    if not page:
        return lines("Nothing has been said in this room yet.")
    return b"".join(message(said["user"], said["message"], EARLIER) for said in page)


_REPLIES: dict[str, Callable[[Body, str, str], bytes]] = {
    "connecting": lambda body, _nick, _room: _place(body, body["user"], body["room"]),
    "set_nick": _place,
    "join_room": _place,
    "chat_message": lambda body, nick, _room: message(nick, body["message"]),
    "user_list": lambda body, *_: lines("The following are in this room:", *body["users"]),
    "who": lambda body, *_: lines("The following are logged in:", *body["users"]),
    "room_list": _rooms,
    "history": _history,
    "help": lambda body, *_: lines(*body["message"].splitlines()),
}

TELNET = Form(notice=notice, gap=gap)
TELNET_EARLIER = Form(notice=earlier)
"""Of what was said before one entered the room: marked, and nothing is missing if it is trimmed."""
