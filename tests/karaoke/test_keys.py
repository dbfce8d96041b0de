from pathlib import Path

import pytest

from karaoke.keys import is_registered, line_of, new_key


def test_a_key_is_known_by_its_line(tmp_path: Path) -> None:
    """Only the first 64 characters of a line count, in any case of letters."""
    file = tmp_path / "keys"
    one, two, three = new_key(), new_key(), new_key()
    file.write_text(f"# keys\n{line_of(one)}\n{line_of(two, 'for bob').upper()}\n")
    assert is_registered(one, file)
    assert is_registered(two, file)
    assert not is_registered(three, file)
    assert not is_registered("", file)


def test_no_two_keys_are_the_same() -> None:
    """Nobody can guess one."""
    assert len({new_key() for _ in range(100)}) == 100


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_has_no_keys(
    tmp_path: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says so."""
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    assert not is_registered(new_key(), file)
    assert "cannot be read" in caplog.text
