"""Secrets: compared in constant time, and not to be guessed."""

import hmac
import time
from collections import deque
from collections.abc import Callable

from lines.address import network

MOST_WRONG = 5  # in PERIOD
PERIOD = 60.0  # seconds; also how long nothing is right after that
_MANY = 10_000  # addresses that are remembered, at most


def is_same(given: str, expected: str) -> bool:
    """Return whether two secrets are the same; how long it takes does not tell."""
    return hmac.compare_digest(given.encode(), expected.encode())


class Tries:
    """Counts the wrong secrets of each address; an IPv6 address counts by its /64 network."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: dict[str, deque[float]] = {}

    def judge(self, address: str, *, right: bool) -> bool:
        """Return whether a secret is accepted: it is right, and there were few wrong ones.

        The answer is false for a minute after the fifth wrong one within a minute.
        """
        counted = network(address)
        now = self._clock()
        wrong = self._wrong.get(counted, deque(maxlen=MOST_WRONG))
        if len(wrong) == MOST_WRONG and wrong[-1] - wrong[0] < PERIOD and now < wrong[-1] + PERIOD:
            return False
        if right:
            return True
        wrong.append(now)
        self._wrong.pop(counted, None)
        self._wrong[counted] = wrong  # the latest comes last
        while len(self._wrong) > _MANY:
            del self._wrong[next(iter(self._wrong))]
        return False
