"""How long to wait before trying again, so that many who lost one server do not return at once."""

import random

FIRST_PAUSE = 0.5  # seconds; doubles with every attempt
LONGEST_PAUSE = 30.0


def backoff(attempt: int) -> float:
    """Return the seconds to wait before an attempt: exponential with full jitter, bounded."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempt, 16))
    return random.uniform(0, longest)  # noqa: S311 - it spreads load, it guards no secret
