"""Reads the project's pages: their sections, tables and examples."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).parents[2]
PROTOCOL = HOME / "docs" / "protocol.md"
README = HOME / "README.md"

_OURS = {".ci", ".github"}  # of the folders whose names begin with a dot


def files() -> Iterator[Path]:
    """Yield every file of the project, but not what tools, or the service, put there."""
    for folder, folders, names in os.walk(HOME):
        folders[:] = [
            name
            for name in folders
            if name in _OURS or not (name.startswith(".") or name == "__pycache__")
        ]
        yield from (Path(folder, name) for name in names if name != ".git" and ".db" not in name)


def pages() -> list[Path]:
    """Return every page, that is every Markdown file."""
    return sorted(path for path in files() if path.suffix == ".md")


def headings(page: str) -> list[str]:
    """Return the headings of a page, without what stands in its blocks of code."""
    return re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    )


def section(page: str, heading: str) -> str:
    """Return what stands under a heading of the second level, up to the next one."""
    found = re.search(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE
    )
    assert found is not None, f"there is no section {heading}"
    return found[1]


def rows(text: str) -> dict[str, str]:
    """Return the rows of a section's tables: the first cell, and the whole row."""
    found = re.findall(r"^(\| (.+?) +\|.*)$", text, re.MULTILINE)
    return {first.strip("`"): row for row, first in found}


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
