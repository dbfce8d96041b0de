"""Registration keys: who has one may register a playback machine at a private server.

The key file holds a line a key: the sha256 of the key as 64 hexadecimal digits, then perhaps a
comment. It is read anew each time, so keys come and go while the server runs.
"""

import hashlib
import logging
import secrets
from pathlib import Path

from karaoke.tries import is_same

_DIGITS = 64

_log = logging.getLogger(__name__)


def new_key() -> str:
    """Return a key that nobody can guess."""
    return secrets.token_urlsafe(24)


def line_of(key: str, note: str = "") -> str:
    """Return the line of a key file that lets a key in."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{digest}  {note}".rstrip()


def is_registered(key: str, file: Path) -> bool:
    """Return whether a key file has a key; it has none if it cannot be read. Blocks."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        _log.error("The key file %s cannot be read: %s", file, error)
        return False
    digest = line_of(key)
    return any([is_same(line[:_DIGITS].lower(), digest) for line in lines])  # noqa: C419 - looks at all
