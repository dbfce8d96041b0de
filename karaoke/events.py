"""The events that guests send, and what an event needs before it is carried out.

The events of playback machines and of admins have a file each; the table of all is in service.py.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from karaoke.entries import Entry
from karaoke.hall import Hall
from karaoke.payloads import IDENT_LENGTH, NAME_LENGTH, QUERY_LENGTH, BadRequest, Payload
from karaoke.room import KaraokeRoom
from karaoke.room_config import policy
from karaoke.stage import Stage, Visitor
from karaoke.tries import Tries, is_same


@dataclass(frozen=True, slots=True)
class House:
    """What events work with; `is_taken` says of a name whether a chat room has it."""

    stage: Stage
    hall: Hall
    tries: Tries
    key_file: Path | None
    is_taken: Callable[[str], bool]


class Who(Enum):
    """Who may send an event."""

    ANYONE = auto()
    MEMBER = auto()  # of a room
    PLAYBACK = auto()  # the room's one playback machine; others are not heard
    ADMIN = auto()


Perform = Callable[[House, Visitor, object], Awaitable[bool | None]]
"""Carries out an event, given its payload; returns what is acknowledged."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the table; what `answers` is refused with false."""

    perform: Perform
    who: Who
    answers: bool = False


def here(visitor: Visitor) -> KaraokeRoom:
    """Return the room of somebody who is in one."""
    assert visitor.room is not None  # noqa: S101 - `who` has been looked at
    return visitor.room


async def register_web(house: House, visitor: Visitor, body: object) -> bool:
    """Let a browser into a room that there is."""
    room = house.hall.get(Payload(body).text("room", NAME_LENGTH))
    if room is None:
        return False
    house.stage.enter(visitor, room)
    house.stage.tell([visitor.sid], "state", room.state())
    return True


async def register_admin(house: House, visitor: Visitor, body: object) -> bool:
    """Make somebody who knows the secret an admin; a wrong one undoes it."""
    secret = Payload(body).text("secret", IDENT_LENGTH)
    expected = here(visitor).config.get("secret") or ""
    right = is_same(secret, expected) and expected != ""
    visitor.is_admin = house.tries.judge(visitor.address, right=right)
    return visitor.is_admin


async def get_state(house: House, visitor: Visitor, _body: object) -> None:
    """Tell the asker how things are."""
    house.stage.tell([visitor.sid], "state", here(visitor).state())


async def search(house: House, visitor: Visitor, body: object) -> None:
    """Tell the asker which songs there are."""
    query = Payload(body).text("query", QUERY_LENGTH)
    found = await here(visitor).sources.search(query)
    house.stage.tell([visitor.sid], "search-results", {"results": [song.body() for song in found]})


async def append(house: House, visitor: Visitor, body: object) -> None:
    """Queue a song, or ask who is queued already whether to wait."""
    payload, room = Payload(body), here(visitor)
    wish = _wish(payload)
    if _asks_to_wait(house, visitor, room, wish):
        return
    entry = await _found(house, visitor, room, wish)
    # Meanwhile somebody else may have queued a song of the same performer.
    if entry is None or _asks_to_wait(house, visitor, room, wish):
        return
    house.stage.append(room, replace(entry, uid=payload.uid()), visitor.sid)


async def append_anyway(house: House, visitor: Visitor, body: object) -> None:
    """Queue a song of somebody who is queued already, where nobody is forced to wait."""
    payload, room = Payload(body), here(visitor)
    wish = _wish(payload)
    if policy(room.config) == "forced":
        house.stage.err(visitor.sid, "WAITING_ROOM_FORCED")
        return
    entry = await _found(house, visitor, room, wish)
    if entry is not None:
        house.stage.append(room, replace(entry, uid=payload.uid()), visitor.sid)


async def waiting_room_append(house: House, visitor: Visitor, body: object) -> None:
    """Put a song into the waiting room, or queue it if its performer is not queued."""
    payload, room = Payload(body), here(visitor)
    wish = _wish(payload)
    entry = await _found(house, visitor, room, wish)
    if entry is None:
        return
    uid = payload.uid()
    if "uid" not in payload:
        is_free = True
    elif uid is not None:
        is_free = not room.songs.queued_by(uid)
    else:
        is_free = room.songs.queued_with(wish.performer) is None
    if is_free:
        house.stage.append(room, entry, visitor.sid)
    else:
        house.stage.wait(room, replace(entry, uid=uid))


@dataclass(frozen=True, slots=True)
class _Wish:
    """Who wants to sing what."""

    performer: str
    source: str
    ident: str


def _wish(payload: Payload) -> _Wish:
    payload.uid()  # it is to be valid, whatever comes of it
    return _Wish(
        payload.performer(),
        payload.text("source", NAME_LENGTH),
        payload.text("ident", IDENT_LENGTH),
    )


def _asks_to_wait(house: House, visitor: Visitor, room: KaraokeRoom, wish: _Wish) -> bool:
    """Ask whether to wait, where there is a waiting room and the performer is queued."""
    old = room.songs.queued_with(wish.performer) if policy(room.config) else None
    if old is None:
        return False
    asked = {
        "current_entry": {
            "source": wish.source,
            "performer": wish.performer,
            "ident": wish.ident,
        },
        "old_entry": {"artist": old.artist, "title": old.title, "performer": old.performer},
    }
    house.stage.tell([visitor.sid], "ask_for_waitingroom", asked)
    return True


async def _found(house: House, visitor: Visitor, room: KaraokeRoom, wish: _Wish) -> Entry | None:
    """Return a new entry; if there is no such song, tell the asker and return None."""
    source = room.sources.get(wish.source)
    if source is None:
        raise BadRequest(f"This room has no source {wish.source!r}.")
    entry = await source.entry(wish.ident, wish.performer)
    if entry is None:
        house.stage.tell([visitor.sid], "msg", {"msg": f"There is no song {wish.ident}."})
    # A room may have been dropped while one looked for the song.
    return entry if house.hall.get(room.name) is room else None
