"""Telnet as far as it concerns us (RFC 854): lines come out, and answers to negotiation.

Every option is refused, so the two sides never agree on anything but plain text in UTF-8, and no
answer needs an answer.
"""

import re
from enum import Enum, auto
from typing import NamedTuple

LINE_BYTES = 20 * 1024  # of a line, without its end; enough for any message

IAC = 255
DONT, DO, WONT, WILL = 254, 253, 252, 251
SB, SE = 250, 240  # a subnegotiation begins, and ends
AYT = 246  # "are you there?"

_REFUSALS = {WILL: DONT, DO: WONT}
_LINE_END = re.compile(rb"\r?\n|\r\0")  # RFC 1123, section 3.3.1: all three mean the Enter key
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


class Typed(NamedTuple):
    """A line as it was typed, without control characters; `cut` if it was too long to keep."""

    text: str
    cut: bool = False


class _State(Enum):
    TEXT = auto()
    COMMAND = auto()  # behind an IAC
    OPTION = auto()  # behind IAC and a verb
    PARAMETERS = auto()  # in a subnegotiation
    PARAMETERS_COMMAND = auto()  # behind an IAC in it


class Decoder:
    """Makes lines of whatever bytes come, in whatever pieces; keeps at most one line."""

    def __init__(self) -> None:
        self._state = _State.TEXT
        self._verb = 0
        self._line = bytearray()  # what has come of it; one byte too many if it is to be cut
        self._held = b""  # a carriage return, until it is known what follows
        self._lines: list[Typed] = []
        self._answers = bytearray()

    def feed(self, received: bytes) -> tuple[list[Typed], bytes]:
        """Return the lines that end in these bytes, and what the client is to be answered."""
        at = 0
        while at < len(received):
            if self._state in (_State.TEXT, _State.PARAMETERS):
                end = received.find(IAC, at)
                end = len(received) if end < 0 else end
                if self._state is _State.TEXT:
                    self._type(received[at:end])
                at = end
                if at < len(received):
                    text = self._state is _State.TEXT
                    self._state = _State.COMMAND if text else _State.PARAMETERS_COMMAND
            else:
                self._obey(received[at])
            at += 1
        lines, self._lines = self._lines, []
        answers, self._answers = bytes(self._answers), bytearray()
        return lines, answers

    def _obey(self, byte: int) -> None:
        """Take the byte behind an IAC, or behind a verb."""
        state, self._state = self._state, _State.TEXT
        if state is _State.OPTION:
            if self._verb in _REFUSALS:
                self._answers += bytes((IAC, _REFUSALS[self._verb], byte))
        elif byte == IAC:  # one byte of data, written twice
            if state is _State.PARAMETERS_COMMAND:
                self._state = _State.PARAMETERS
            else:
                self._type(b"\xff")
        elif byte in (WILL, WONT, DO, DONT):
            self._state, self._verb = _State.OPTION, byte
        elif byte == SB:
            self._state = _State.PARAMETERS
        elif byte == AYT:
            self._answers += b"[Yes]\r\n"

    def _type(self, text: bytes) -> None:
        *ended, rest = _LINE_END.split(self._held + text)
        for end in ended:
            self._keep(end)
            whole = bytes(self._line[:LINE_BYTES]).decode("utf-8", "replace")
            self._lines.append(Typed(_CONTROL.sub("", whole), cut=len(self._line) > LINE_BYTES))
            self._line.clear()
        self._held = b"\r" if rest.endswith(b"\r") else b""
        self._keep(rest.removesuffix(self._held))

    def _keep(self, text: bytes) -> None:
        self._line += text[: LINE_BYTES + 1 - len(self._line)]
