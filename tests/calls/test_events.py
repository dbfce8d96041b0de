import pytest

from calls import events
from calls.events import Events, Missed
from wire.messages import Joined


async def test_events_drop_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that nobody fetches are bounded, and who fetches later is told how many are gone."""
    monkeypatch.setattr(events, "EVENTS_KEPT", 2)
    told = Events()
    for user in ("ann", "bob", "cyd", "dee"):
        told.tell(Joined(user))
    assert [await told.fetch() for _ in range(3)] == [Missed(2), Joined("cyd"), Joined("dee")]


async def test_events_end() -> None:
    """What was told before the end is still fetched; then comes the end, each time."""
    told = Events()
    told.tell(Joined("ann"))
    told.close()
    assert await told.fetch() == Joined("ann")
    for _ in range(2):
        with pytest.raises(StopAsyncIteration):
            await told.fetch()
