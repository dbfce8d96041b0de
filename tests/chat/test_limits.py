from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.limits import BURST, Places, TokenBucket, TooManyConnections

EPSILON = 1e-6


def test_four_seconds_worth_may_come_at_once() -> None:
    """A full bucket allows four times its rate, and says then how long to wait."""
    bucket = TokenBucket(10.0, 100.0)
    assert [bucket.take(100.0) for _request in range(40)] == [0.0] * 40
    assert bucket.take(100.0) == pytest.approx(0.1)
    assert bucket.take(100.05) == pytest.approx(0.05)
    assert bucket.take(100.1001) == 0.0
    assert bucket.take(100.1001) > 0.0


def test_a_bucket_holds_no_more_than_it_is_large() -> None:
    """However long one is silent, no more than the burst comes at once."""
    bucket = TokenBucket(2.0, 0.0)
    assert [bucket.take(10.0**6) for _request in range(8)] == [0.0] * 8
    assert bucket.take(10.0**6) > 0.0


def test_refusals_cost_nothing() -> None:
    """Asking in vain does not make one wait any longer."""
    bucket = TokenBucket(1.0, 0.0)
    while not bucket.take(0.0):
        pass
    waits = [bucket.take(0.5) for _request in range(100)]
    assert waits == [pytest.approx(0.5)] * 100
    assert bucket.take(1.0 + EPSILON) == 0.0


def test_a_slow_rate_still_allows_one() -> None:
    """A rate of less than one request in four seconds allows one, and then one by one."""
    bucket = TokenBucket(0.1, 0.0)
    assert bucket.take(0.0) == 0.0
    assert bucket.take(0.0) == pytest.approx(10.0)
    assert bucket.take(10.0 + EPSILON) == 0.0


@given(
    rate=st.floats(0.01, 1000.0),
    pauses=st.lists(st.floats(0.0, 5.0), max_size=100),
    start=st.floats(-1e6, 1e6),
)
def test_no_span_of_time_sees_more_than_the_rate(
    rate: float, pauses: list[float], start: float
) -> None:
    """In any span the allowed requests are at most the burst and the rate times the span."""
    bucket, now = TokenBucket(rate, start), start
    allowed: list[float] = []
    for pause in pauses:
        now += pause
        wait = bucket.take(now)
        assert wait >= 0.0
        if not wait:
            allowed.append(now)
        elif wait > EPSILON:
            assert bucket.take(now + wait * (1 - EPSILON)) > 0.0
            now += wait * (1 + EPSILON) + EPSILON
            assert bucket.take(now) == 0.0
            allowed.append(now)
    size = max(rate * BURST, 1.0)
    for first, since in enumerate(allowed):
        for last in range(first, len(allowed)):
            span = allowed[last] - since
            assert last - first + 1 <= size + rate * span + 1e-3


def test_an_address_has_so_many_places() -> None:
    """Who comes when all are taken is refused, and a place that is given up is free again."""
    places = Places(2)
    with ExitStack() as held:
        held.enter_context(places.take("192.0.2.1"))
        with places.take("192.0.2.1"), pytest.raises(TooManyConnections), places.take("192.0.2.1"):
            pass
        with places.take("192.0.2.2"):
            pass
        with places.take("192.0.2.1"):
            pass
    with places.take("192.0.2.1"), places.take("192.0.2.1"):
        pass


def test_a_place_is_given_up_after_a_fault_too() -> None:
    """Whatever ends the block, the place is free; a refused one was never taken."""
    places = Places(1)
    for _round in range(3):
        with pytest.raises(KeyError), places.take("192.0.2.1"):
            raise KeyError
        with places.take("192.0.2.1"):
            for _attempt in range(3):
                with pytest.raises(TooManyConnections), places.take("192.0.2.1"):
                    pass


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8::1", "2001:db8::2"),
        ("2001:db8::1", "2001:db8:0:0:ffff:ffff:ffff:ffff"),
        ("2001:db8:0:1::1", "2001:DB8:0000:0001::abcd"),
        ("::1", "::1"),
        ("fe80::1%eth0", "fe80::2%eth0"),
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        (None, None),
        (None, ""),
        ("unix", "unix"),
    ],
)
def test_addresses_of_one_network_share_their_places(one: str | None, other: str | None) -> None:
    """An IPv6 address counts by its /64 network, since one person has all of it."""
    places = Places(1)
    with places.take(one), pytest.raises(TooManyConnections), places.take(other):
        pass


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:2::1"),
        ("192.0.2.1", "192.0.2.2"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("::1", "127.0.0.1"),
    ],
)
def test_addresses_of_two_networks_do_not(one: str, other: str) -> None:
    """IPv4 addresses count each, mapped into IPv6 too, and IPv6 ones by network."""
    places = Places(1)
    with places.take(one), places.take(other):
        pass


def test_a_limit_of_zero_sets_none() -> None:
    """Behind a proxy all come from one address, and none is refused."""
    places = Places(0)
    with ExitStack() as held:
        for _connection in range(1000):
            held.enter_context(places.take("192.0.2.1"))
