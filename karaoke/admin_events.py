"""The events that an admin sends: skip, move, let in, configure."""

from karaoke.entries import Body
from karaoke.events import House, here
from karaoke.payloads import BadRequest, Payload
from karaoke.room_config import CONFIG_LENGTH, checked, public
from karaoke.stage import Visitor
from wire.errors import Refused
from wire.frames import decode_json


async def waiting_room_to_queue(house: House, visitor: Visitor, body: object) -> None:
    """Queue an entry of the waiting room."""
    house.stage.let_in(here(visitor), Payload(body).uuid(), visitor.sid)


async def skip_current(house: House, visitor: Visitor, _body: object) -> None:
    """End the song that is being sung."""
    house.stage.skip_current(here(visitor))


async def skip(house: House, visitor: Visitor, body: object) -> None:
    """Delete an entry."""
    house.stage.skip(here(visitor), Payload(body).uuid())


async def move_up(house: House, visitor: Visitor, body: object) -> None:
    """Let an entry be sung one place earlier."""
    room = here(visitor)
    room.songs.move_up(Payload(body).uuid())
    house.stage.tell_state(room)


async def show_config(house: House, visitor: Visitor, _body: object) -> None:
    """Tell the asker the whole config, the secret too."""
    house.stage.tell([visitor.sid], "config", here(visitor).config)


async def update_config(house: House, visitor: Visitor, body: object) -> None:
    """Replace the config; without a secret the old one stays."""
    text = Payload(body).text("config", CONFIG_LENGTH)
    try:
        given = decode_json(text)
    except Refused:
        house.stage.err(visitor.sid, "JSON_MALFORMED")
        return
    if not isinstance(given, dict):
        raise BadRequest('"config" must be the text of a JSON object.')
    room = here(visitor)
    new: Body = dict(given)
    if new.get("secret") is None and "secret" in room.config:
        new["secret"] = room.config["secret"]
    room.config = checked(new)
    house.stage.tell_playback(room, "update_config", room.config)
    house.stage.tell(room.members, "update_config", public(given))
    house.stage.tell_state(room)
