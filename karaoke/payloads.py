"""What comes in: payloads whose keys and types are looked at before anything is done."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, NoReturn, TypeGuard

from karaoke.entries import Body, Entry, Uid, new_uuid

PERFORMER_LENGTH = 50  # characters, all of them
QUERY_LENGTH = 200
IDENT_LENGTH = 1000
TEXT_LENGTH = 1000
NAME_LENGTH = 100
MOST_ENTRIES = 1000  # that are still to be sung, in one room
MOST_SECONDS = 24 * 60 * 60
MOST_CHANNELS = 100
MOST_PATHS = 200_000

_LATEST = 2**53  # seconds since 1970


class BadRequest(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """A payload lacks a key, or has a wrong value; the text says which."""


def refuse(key: str, rule: str) -> NoReturn:
    """Raise BadRequest with the rule that a key broke."""
    raise BadRequest(f'"{key}" must be {rule}.')


class Payload:
    """One payload, an object; each method returns the value of one key, or raises BadRequest."""

    def __init__(self, body: object, what: str = "The payload") -> None:
        if not isinstance(body, dict):
            raise BadRequest(f"{what} must be an object.")
        self.body: Body = body

    def __contains__(self, key: str) -> bool:
        return key in self.body

    def text(self, key: str, most: int) -> str:
        """Return a text."""
        value = self.body.get(key)
        if not isinstance(value, str) or len(value) > most:
            refuse(key, f"a text of at most {most} characters")
        return value

    def object(self, key: str) -> Body:
        """Return an object."""
        value = self.body.get(key)
        if not isinstance(value, dict):
            refuse(key, "an object")
        return value

    def texts(self, key: str, most: int, length: int) -> list[str]:
        """Return a list of texts."""
        value = self.body.get(key)
        if not isinstance(value, list) or len(value) > most:
            refuse(key, f"a list of at most {most} texts")
        if any(not isinstance(item, str) or len(item) > length for item in value):
            refuse(key, f"a list of texts of at most {length} characters")
        return value

    def seconds(self, key: str) -> int:
        """Return a length of time, in whole seconds."""
        value = self.body.get(key)
        if not is_number(value) or not 0 <= value <= MOST_SECONDS:
            refuse(key, f"a number of seconds from 0 to {MOST_SECONDS}")
        return round(value)

    def moment(self, key: str) -> float | None:
        """Return a time in seconds since 1970, or None."""
        value = self.body.get(key)
        if value is not None and (not is_number(value) or abs(value) > _LATEST):
            refuse(key, "a time in seconds since 1970, or null")
        return value

    def flag(self, key: str) -> bool:
        """Return true or false; false if it is not there."""
        value = self.body.get(key, False)
        if not isinstance(value, bool):
            refuse(key, "true or false")
        return value

    def uid(self) -> Uid:
        """Return who somebody says to be: a text, a number, or None."""
        value = self.body.get("uid")
        if value is None or is_number(value):
            return value
        return self.text("uid", NAME_LENGTH)

    def performer(self) -> str:
        """Return the name under which somebody sings."""
        return self.text("performer", PERFORMER_LENGTH)

    def uuid(self) -> str:
        """Return which entry is meant."""
        return self.text("uuid", NAME_LENGTH)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a JSON value is a number that can be told on."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def entry_from(body: object) -> Entry:
    """Return an entry as somebody kept it; what has a default may be missing."""
    payload = Payload(body, "An entry")
    return Entry(
        payload.text("ident", IDENT_LENGTH),
        payload.text("source", NAME_LENGTH),
        payload.seconds("duration"),
        payload.text("title", TEXT_LENGTH),
        payload.text("artist", TEXT_LENGTH),
        payload.text("album", TEXT_LENGTH),
        payload.performer(),
        failed=payload.flag("failed"),
        skip=payload.flag("skip"),
        uuid=payload.uuid() if payload.body.get("uuid") else new_uuid(),
        uid=payload.uid(),
        started_at=payload.moment("started_at"),
    )


def entries_from(payload: Payload, key: str) -> list[Entry]:
    """Return a list of entries as somebody kept it."""
    found = payload.body.get(key)
    if not isinstance(found, list) or len(found) > MOST_ENTRIES:
        refuse(key, f"a list of at most {MOST_ENTRIES} entries")
    return [entry_from(body) for body in found]


def changes_from(meta: Mapping[str, Any]) -> dict[str, object]:
    """Return the fields of an entry that the playback machine found out; others are left out."""
    payload = Payload({key: value for key, value in meta.items() if value is not None})
    changes: dict[str, object] = {}
    if "duration" in payload:
        changes["duration"] = payload.seconds("duration")
    for key in ("title", "artist", "album"):
        if key in payload:
            changes[key] = payload.text(key, TEXT_LENGTH)
    for key in ("failed", "skip"):
        if key in payload:
            changes[key] = payload.flag(key)
    return changes
