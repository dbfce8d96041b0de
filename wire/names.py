"""Which nicks and rooms are valid, and which are the same: PRECIS Nickname (RFC 8266).

A name is shown as it was given, without its outer spaces; two names are the same if their
`fold` is. Case and width do not distinguish.
"""

import re
from functools import lru_cache

from precis_i18n import get_profile

from wire.errors import Code, Refused

NICK_LENGTH = 32
ROOM_LENGTH = 64
RESERVED_NICK = "Karaoke"

_PROFILE = get_profile("NicknameCaseMapped:ToLower")
_SPACES = " \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"  # Unicode category Zs
_OUTER_SPACES = re.compile(f"^[{_SPACES}]+|[{_SPACES}]+$")
# PRECIS refuses controls, bidirectional overrides and what Unicode calls ignorable. These it
# allows (the joiners in some contexts, the others always), and one sees none of them.
_INVISIBLE = re.compile("[\u200b-\u200d\u2800\U00016fe4\U0001d159]")


@lru_cache(maxsize=16384)
def fold(name: str) -> str:
    """Return the key by which names are compared (RFC 8266, section 2.4).

    Raises ValueError for what is no valid name in any room.
    """
    if _INVISIBLE.search(name):
        raise ValueError("an invisible character")
    folded: str = _PROFILE.enforce(name)
    return folded


def nick(text: object) -> str:
    """Return a valid nick as it is shown, or raise Refused with the rule."""
    shown = _shown(text)
    if (
        shown is None
        or len(shown) > NICK_LENGTH
        or ":" in fold(shown)
        or any(character.isspace() for character in shown)
    ):
        raise Refused(
            Code.INVALID_NICK,
            f"A nick has 1 to {NICK_LENGTH} visible characters, no white space and no colon.",
        )
    if fold(shown) == fold(RESERVED_NICK):
        raise Refused(Code.INVALID_NICK, f"The nick {RESERVED_NICK} is reserved.")
    return shown


def room(text: object) -> str:
    """Return a valid room name as it is shown, or raise Refused with the rule."""
    shown = _shown(text)
    if shown is None or len(shown) > ROOM_LENGTH:
        raise Refused(
            Code.INVALID_ROOM, f"A room's name has 1 to {ROOM_LENGTH} visible characters."
        )
    return shown


def _shown(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    shown = _OUTER_SPACES.sub("", text)
    if not shown or len(shown) > max(NICK_LENGTH, ROOM_LENGTH):
        return None
    try:
        fold(shown)
    except ValueError:
        return None
    return shown
