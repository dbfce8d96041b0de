import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import HOME, headings, pages


def _links() -> list[tuple[Path, str]]:
    found = []
    for page in pages():
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        links = re.findall(r"\]\(<?([^()<> ]+)>?(?: \"[^\"]*\")?\)", text)
        links += re.findall(r"^\[[^\]]+\]: +(\S+)", text, re.MULTILINE)
        found += [(page, link) for link in links]
    return found


def _anchor(heading: str) -> str:
    """Return the anchor that a heading gets on GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize(
    ("page", "link"),
    [
        pytest.param(page, link, id=f"{page.relative_to(HOME)}-{link}")
        for page, link in _links()
        if not re.match("[a-z]+:", link)
    ],
)
def test_link(page: Path, link: str) -> None:
    """Every link within the project leads to a file that is there, and to a heading in it."""
    name, _, anchor = unquote(link).partition("#")
    assert not name.startswith("/"), "a link is relative"
    target = (page.parent / name).resolve() if name else page
    assert target.is_relative_to(HOME)
    assert target.exists()
    if anchor:
        assert anchor in [_anchor(heading) for heading in headings(target.read_text())]
