"""Reads arithmetic as people type it and works it out; nothing is ever run as code.

Tokens are checked to be well formed first, so that talk is told from arithmetic before anything
is computed; then precedence climbing works them out, with Python's rules of precedence.
"""

import re
from collections.abc import Callable, Sequence

from bots.exact import (
    Number,
    add,
    divide,
    floor_divide,
    multiply,
    negate,
    parse_number,
    power,
    remainder,
    subtract,
    too_big,
)

MAX_TOKENS = 500  # some 20 ms of the dearest operations
MAX_DEPTH = 100  # parentheses, signs and powers inside one another

_ALSO_TYPED = str.maketrans(
    {
        "\N{MULTIPLICATION SIGN}": "*",
        "\N{MIDDLE DOT}": "*",
        "\N{DOT OPERATOR}": "*",
        "\N{DIVISION SIGN}": "/",
        "\N{DIVISION SLASH}": "/",
        "\N{MINUS SIGN}": "-",
        "^": "**",
    }
    | {chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}  # full-width ASCII
)
# Words, and signs that mean something else unless they stand alone: 1920x1080, pages 10 to 20.
_WORDS = {
    "x": "*",
    "\N{EN DASH}": "-",
    "plus": "+",
    "minus": "-",
    "times": "*",
    "divided by": "/",
}
_WORD = re.compile(rf"(?<=\s)(?:{'|'.join(_WORDS)})(?=\s)", re.IGNORECASE)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")

_PERCENTAGE = re.compile(r"(?<=[0-9)])%(?!\S)")  # "100% sure", where "7%3" and "7 % 3" divide
_TOKEN = re.compile(
    r"\s*(?P<token>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|\*\*|//|[-+*/%()])\s*"
)

_SIGN = 3
_POWER = 4
_OPERATORS: dict[str, tuple[int, Callable[[Number, Number], Number]]] = {
    "+": (1, add),
    "-": (1, subtract),
    "*": (2, multiply),
    "/": (2, divide),
    "//": (2, floor_divide),
    "%": (2, remainder),
    "**": (_POWER, power),
}


def split(text: str) -> list[str] | None:
    """Return the tokens of a well-formed calculation, `None` of what is none.

    A calculation joins two numbers at least; a number alone, signed or not, is none.
    """
    text = _SUPERSCRIPT.sub(lambda found: f"**{found[0].translate(_SUPERSCRIPTS)}", text)
    text = _WORD.sub(lambda found: _WORDS[found[0].lower()], text.translate(_ALSO_TYPED))
    if _PERCENTAGE.search(text):
        return None
    tokens = []
    end = 0
    while end < len(text):
        found = _TOKEN.match(text, end)
        if found is None:
            return None
        tokens.append(found["token"])
        end = found.end()
    return tokens if _is_calculation(tokens) else None


def _is_calculation(tokens: Sequence[str]) -> bool:
    """Tell whether operands and operators alternate, parentheses pair up, and two are joined."""
    depth = joined = 0
    wants_operand = True
    for token in tokens:
        match token:
            case "(" if wants_operand:
                depth += 1
            case "+" | "-" if wants_operand:
                pass  # a sign
            case ")" if not wants_operand and depth:
                depth -= 1
            case _ if token in _OPERATORS and not wants_operand:
                joined += 1
                wants_operand = True
            case _ if token[0] in ".0123456789" and wants_operand:
                wants_operand = False
            case _:
                return False
    return not wants_operand and depth == 0 and joined > 0


def compute(tokens: Sequence[str]) -> Number:
    """Return what the tokens of a well-formed calculation (see `split`) come to.

    Raises Unanswerable where there is no answer or it is too big.
    """
    if len(tokens) > MAX_TOKENS:
        raise too_big()
    return _Climber(tokens).climb(0)


class _Climber:
    """Precedence climbing over well-formed tokens; `depth` bounds the recursion."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0

    def climb(self, least: int) -> Number:
        """Work out an operand and the operators after it that bind at least this tightly."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise too_big()
        left = self._operand()
        while self.place < len(self.tokens) and self.tokens[self.place] in _OPERATORS:
            binding, operation = _OPERATORS[self.tokens[self.place]]
            if binding < least:
                break
            self.place += 1
            # 2**3**2 is 2**(3**2), all others are read from the left.
            left = operation(left, self.climb(binding if binding == _POWER else binding + 1))
        self.depth -= 1
        return left

    def _operand(self) -> Number:
        token = self.tokens[self.place]
        self.place += 1
        match token:
            case "(":
                inner = self.climb(0)
                self.place += 1  # past the closing parenthesis
                return inner
            case "-":
                return negate(self.climb(_SIGN))
            case "+":
                return self.climb(_SIGN)
            case _:
                return parse_number(token)
