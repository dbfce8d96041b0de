"""What happens to rooms: people enter, leave, move, rename, and the room is told.

A name is taken or freed at once; what the others hear of it, and every answer, has its place
in the room's order, which the journal keeps. Nothing here waits.
"""

import logging
from collections.abc import Callable, Sequence
from typing import TypeAlias

from aiohttp import web

from journal.spine import Journal
from rooms.batch import Batch, Event
from rooms.peer import Peer
from rooms.room import Room, Rooms
from wire.errors import Code, Refused
from wire.messages import Draft, Joined, Left, NickChanged, Notice, Reason

Answer: TypeAlias = Callable[[Event, int], bytes]
"""Renders what an author is told, given the event and the room's last message at its place."""

JOURNAL: web.AppKey[Journal[Event]] = web.AppKey("journal", Journal)

_log = logging.getLogger(__name__)


def rooms_of(app: web.Application) -> Rooms:
    """Return the one map of who is where: room -> nick -> peer."""
    rooms: Rooms = app["websockets"]
    return rooms


def deliver(app: web.Application, room: str, before: int, events: Sequence[Event]) -> None:
    """Tell the people of a room what happened there, in order; the journal calls this."""
    here = rooms_of(app).get(room)
    if here is not None:
        here.send_message(Batch(here.name, before, events))
    for event in events:
        if event.error is not None:
            _log.error("A message in room %r was not stored: %s", room, event.error)
        if event.settled is not None:
            event.settled()


def broadcast(
    app: web.Application,
    room: str,
    notice: Notice | Draft | None,
    *,
    author: Peer | None = None,
    answer: Answer | None = None,
    settled: Callable[[], None] | None = None,
) -> None:
    """Tell a room; its author gets the answer in place of the notice.

    A `Draft` is stored and numbered first. Without a notice only the author is told something.
    `settled` is called once all this is delivered, or could not be.
    """
    app[JOURNAL].submit(Event(room, notice, author, answer, settled=settled))


def enter(
    app: web.Application,
    room: str,
    nick: str,
    peer: Peer,
    *,
    answer: Answer,
    settled: Callable[[], None] | None = None,
) -> None:
    """Let a peer into a room under a nick.

    Raises Refused if the nick is taken there.
    """
    rooms = rooms_of(app)
    here = rooms.get(room)
    if here is None:
        here = Room(app[JOURNAL].shown(room))
    if not here.join(nick, peer):
        raise Refused(Code.NICK_TAKEN, "Name already in use in this room.")
    rooms[here.name] = here
    app[JOURNAL].submit(Event(here.name, Joined(nick), peer, answer, enters=True, settled=settled))


def leave(app: web.Application, room: str, nick: str, reason: Reason) -> None:
    """Take whoever has this nick out of a room."""
    rooms = rooms_of(app)
    here = rooms[room]
    nick = here.shown(nick)
    here.leave(nick)
    if not here:
        del rooms[room]
    broadcast(app, here.name, Left(nick, reason))


def change_nick(
    app: web.Application,
    room: str,
    new_nick: str,
    old_nick: str,
    *,
    answer: Answer,
    settled: Callable[[], None] | None = None,
) -> None:
    """Give someone in a room another nick, at the same place among the people.

    Raises Refused if another has it. To the nick one has: works and tells nobody.
    """
    here = rooms_of(app)[room]
    peer = here[old_nick]
    if here.get(new_nick, peer) is not peer:
        raise Refused(Code.NICK_TAKEN, "Nickname is already in use")
    notice = None
    if new_nick != old_nick:
        here.rename(old_nick, new_nick)
        notice = NickChanged(old_nick, new_nick)
    broadcast(app, here.name, notice, author=peer, answer=answer, settled=settled)


def change_room(
    app: web.Application,
    new_room: str,
    old_room: str,
    nick: str,
    *,
    answer: Answer,
    settled: Callable[[], None] | None = None,
) -> str:
    """Move someone to another room and return its name as it is shown.

    Raises Refused if the nick is taken there. To the room one is in: works and tells nobody.
    """
    rooms = rooms_of(app)
    here = rooms[old_room]
    peer = here[nick]
    if rooms.get(new_room) is here:
        broadcast(app, here.name, None, author=peer, answer=answer, settled=settled)
        return here.name
    enter(app, new_room, nick, peer, answer=answer, settled=settled)
    leave(app, old_room, nick, Reason.MOVED)
    return rooms[new_room].name


def retrieve_users(app: web.Application, room: str) -> list[str]:
    """Return the nicks in a room in order of arrival; none if nobody is there."""
    return list(rooms_of(app).get(room, ()))


def retrieve_rooms(app: web.Application) -> list[tuple[str, int]]:
    """Return the rooms with people in them and how many, largest first."""
    rooms = [(room.name, len(room)) for room in rooms_of(app).values()]
    return sorted(rooms, key=lambda listed: -listed[1])
