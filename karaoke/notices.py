"""What chat hears of karaoke, in words."""

import re

from karaoke.entries import Entry
from wire.messages import MESSAGE_LENGTH

_UNSAYABLE = re.compile("[\x00-\x1f\x7f-\x9f]+")


def now_playing(entry: Entry, following: Entry | None) -> str:
    """Say what is played now, and who is up next."""
    text = f"Now: {_sung(entry)}."
    if following is not None:
        text += f" Up next: {_sung(following)}."
    return _sayable(text)


def skipped(entry: Entry) -> str:
    """Say what was skipped."""
    return _sayable(f"Skipped: {_sung(entry)}.")


def _sung(entry: Entry) -> str:
    by = "" if entry.artist in ("", "Unknown") else f" by {entry.artist}"
    return f'{entry.performer or "someone"} with "{entry.title}"{by}'


def _sayable(text: str) -> str:
    """Return a text without control characters, and no longer than a message may be."""
    return _UNSAYABLE.sub(" ", text)[:MESSAGE_LENGTH]
