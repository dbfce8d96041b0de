import pytest

from calls import events
from calls.events import Departed, Event, Events, Heard, Joined, Missed, NickChanged, event_of
from wire.messages import Body


@pytest.mark.parametrize(
    ("notice", "event"),
    [
        ({"action": "chat_message", "message": "hi", "user": "bob"}, Heard("bob", "hi")),
        ({"action": "joined", "room": "default", "user": "bob"}, Joined("bob")),
        (
            {"action": "left", "room": "default", "user": "bob", "shame": True},
            Departed("bob", shame=True),
        ),
        (
            {"action": "nick_changed", "room": "default", "from_user": "bob", "to_user": "rob"},
            NickChanged("bob", "rob"),
        ),
        ({"action": "chat_message", "message": 1, "user": "bob"}, None),
        ({"action": "left", "user": "bob"}, None),
        ({"action": ["joined"], "user": "bob"}, None),
        ({"action": "dance"}, None),
        ({}, None),
    ],
)
def test_event_of_a_notice(notice: Body, event: Event | None) -> None:
    """A notice of version 1 becomes its event; what is none becomes nothing."""
    assert event_of(notice) == event


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
