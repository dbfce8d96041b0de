from hypothesis import given
from hypothesis import strategies as st

from rooms.batch import Batch, Event
from tests.lines.fakes import at_once, entered
from wire.messages import Joined, Left, NickChanged, Notice, Reason

NICKS = ["ann", "bob", "eve", "Ann", "dan"]


def told_after(notices: list[Notice]) -> list[dict[str, str]]:
    """Return what a line is told that was behind while all this happened."""
    line, transport = entered()
    line.fell_behind = lambda: None
    line.deliver(Batch("tea", 1, []))
    for notice in notices:
        line.deliver(Batch("tea", 1, [Event("tea", notice)]))
    at_once(line.feed([], 1))
    line.catch_up()
    return [{"action": body["action"], "user": body["user"]} for body in transport.told]


def joined(user: str) -> dict[str, str]:
    """Return how one is told that someone joined."""
    return {"action": "joined", "user": user}


def left(user: str) -> dict[str, str]:
    """Return how one is told that someone left."""
    return {"action": "left", "user": user}


def test_what_undoes_itself_is_not_told() -> None:
    """Who came and went, or went and came, or changed a nick and back, leaves no trace."""
    assert told_after([Joined("ann"), Left("ann", Reason.LOST)]) == []
    assert told_after([Left("ann", Reason.LOST), Joined("ann")]) == []
    assert told_after([NickChanged("ann", "eve"), NickChanged("eve", "ann")]) == []


def test_a_new_nick_is_told_as_leaving_and_joining() -> None:
    """A change of nick, by whatever way, is the old nick's leaving and the new one's joining."""
    assert told_after([NickChanged("ann", "eve")]) == [left("ann"), joined("eve")]
    twice: list[Notice] = [NickChanged("ann", "x"), NickChanged("x", "eve")]
    assert told_after(twice) == [left("ann"), joined("eve")]
    assert told_after([NickChanged("ann", "Ann")]) == [left("ann"), joined("Ann")]


def test_those_who_left_are_told_first() -> None:
    """A nick is freed before another takes it."""
    assert told_after([Joined("bob"), Left("ann", Reason.CLOSED)]) == [left("ann"), joined("bob")]


@given(before=st.sets(st.sampled_from(NICKS)), data=st.data())
def test_changes_of_people_add_up(before: set[str], data: st.DataObject) -> None:
    """Whatever people do, the net changes lead from who was there to who is, and are minimal."""
    people = set(before)
    notices: list[Notice] = []
    for _step in range(data.draw(st.integers(0, 12))):
        nick: str = data.draw(st.sampled_from(NICKS))
        free = sorted(set(NICKS) - people)
        renames = data.draw(st.booleans())
        if nick not in people:
            people.add(nick)
            notices.append(Joined(nick))
        elif free and renames:
            new: str = data.draw(st.sampled_from(free))
            people ^= {nick, new}
            notices.append(NickChanged(nick, new))
        else:
            people.remove(nick)
            notices.append(Left(nick, Reason.MOVED))
    told = told_after(notices)
    assert {change["user"] for change in told if change["action"] == "left"} == before - people
    assert {change["user"] for change in told if change["action"] == "joined"} == people - before
    assert len(told) == len(before ^ people)
    assert told == sorted(told, key=lambda change: change["action"], reverse=True)
