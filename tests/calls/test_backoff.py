from hypothesis import given
from hypothesis import strategies as st

from calls.backoff import LONGEST_PAUSE, backoff


@given(st.integers(min_value=0, max_value=10**6))
def test_backoff_grows_to_a_bound(attempt: int) -> None:
    """A pause is never negative, doubles at most with each attempt, and is bounded."""
    assert 0 <= backoff(attempt) <= min(LONGEST_PAUSE, 0.5 * 2 ** min(attempt, 20))


def test_backoff_is_spread() -> None:
    """Those who lost one server at the same moment do not return at the same moment."""
    assert len({backoff(5) for _ in range(20)}) > 1
