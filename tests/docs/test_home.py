import re
from pathlib import Path

from tests.docs.pages import HOME, files

# Paths as they are on one machine only; hosts of registries, and options that name such.
_ELSEWHERE = re.compile(
    r"(?<![\w.}])/(?:work|home|root|Users|opt|mnt)/\w"
    r"|\b[A-Za-z]:\\\\?Users\b"
    r"|\bfile:///"
    r"|pypi\.(?:org|python)|pythonhosted\.|npmjs\.|artifactory|devpi"
    r"|^ *--(?:(?:extra-)?index-url|find-links|trusted-host)\b",
    re.MULTILINE | re.IGNORECASE,
)
_LOCKS = re.compile(r"requirements/\w+\.txt|uv\.lock|package-lock\.json")


def _name(path: Path) -> str:
    return path.relative_to(HOME).as_posix()


def _text(path: Path) -> str:
    """Return what is in a file; nothing of one that is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_speaks_of_itself_alone() -> None:
    """No file names a path of one machine, or the host of a registry."""
    found = [
        f"{_name(path)}: {match[0]}"
        for path in files()
        if path != Path(__file__) and (match := _ELSEWHERE.search(_text(path)))
    ]
    assert not found


def test_locks_name_no_host() -> None:
    """The lock files say what is installed, never from where."""
    locks = [path for path in files() if _LOCKS.fullmatch(_name(path))]
    assert locks
    assert not [_name(lock) for lock in locks if "://" in lock.read_text()]
