"""What happens to rooms: people enter, leave, move, rename, and the room is told.

A name is taken or freed at once; what the others hear of it, and every answer, has its place
in the room's order, which the journal keeps. Nothing here waits.

In all that follows, `answer` renders what the one who caused it is told in place of the
notice, `settled` is called once all this is delivered or could not be, and `seat` is stored
with it.
"""

import logging
from collections.abc import Callable, Sequence
from typing import TypedDict, Unpack

from aiohttp import web

from journal.promise import NoSeat, Seat, Told
from journal.spine import Journal
from rooms.batch import Answer, Batch, Event, Single
from rooms.peer import Peer
from rooms.room import Room, Rooms, Write, write_out
from wire.errors import Code, Refused
from wire.messages import Draft, Joined, Left, NickChanged, Notice, Reason


class Happening(Event, eq=False):
    """An event on its way through the journal, with the seat that is stored with it."""

    seat: Seat | NoSeat | None = None


class Along(TypedDict, total=False):
    """What goes along with whatever happens."""

    answer: Answer | None
    settled: Callable[[], None] | None
    seat: Seat | NoSeat | None


JOURNAL: web.AppKey[Journal[Happening]] = web.AppKey("journal", Journal)

_log = logging.getLogger(__name__)


def rooms_of(app: web.Application) -> Rooms:
    """Return the one map of who is where: room -> nick -> peer."""
    rooms: Rooms = app["websockets"]
    return rooms


def deliver(rooms: Rooms, told: Sequence[Told[Happening]]) -> None:
    """Tell the people of some rooms what happened in each, in order; the journal calls this."""
    writes: list[Write] = []
    for room, before, events in told:
        here = rooms.get(room)
        try:
            if here is not None:
                batch = Single if len(events) == 1 else Batch
                here.prepare(batch(here.name, before, events), writes)
        except Exception:  # noqa: BLE001 - one room's fault is no other's
            _log.exception("What happened in room %r could not be delivered", room)
    write_out(writes)
    for room, _before, events in told:  # whatever happened, nobody waits for ever
        for event in events:
            if event.error is not None:
                _log.error("A message in room %r was not stored: %s", room, event.error)
            try:
                if event.settled is not None:
                    event.settled()
            except Exception:  # noqa: BLE001 - one's fault is no other's
                _log.exception("What happened in room %r could not be delivered", room)


def broadcast(
    app: web.Application,
    room: str,
    notice: Notice | Draft | None,
    *,
    author: Peer | None = None,
    users: Sequence[str] = (),
    enters: Callable[[int], int] | None = None,
    answer: Answer | None = None,
    settled: Callable[[], None] | None = None,
    seat: Seat | NoSeat | None = None,
) -> None:
    """Tell a room.

    A `Draft` is stored and numbered first. Without a notice only the author is told something.
    `users` and `enters` are those of `Event`.
    """
    happening = Happening(
        room,
        notice,
        author=author,
        answer=answer,
        enters=enters,
        users=users,
        settled=settled,
        seat=seat,
    )
    app[JOURNAL].submit(happening)


def enter(
    app: web.Application,
    room: str,
    nick: str,
    peer: Peer,
    *,
    enters: Callable[[int], int] | None = None,
    announced: bool = True,
    **along: Unpack[Along],
) -> str:
    """Let a peer into a room under a nick, and return the room's name as it is shown.

    Raises Refused if the nick is taken there. The others are told, unless it is not `announced`.
    """
    rooms = rooms_of(app)
    here = rooms.get(room)
    if here is None:
        here = Room(app[JOURNAL].shown(room))
    if not here.join(nick, peer, announced=announced):
        raise Refused(Code.NICK_TAKEN, "Name already in use in this room.")
    rooms[here.name] = here
    peer.depart()
    notice = Joined(nick) if announced else None
    users = retrieve_users(app, here.name) + ([] if announced else [nick])
    enters = enters or _at_the_end
    broadcast(app, here.name, notice, author=peer, users=users, enters=enters, **along)
    return here.name


def _at_the_end(last: int) -> int:
    return last


def seat_again(app: web.Application, room: str, nick: str, peer: Peer) -> None:
    """Put a peer where somebody sat before the service was started; there is nobody to tell."""
    name = app[JOURNAL].shown(room)
    rooms_of(app).setdefault(name, Room(name)).join(nick, peer)


def announce(app: web.Application, room: str, nick: str, seat: Seat | None = None) -> None:
    """Tell the others of someone who has entered unannounced."""
    here = rooms_of(app)[room]
    here.announce(nick)
    broadcast(app, here.name, Joined(nick), author=here[nick], seat=seat)


def leave(
    app: web.Application,
    room: str,
    nick: str,
    reason: Reason,
    seat: Seat | NoSeat | None = None,
) -> None:
    """Take whoever has this nick out of a room; the others hear of it if they knew the nick."""
    rooms = rooms_of(app)
    here = rooms[room]
    nick = here.shown(nick)
    known = here.leave(nick)
    if not here:
        del rooms[room]
    broadcast(app, here.name, Left(nick, reason) if known else None, seat=seat)


def replace_peer(app: web.Application, room: str, nick: str, peer: Peer) -> None:
    """Put a peer in someone's place; nobody is told."""
    rooms_of(app)[room][nick] = peer


def take_back(
    app: web.Application,
    room: str,
    nick: str,
    peer: Peer,
    enters: Callable[[int], int],
    **along: Unpack[Along],
) -> None:
    """Let a peer take the place that was someone's; the others are told nothing."""
    replace_peer(app, room, nick, peer)
    peer.depart()
    here = rooms_of(app)[room]
    broadcast(app, here.name, None, author=peer, users=here.people(), enters=enters, **along)


def change_nick(
    app: web.Application, room: str, new_nick: str, old_nick: str, **along: Unpack[Along]
) -> None:
    """Give someone in a room another nick, at the same place among the people.

    Raises Refused if another has it. To the nick one has: works and tells nobody.
    """
    here = rooms_of(app)[room]
    old_nick = here.shown(old_nick)
    peer = here[old_nick]
    if here.get(new_nick, peer) is not peer:
        raise Refused(Code.NICK_TAKEN, "Nickname is already in use")
    notice = None
    if new_nick != old_nick:
        here.rename(old_nick, new_nick)
        notice = NickChanged(old_nick, new_nick)
    broadcast(app, here.name, notice, author=peer, **along)


def change_room(
    app: web.Application,
    new_room: str,
    old_room: str,
    nick: str,
    *,
    enters: Callable[[int], int] | None = None,
    **along: Unpack[Along],
) -> str:
    """Move someone to another room and return its name as it is shown.

    Raises Refused if the nick is taken there. To the room one is in: works and tells nobody;
    with `enters` one enters it anew.
    """
    rooms = rooms_of(app)
    here = rooms[old_room]
    peer = here[nick]
    if rooms.get(new_room) is here:
        if enters is None:
            broadcast(app, here.name, None, author=peer, users=here.people(), **along)
        else:
            take_back(app, here.name, nick, peer, enters, **along)
        return here.name
    room = enter(app, new_room, nick, peer, enters=enters, **along)
    leave(app, old_room, nick, Reason.MOVED)
    return room


def peer_at(app: web.Application, room: str, nick: str) -> Peer | None:
    """Return who has a nick in a room."""
    here = rooms_of(app).get(room)
    return None if here is None else here.get(nick)


def retrieve_users(app: web.Application, room: str) -> list[str]:
    """Return the nicks in a room in order of arrival; none if nobody is there."""
    here = rooms_of(app).get(room)
    return [] if here is None else here.people()


def retrieve_rooms(app: web.Application) -> list[tuple[str, int]]:
    """Return the rooms with people in them and how many, largest first."""
    counts = [(room.name, len(room.people())) for room in rooms_of(app).values()]
    return sorted(((room, count) for room, count in counts if count), key=lambda room: -room[1])
