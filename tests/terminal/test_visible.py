import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.visible import visible, visible_lines

_ANY = st.text(st.characters(exclude_categories=[]))  # unpaired surrogates too


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain täxt 🙂", "plain täxt 🙂"),
        ("\x1b[31mred\x1b[2J", "␛[31mred␛[2J"),
        ("\x00\x07\x08\x7f", "␀␇␈␡"),
        ("\x9b31m", "<U+009B>31m"),
        ("\u202egpj.exe", "<U+202E>gpj.exe"),
        ("\u2066a\u2069", "<U+2066>a<U+2069>"),
        ("a\nb\tc", "a␊b␉c"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    """A character that would order the terminal about is shown as a picture or by its number."""
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one", ["one"]),
        ("a\nb\r\nc\rd\u2028e\u2029f", ["a", "b", "c", "d", "e", "f"]),
        ("a\n", ["a", ""]),
        ("a\tb", ["a    b"]),
        ("a\x85b\x0bc\x0cd", ["a<U+0085>b␋c␌d"]),
    ],
)
def test_visible_lines(text: str, lines: list[str]) -> None:
    """Line breaks make lines, tabs spaces, and nothing else moves the cursor."""
    assert visible_lines(text) == lines


@given(_ANY)
def test_nothing_of_others_orders_the_terminal_about(text: str) -> None:
    """Whatever is said, no control, no bidirectional override and no lone surrogate is left."""
    for line in [visible(text), *visible_lines(text)]:
        line.encode()
        assert not any(unicodedata.category(each) in {"Cc", "Zl", "Zp"} for each in line)
        assert not any(
            unicodedata.bidirectional(each)
            in {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
            for each in line
        )
