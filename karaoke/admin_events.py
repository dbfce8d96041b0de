"""The events that an admin sends: skip, move, let in, configure."""

from karaoke.events import House, here
from karaoke.payloads import BadRequest, Payload
from karaoke.room_config import CONFIG_LENGTH, SECRET, checked, public
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
    """Replace the config; a secret or key that is not in it stays as it was."""
    text = Payload(body).text("config", CONFIG_LENGTH)
    try:
        given = decode_json(text)
    except Refused:
        house.stage.err(visitor.sid, "JSON_MALFORMED")
        return
    if not isinstance(given, dict):
        raise BadRequest('"config" must be the text of a JSON object.')
    room, stage = here(visitor), house.stage
    whole = given | {
        key: room.config[key]
        for key in SECRET
        if given.get(key) is None and room.config.get(key) is not None
    }
    room.config = checked(whole)
    stage.tell_playback(room, "update_config", room.config)
    stage.tell(room.members - {room.playback}, "update_config", public(given))
    # It registers with what it is told last, so that it must not lose its secret.
    stage.tell_playback(room, "update_config", whole)
    stage.tell_state(room)
