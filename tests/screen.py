"""A terminal's screen: what a person sees of the bytes that a program wrote (ECMA-48, in part)."""

import codecs
import re

_SEQUENCE = re.compile(r"\x1b(?:\[([?<=>]?)([0-9;]*)([A-Za-z])|\][^\x07]*\x07|[=>78M]|[()].)")
_UNFINISHED = re.compile(r"\x1b(?:\[[?<=>0-9;]*|\][^\x07]*|[()])?$")


class Screen:
    """Rows without end, so that nothing scrolls away; `columns` wide."""

    def __init__(self, columns: int = 80) -> None:
        self.columns = columns
        self.raw = ""
        self._rows: list[list[str]] = [[]]
        self._row = self._column = 0
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, written: bytes) -> None:
        """Draw what a program wrote."""
        text = self._decoder.decode(written)
        self.raw += text
        text = self._rest + text
        self._rest = ""
        place = 0
        while place < len(text):
            if text[place] != "\x1b":
                self._draw(text[place])
                place += 1
            elif found := _SEQUENCE.match(text, place):
                self._obey(*found.groups())
                place = found.end()
            elif _UNFINISHED.match(text, place):
                self._rest = text[place:]
                return
            else:
                raise AssertionError(f"an order this screen does not know: {text[place:][:9]!r}")

    def lines(self) -> list[str]:
        """Return the rows that hold something."""
        rows = ["".join(row).rstrip() for row in self._rows]
        return [row for row in rows if row]

    def current(self) -> str:
        """Return the row of the cursor, up to the cursor."""
        return "".join(self._rows[self._row]).ljust(self._column)[: self._column]

    def _draw(self, character: str) -> None:
        match character:
            case "\r":
                self._column = 0
            case "\n":
                self._move(self._row + 1)
            case "\b":
                self._column = max(0, self._column - 1)
            case "\x07":
                pass
            case _:
                if self._column >= self.columns:
                    self._column = 0
                    self._move(self._row + 1)
                row = self._rows[self._row]
                row += [" "] * (self._column + 1 - len(row))
                row[self._column] = character
                self._column += 1

    def _move(self, row: int) -> None:
        self._row = max(0, row)
        self._rows += [[] for _ in range(self._row + 1 - len(self._rows))]

    def _obey(self, private: str | None, numbers: str | None, order: str | None) -> None:
        if order is None or private:
            return  # modes and titles: nothing that is seen
        number = int((numbers or "").split(";")[0] or 0)
        match order:
            case "A":
                self._move(self._row - (number or 1))
            case "B":
                self._move(self._row + (number or 1))
            case "C":
                self._column += number or 1
            case "D":
                self._column = max(0, self._column - (number or 1))
            case "G":
                self._column = max(0, number - 1)
            case "K" if number == 0:
                del self._rows[self._row][self._column :]
            case "J" if number == 0:
                del self._rows[self._row][self._column :]
                del self._rows[self._row + 1 :]
            case "m":
                pass
            case _:
                raise AssertionError(f"an order this screen does not know: {numbers}{order}")
