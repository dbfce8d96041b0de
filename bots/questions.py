"""What counts as a question to a bot that knows arithmetic, and what it answers.

The rule, all of it:

- A question is a whole message of one line that is a calculation: numbers, joined by at least
  one of + - * / // % ** and what people type for them: ^, raised digits, the printed signs
  for times, divided and minus, and, alone between spaces, a dash, "x", "plus", "minus", "times",
  "divided by". A number alone is no question: 42, -5, (42). Nor is "100% sure".
- Around it may stand the bot's own nick, a phrase like "what is", and `=`, `?` or a full stop
  at the end. "1 + 1 = 2" is a statement and gets nothing.
- Whole numbers written together without spaces by `-` or by `/` are a date, a telephone number
  or a score, and no question, if they are three or more (2026-11-20, 1-800-555-0199, 4-4-2) or
  one of them starts with a needless zero (555-0199). So `5-3` and `7 - 2 - 1` are questions,
  and so is `7-2-1=`, since nobody writes `=` after a date.
- What starts with `@NAME:` is an answer, never a question: bots do not answer each other.
"""

import re

from bots.arithmetic import compute, split
from bots.exact import Unanswerable, show
from wire.messages import MESSAGE_LENGTH

_ANSWER = re.compile(r"@\S+:")
_PHRASE = re.compile(
    r"(?:please\s+)?(?:what(?:['\u2019]?s|\s+is|\s+are)|how\s+much\s+(?:is|are)|calculate|compute|and|so)"
    r"[\s:,]*",
    re.IGNORECASE,
)
_WRITTEN_TOGETHER = re.compile(r"[+-]?\(?[0-9]+\)?(?:[-/]\(?[0-9]+\)?)+")
_NEEDLESS_ZERO = re.compile(r"(?<![0-9])0[0-9]")
_DATE_PARTS = 3


def answer(text: str, nick: str) -> str | None:
    """Return the answer to a message, `None` if it asks nothing of the bot with this nick."""
    calculation = _calculation(text, nick)
    tokens = split(calculation) if calculation is not None else None
    if tokens is None:
        return None
    try:
        return show(compute(tokens))
    except Unanswerable as reason:
        return str(reason)


def _calculation(text: str, nick: str) -> str | None:
    """Return what of a message may be a calculation, by the rule above."""
    text = text.strip()
    if len(text) > MESSAGE_LENGTH or len(text.splitlines()) != 1 or _ANSWER.match(text):
        return None
    if address := re.match(rf"@?{re.escape(nick)}(?:[,:]|\s)\s*", text, re.IGNORECASE):
        text = text[address.end() :]
    if phrase := _PHRASE.match(text):
        text = text[phrase.end() :]
    calculation = text.rstrip("=?. \t")
    if "=" not in text[len(calculation) :] and _holds_date(calculation):
        return None
    return calculation


def _holds_date(calculation: str) -> bool:
    """Tell whether a date, telephone number or score stands in it."""
    for word in calculation.split():
        if _WRITTEN_TOGETHER.fullmatch(word):
            parts = len(re.findall("[0-9]+", word))
            if parts >= _DATE_PARTS or _NEEDLESS_ZERO.search(word):
                return True
    return False
