"""Text of others as it may reach a terminal: it can neither move the cursor nor colour anything.

Terminals take orders from the control characters C0, DEL and C1 (ECMA-48), and from the
bidirectional controls (UAX 9), which make a line read as something it is not.
"""

import re

_BREAK = re.compile("\r\n|[\r\n\u2028\u2029]")
_ORDER = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_TAB = "    "
_CONTROL_PICTURES = 0x2400  # the block of Unicode that shows C0: U+241B stands for U+001B
_DELETE = 0x7F


def visible(text: str) -> str:
    """Return text in one line, with a picture in the place of whatever is an order."""
    return _ORDER.sub(_picture, text)


def visible_lines(text: str) -> list[str]:
    """Return the lines of a text, at least one, each of them visible."""
    return [visible(line.replace("\t", _TAB)) for line in _BREAK.split(text)]


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < ord(" "):
        return chr(_CONTROL_PICTURES + code)
    return "\N{SYMBOL FOR DELETE}" if code == _DELETE else f"<U+{code:04X}>"
