"""Who sings: two names share a performer if they have a word in common, in any script."""

import re
import unicodedata

_BETWEEN = re.compile(r"[.,\s]+")
_NO_NAMES = frozenset({"der", "die", "das", "alle", "und"})
_KEPT = ("L", "M", "N")  # letters, the marks that belong to them, and digits


def _words(performer: str) -> frozenset[str]:
    """Return the words of a name, without case and without what is neither letter nor digit."""
    folded = unicodedata.normalize("NFKC", performer).casefold()
    found = (
        "".join(letter for letter in word if unicodedata.category(letter).startswith(_KEPT))
        for word in _BETWEEN.split(folded)
    )
    return frozenset(found) - _NO_NAMES - {""}


def share_performer(one: str, other: str) -> bool:
    """Return whether two names have a performer in common."""
    return not _words(one).isdisjoint(_words(other))
