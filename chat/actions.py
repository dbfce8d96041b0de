"""The table of actions: what a person can ask for, a function each.

An action raises Refused, or sees to exactly one reply; `ref` is to be part of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

import utils
from wire import messages, names
from wire.errors import Code, Refused
from wire.frames import json_frame
from wire.messages import Body, Draft, Request

if TYPE_CHECKING:
    from chat.session import Session
    from rooms.batch import Event


Action: TypeAlias = "Callable[[Session, Request, Body], Awaitable[None]]"
"""Carries out a request of a session, or raises Refused."""


async def set_nick(session: Session, request: Request, ref: Body) -> None:
    """Take another nick in the room one is in."""
    nick = names.nick(request.get("nick"))
    utils.change_nick(
        session.app,
        session.room,
        nick,
        session.nick,
        answer=_fixed(messages.done("set_nick") | ref),
        settled=session.under_way(0),
    )
    session.nick = nick


async def join_room(session: Session, request: Request, ref: Body) -> None:
    """Move to another room."""
    room = names.room(request.get("room"))
    session.room = utils.change_room(
        session.app,
        room,
        session.room,
        session.nick,
        answer=_fixed(messages.done("join_room") | ref),
        settled=session.under_way(0),
    )


async def chat_message(session: Session, request: Request, ref: Body) -> None:
    """Say something to the room one is in; the reply is sent once it is stored."""
    text = messages.message_text(request)

    def answer(event: Event, _last_id: int) -> bytes:
        if event.error is not None:
            refused = Refused(Code.NOT_STORED, "The message could not be stored; try again later.")
            return json_frame(messages.refusal("chat_message", refused) | ref)
        return json_frame(messages.done("chat_message", text) | ref)

    utils.broadcast(
        session.app,
        session.room,
        Draft(session.nick, text),
        author=session.line,
        answer=answer,
        settled=session.under_way(len(text)),
    )


async def user_list(session: Session, request: Request, ref: Body) -> None:
    """Tell who is in a room."""
    room = _room(session, request)
    session.reply(messages.user_list(room, utils.retrieve_users(session.app, room)) | ref)


async def room_list(session: Session, _request: Request, ref: Body) -> None:
    """Tell which rooms have people in them."""
    session.reply(messages.room_list(utils.retrieve_rooms(session.app)) | ref)


async def history(session: Session, request: Request, ref: Body) -> None:
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


def _room(session: Session, request: Request) -> str:
    """Return the room a request names, as it is shown, or else the one they are in."""
    if request.get("room") is None:
        return session.room
    room = names.room(request["room"])
    here = utils.rooms_of(session.app).get(room)
    return session.app[utils.JOURNAL].shown(room) if here is None else here.name


def _fixed(body: Body) -> utils.Answer:
    answer = json_frame(body)
    return lambda _event, _last_id: answer


ACTIONS: dict[str, Action] = {
    "set_nick": set_nick,
    "join_room": join_room,
    "chat_message": chat_message,
    "user_list": user_list,
    "room_list": room_list,
    "history": history,
}

TOGETHER = frozenset({"chat_message"})
"""Actions of which one person may have several under way at once."""
