import pytest

from terminal.completion import completions

NICKS = {"bob", "Bea", "cyd", "b\x1b[2J"}
ROOMS = {"den", "default", "The Attic"}


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("/jo", [(3, "/join ")]),
        ("/h", [(2, "/help "), (2, "/history ")]),
        ("/join ", [(0, "default"), (0, "den"), (0, "The Attic")]),
        ("/join the a", [(5, "The Attic")]),
        ("/who DE", [(2, "default"), (2, "den")]),
        ("b", [(1, "Bea: "), (1, "bob: ")]),
        ("well, BO", [(2, "bob ")]),
        ("/nick c", [(1, "cyd ")]),
        ("x", []),
        ("//jo", []),
    ],
)
def test_completions(before: str, found: list[tuple[int, str]]) -> None:
    """Commands complete at the start, rooms where one is wanted, and nicks anywhere else."""
    assert completions(before, NICKS, ROOMS) == found
