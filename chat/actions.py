"""The table of actions: what a person can ask for, a function each.

An action raises Refused, or sees to exactly one reply; `ref` is to be part of it.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

from msgspec import UNSET

import utils
from chat.entrance import Entrance
from chat.seats import SEATS, seat_key
from wire import messages, names, version2
from wire.errors import Code, Refused
from wire.messages import Body, Request

if TYPE_CHECKING:
    from chat.session import Session

Action: TypeAlias = "Callable[[Session, Request, Body], Awaitable[None] | None]"
"""Carries out a request of a session, or raises Refused; returns what has to be waited for."""


def set_nick(session: "Session", request: Request, ref: Body) -> None:
    """Take another nick in the room one is in."""
    person = session.person
    nick = names.nick(request.get("nick"))
    body = messages.done("set_nick") | ref
    with session.under_way() as settled:
        utils.change_nick(
            session.app,
            person.room,
            nick,
            person.nick,
            answer=lambda _event, _last_id: person.line.render(body),
            settled=settled,
            seat=person.seat(nick=nick),
        )
    person.nick = nick


def join_room(session: "Session", request: Request, ref: Body) -> None:
    """Move to another room."""
    person = session.person
    room = names.room(request.get("room"))
    body = messages.done("join_room") | ref
    stays = names.fold(room) == names.fold(person.room)
    if stays:
        person.announce()
    since = version2.since(request) if person.version > 1 else None
    entrance = Entrance(session.app[utils.JOURNAL], room, since, body, person.line.render)
    seat = person.seat(room=room, arrived=not stays)
    with session.under_way() as settled:
        person.room = utils.change_room(
            session.app,
            room,
            person.room,
            person.nick,
            enters=None if since is None else entrance.enters,
            answer=entrance.answer
            if person.version > 1
            else lambda _event, _last_id: person.line.render(body),
            settled=settled,
            seat=seat,
        )
    person.sits(seat)
    person.announced = True


async def resume(session: "Session", request: Request, ref: Body) -> None:
    """Take back the seat of an earlier connection, and what was missed."""
    if not session.fresh:
        raise Refused(
            Code.INVALID_REQUEST, "Resuming is only possible as the first request of a connection."
        )
    token, since = version2.token(request), version2.since(request)
    room = None if request.get("room") is None else names.room(request["room"])
    key = seat_key(token)
    try:
        seat = await session.app[SEATS].find(key)
    except OSError as error:
        raise Refused(
            Code.NO_HISTORY, "The session cannot be looked up; try again later."
        ) from error
    if session.person.gone:
        return
    if seat is None or key == session.person.key:
        raise Refused(Code.UNKNOWN_SESSION, "There is no such session any more; join anew.")
    body = messages.done("resume") | ref
    with session.under_way() as settled:
        session.person.resume(seat, room or seat.room, since, body, settled)


def chat_message(session: "Session", request: Request, ref: Body) -> None:
    """Say something to the room one is in."""
    text = messages.message_text(request)
    key = version2.key(request) if session.person.version > 1 else None
    session.say(text, ref.get("ref", UNSET), key)


def user_list(session: "Session", request: Request, ref: Body) -> None:
    """Tell who is in a room."""
    room = _room(session, request)
    session.reply(messages.user_list(room, utils.retrieve_users(session.app, room)) | ref)


def room_list(session: "Session", _request: Request, ref: Body) -> None:
    """Tell which rooms have people in them."""
    session.reply(messages.room_list(utils.retrieve_rooms(session.app)) | ref)


async def history(session: "Session", request: Request, ref: Body) -> None:
    """Tell what was said in a room, a page at a time."""
    room = _room(session, request)
    before = messages.integer(request, "before", 0, messages.MAX_INTEGER)
    after = messages.integer(request, "after", 0, messages.MAX_INTEGER)
    limit = messages.integer(request, "limit", 1, messages.MAX_PAGE) or messages.PAGE
    journal = session.app[utils.JOURNAL]
    try:
        page = await journal.page(room, after=after, before=before, limit=limit)
    except OSError as error:
        raise Refused(Code.NO_HISTORY, "The history cannot be read; try again later.") from error
    session.reply(messages.history(room, journal.epoch, page.messages, more=page.more) | ref)


def _room(session: "Session", request: Request) -> str:
    """Return the room a request names, as it is shown, or else the one they are in."""
    if request.get("room") is None:
        return session.person.room
    room = names.room(request["room"])
    here = utils.rooms_of(session.app).get(room)
    return session.app[utils.JOURNAL].shown(room) if here is None else here.name


ACTIONS: dict[str, Action] = {
    "set_nick": set_nick,
    "join_room": join_room,
    "chat_message": chat_message,
    "user_list": user_list,
    "room_list": room_list,
    "history": history,
}

ACTIONS_2: dict[str, Action] = ACTIONS | {"resume": resume}
"""The actions of version 2."""

TOGETHER = frozenset({"chat_message"})
"""Actions of which one person may have several under way at once."""

UNHEARD = frozenset({"join_room", "resume"})
"""Actions that take one away from where one connected, before the others know one was there."""
