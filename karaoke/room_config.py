"""A room's config: what the playback machine and admins set; unknown keys are kept as they are."""

from karaoke.entries import Body
from karaoke.payloads import (
    MOST_SECONDS,
    NAME_LENGTH,
    TEXT_LENGTH,
    BadRequest,
    Payload,
    is_number,
    refuse,
)
from karaoke.song_queue import Timing
from wire.frames import encode_json

DEFAULT: Body = {"preview_duration": 3, "waiting_room_policy": None, "last_song": None}
CONFIG_LENGTH = 64 * 1024  # characters of JSON

SECRET = frozenset({"secret", "key"})  # what others must not know
_POLICIES = frozenset({"forced", "optional"})
_NO_POLICIES = frozenset({"none", ""})


def checked(config: Body) -> Body:
    """Return a config, completed by the defaults; raise BadRequest for a wrong value."""
    config = DEFAULT | config
    payload = Payload(config)
    preview = config["preview_duration"]
    if not is_number(preview) or not 0 <= preview <= MOST_SECONDS:
        refuse("preview_duration", f"a number of seconds from 0 to {MOST_SECONDS}")
    policy = config["waiting_room_policy"]
    if policy is not None and not (
        isinstance(policy, str) and policy.lower() in _POLICIES | _NO_POLICIES
    ):
        refuse("waiting_room_policy", 'null, "forced" or "optional"')
    payload.moment("last_song")
    for key in ("secret", "key", "room", "server"):
        if config.get(key) is not None:
            payload.text(key, NAME_LENGTH if key == "room" else TEXT_LENGTH)
    if len(encode_json(config)) > CONFIG_LENGTH:
        raise BadRequest(f"A config has at most {CONFIG_LENGTH} characters.")
    return config


def public(config: Body) -> Body:
    """Return what everybody may know of a config."""
    return {key: value for key, value in config.items() if key not in SECRET}


def timing(config: Body) -> Timing:
    """Return when songs start."""
    return Timing(config["preview_duration"], config["last_song"])


def policy(config: Body) -> str | None:
    """Return whether somebody who is queued already has to wait, may wait, or neither."""
    found = (config["waiting_room_policy"] or "").lower()
    return found if found in _POLICIES else None
