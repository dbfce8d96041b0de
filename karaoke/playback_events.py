"""The events that a playback machine sends: it registers, tells of its songs, and plays."""

import asyncio
from itertools import islice

from karaoke.entries import Body
from karaoke.events import House, here
from karaoke.keys import is_registered
from karaoke.payloads import (
    IDENT_LENGTH,
    MOST_CHANNELS,
    MOST_PATHS,
    NAME_LENGTH,
    BadRequest,
    Payload,
    changes_from,
)
from karaoke.room import KaraokeRoom, new_room
from karaoke.room_config import checked
from karaoke.sources import INDEXED, NAMES
from karaoke.stage import Visitor
from karaoke.tries import is_same
from wire import names
from wire.errors import Refused

CHUNK = 1000  # paths that are added to an index at a stretch
_MOST_SOURCES = 100


async def register_client(house: House, visitor: Visitor, body: object) -> None:
    """Let a playback machine make a room, or take over the one whose secret it knows."""
    payload = Payload(body)
    config = checked(payload.object("config"))
    asked = _room_name(config)
    if not await _has_key(house, visitor, config):
        _tell_registered(house, visitor, None, success=False)
        return
    hall, stage = house.hall, house.stage
    room = hall.get(asked) if asked else None
    if room is None:
        name = asked or hall.made_up_name(house.is_taken)
        room = new_room(name, config, payload, hall.shared, stage.clock())
        hall[name] = room
    elif not _knows_secret(house, visitor, room, config):
        _tell_registered(house, visitor, room.name, success=False)
        return
    room.config = config
    room.askers.clear()
    stage.enter(visitor, room)
    room.playback = visitor.sid
    stage.keep(room)
    _tell_registered(house, visitor, room.name, success=True)
    stage.tell([visitor.sid], "state", room.state())


def _room_name(config: Body) -> str:
    """Return the name that is asked for, or nothing; a karaoke room is a chat room too."""
    asked = config.get("room") or ""
    try:
        return names.room(asked) if asked else ""
    except Refused as refused:
        raise BadRequest(refused.text) from None


async def _has_key(house: House, visitor: Visitor, config: Body) -> bool:
    """Return whether a machine may register here at all."""
    if house.key_file is None:
        return True
    key = config.get("key") or ""
    right = key != "" and await asyncio.to_thread(is_registered, key, house.key_file)
    return house.tries.judge(visitor.address, right=right)


def _knows_secret(house: House, visitor: Visitor, room: KaraokeRoom, config: Body) -> bool:
    expected = room.config.get("secret") or ""
    right = is_same(config.get("secret") or "", expected) and expected != ""
    return house.tries.judge(visitor.address, right=right)


def _tell_registered(house: House, visitor: Visitor, room: str | None, *, success: bool) -> None:
    house.stage.tell([visitor.sid], "client-registered", {"success": success, "room": room})


async def sources(house: House, visitor: Visitor, body: object) -> None:
    """Take the sources that are named, and ask for the config of those that are new."""
    named = Payload(body).texts("sources", _MOST_SOURCES, NAME_LENGTH)
    for source in here(visitor).sources.name(named):
        house.stage.tell([visitor.sid], "request-config", {"source": source})


async def config(_house: House, visitor: Visitor, body: object) -> None:
    """Make a source anew."""
    payload = Payload(body)
    name, index, channels = _source(payload, needs_index=False)
    made = here(visitor).sources
    made.make(name, index[:CHUNK], channels)
    rest = iter(index[CHUNK:])
    while chunk := list(islice(rest, CHUNK)):
        await asyncio.sleep(0)
        made.extend(name, chunk, channels)


async def config_chunk(_house: House, visitor: Visitor, body: object) -> None:
    """Make a source, or add to its index."""
    payload = Payload(body)
    name, index, channels = _source(payload, needs_index=True)
    made = here(visitor).sources
    rest = iter(index)
    while chunk := list(islice(rest, CHUNK)):
        made.extend(name, chunk, channels)
        await asyncio.sleep(0)


def _source(payload: Payload, *, needs_index: bool) -> tuple[str, list[str], list[str]]:
    """Return a source's name, index and channels."""
    name = payload.text("source", NAME_LENGTH)
    if name not in NAMES:
        raise BadRequest(f'"source" must be one of: {", ".join(sorted(NAMES))}.')
    inner = Payload(payload.object("config"))
    index: list[str] = []
    channels: list[str] = []
    if name in INDEXED and (needs_index or "index" in inner):
        index = inner.texts("index", MOST_PATHS, IDENT_LENGTH)
    elif name not in INDEXED and "channels" in inner:
        channels = inner.texts("channels", MOST_CHANNELS, NAME_LENGTH)
    return name, index, channels


async def get_first(house: House, visitor: Visitor, _body: object) -> None:
    """Hand out the first song, once there is one."""
    house.stage.play_first(here(visitor), visitor.sid)


async def pop_then_get_next(house: House, visitor: Visitor, _body: object) -> None:
    """End the song that was played, and hand out the next, once there is one."""
    house.stage.play_next(here(visitor), visitor.sid)


async def meta_info(house: House, visitor: Visitor, body: object) -> None:
    """Write onto an entry what the machine found out about its song."""
    payload, room = Payload(body), here(visitor)
    uuid, changes = payload.uuid(), changes_from(payload.object("meta"))
    if room.songs.annotate(uuid, changes):
        house.stage.tell_state(room)
