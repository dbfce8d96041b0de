"""Every promise names tests, and they exist."""

import re

import pytest

from tests.docs.pages import HOME

NAMED = re.findall(r"\[`(tests/[^`:]+)::(\w+)`\]", (HOME / "docs" / "promises.md").read_text())


def test_promises_name_their_tests() -> None:
    """There is a test behind the promises."""
    assert len(NAMED) > 10


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_named_test_exists(path: str, name: str) -> None:
    """What is named as a proof is there, and is a test."""
    assert re.search(rf"^\s*(?:async )?def {name}\(", (HOME / path).read_text(), re.MULTILINE)
