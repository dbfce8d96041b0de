import pytest

from karaoke.tries import Tries, is_same


class Clock:
    """A clock that goes on when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock."""
    return Clock()


def test_secrets_are_the_same_letter_by_letter() -> None:
    """Any script will do."""
    assert is_same("пароль", "пароль")
    assert not is_same("пароль", "Пароль")
    assert not is_same("a", "")


def test_after_five_wrong_secrets_none_is_right_for_a_minute(clock: Clock) -> None:
    """Then one may try again."""
    tries = Tries(clock)
    for _ in range(5):
        assert tries.judge("10.0.0.1", right=True)
        clock.now += 10
        assert not tries.judge("10.0.0.1", right=False)
    clock.now += 59
    assert not tries.judge("10.0.0.1", right=True)
    assert tries.judge("10.0.0.2", right=True)
    clock.now += 1
    assert tries.judge("10.0.0.1", right=True)


def test_slow_mistakes_are_forgiven(clock: Clock) -> None:
    """Five wrong secrets in more than a minute do no harm."""
    tries = Tries(clock)
    for _ in range(20):
        assert not tries.judge("10.0.0.1", right=False)
        clock.now += 15
        assert tries.judge("10.0.0.1", right=True)


def test_a_network_of_ipv6_is_one_address(clock: Clock) -> None:
    """Who has a whole network has no more tries for that."""
    tries = Tries(clock)
    for number in range(5):
        assert not tries.judge(f"2001:db8::{number}", right=False)
    assert not tries.judge("2001:db8::ffff", right=True)
    assert tries.judge("2001:db8:0:1::1", right=True)
    assert tries.judge("::ffff:10.0.0.1", right=True)
    assert tries.judge("", right=True)


def test_only_so_many_addresses_are_remembered(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest are forgotten first."""
    monkeypatch.setattr("karaoke.tries._MANY", 2)
    tries = Tries(clock)
    for address in ("a", "b", "c"):
        for _ in range(5):
            tries.judge(address, right=False)
    assert [tries.judge(address, right=True) for address in "abc"] == [True, False, False]
