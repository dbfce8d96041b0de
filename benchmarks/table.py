"""What is printed: the marks of the table, and what was run."""

import importlib.metadata
import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rounds import Comparison
from benchmarks.servers import DRIVERS_CORE, HOUSE, SERVERS_CORE

PACKAGES = ("aiohttp", "uvloop", "msgspec", "websockets", "socketify", "picows")


@dataclass(frozen=True, slots=True)
class Row:
    """Our number beside another's, and the ratio that is to be kept, if any.

    Without a comparison the other could not be run here.
    """

    work: str
    beside: str
    unit: str
    mark: float | None
    comparison: Comparison | None
    below: bool = False  # the mark itself is not good enough

    def cells(self) -> tuple[str, ...]:
        """Return the row as it is printed."""
        mark = "" if self.mark is None else f"{'<' if self.below else '<='} {self.mark:g}"
        found = self.comparison
        if found is None:
            return self.work, "-", self.beside, "-", "-", "", mark, "not run"
        return (
            self.work,
            number(found.ours, self.unit),
            self.beside,
            number(found.beside, self.unit),
            f"{found.ratio:.2f}",
            "-".join(f"{ratio:.2f}" for ratio in found.middle),
            mark,
            self._verdict(found.ratio),
        )

    def _verdict(self, ratio: float) -> str:
        if self.mark is None:
            return ""
        kept = ratio < self.mark or (ratio == self.mark and not self.below)
        return "met" if kept else "missed"


HEAD = ("work", "ours", "beside", "theirs", "ratio", "middle half", "mark", "")


def number(value: float, unit: str) -> str:
    """Return a number with three digits and its unit."""
    digits = 0 if value >= 1000 else 1 if value >= 10 else 2  # noqa: PLR2004 - three are enough
    return f"{value:,.{digits}f} {unit}"


def lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as a Markdown table, in columns; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    body = [
        "| " + " | ".join(map(str.ljust, row, widths)) + " |"  # one line of the table
        for row in rows
    ]
    return [body[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *body[1:]]


def what_was_run() -> str:
    """Return, in some lines, everything that a number depends on."""
    versions = [f"{name} {_version(name)}" for name in PACKAGES]
    return (
        f"Roomful {_commit()}, Python {platform.python_version()}, {', '.join(versions)}, "
        f"SQLite {sqlite3.sqlite_version}\n"
        f"{_processor()}, {os.cpu_count()} cores (server on {SERVERS_CORE}, driver on "
        f"{DRIVERS_CORE}), Linux {platform.release()}, load {os.getloadavg()[0]:.1f}"
    )


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


def _commit() -> str:
    asked = ("git", "describe", "--always", "--dirty")
    try:
        told = subprocess.run(asked, cwd=HOUSE, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "(no checkout)"
    return told.stdout.strip()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return " ".join(line.partition(":")[2].split())
    return platform.processor()


def tell(text: str = "") -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
