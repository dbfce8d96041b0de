"""How much one connection, and one address, may do."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from lines.address import network

BURST = 4.0  # seconds' worth of requests that may come at once
PATIENCE = 100  # refusals in a row after which a connection is closed
UNDER_WAY = 256  # requests of one person that may wait for the store
UNDER_WAY_BYTES = 1024 * 1024


class TokenBucket:
    """Allows `rate` requests per second on average, four times that at once.

    Times are in seconds, from any clock that never goes back.
    """

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._tokens = self._size = max(rate * BURST, 1.0)
        self._then = now

    def take(self, now: float) -> float:
        """Take a token and return 0, or return how many seconds to wait for one."""
        self._tokens = min(self._size, self._tokens + (now - self._then) * self._rate)
        self._then = now
        if self._tokens < 1.0:
            return (1.0 - self._tokens) / self._rate
        self._tokens -= 1.0
        return 0.0


class TooManyConnections(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """An address has as many connections as it may have."""


class Places:
    """Counts the connections of each address; an IPv6 address counts by its /64 network.

    A limit of 0 sets none.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, address: str | None) -> Iterator[None]:
        """Hold a place for as long as the block lasts, or raise TooManyConnections."""
        counted = network(address or "")
        if self._limit and self._taken[counted] >= self._limit:
            raise TooManyConnections
        self._taken[counted] += 1
        try:
            yield
        finally:
            self._taken[counted] -= 1
            if not self._taken[counted]:
                del self._taken[counted]
