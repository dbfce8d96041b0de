import asyncio
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.call import Call
from calls.events import CaughtUp, ConnectionLost, Gone, LogReplaced, RequestRefused
from calls.lifeline import Lifeline
from calls.outbox import Letter, Outbox
from calls.place import Place
from wire.messages import Body, Said

SAID = Said(7, 5, "ann", "hi")


class Sea:
    """A lifeline that loses what the test says, to a server that keeps what reaches it.

    `fates`, one for each attempt: stored and answered; stored, and the line is lost; lost
    before it arrived; refused for coming too early. After a lost line the session is another
    one if `forgets` says so; what was missed is told either way. Or it is refused for good.
    """

    def __init__(self, fates: list[str], forgets: list[bool]) -> None:
        self.fates = fates
        self.forgets = forgets
        self.log: list[Said] = []
        self.keys: dict[tuple[str, str], Said] = {}
        self.told = 0
        self.place = Place("ann", "default")
        self.place.session = "first"
        self.outbox = Outbox(cast("Lifeline", self), self.place)
        self.attempts = 0

    async def call(self, _lost: ConnectionLost | None = None) -> Call:
        """Come back: what was missed is told."""
        await asyncio.sleep(0)
        while self.told < len(self.log):
            self.outbox.note(self.log[self.told])
            self.told += 1
        self.outbox.note(CaughtUp(0))
        return cast("Call", None)

    async def pause(self, _seconds: float) -> None:
        """Wait for nothing."""

    async def ask_over(self, _call: Call, request: Body) -> Body:
        """Let an attempt have its fate."""
        self.attempts += 1
        await asyncio.sleep(0)
        fate = self.fates.pop() if self.fates else "stored"
        if fate == "early":
            raise RequestRefused("too early", "rate_limited", 0.0)
        if fate == "refused":
            raise RequestRefused("no", "invalid_message")
        if fate == "lost":
            self._lose()
        said = self._store(request)
        if fate == "cut":
            self._lose()
        self.told = len(self.log)
        return {"success": True, "id": said.id, "ts": said.ts}

    def _lose(self) -> None:
        if self.forgets and self.forgets.pop():
            self.place.session += "+"
        raise ConnectionLost("the line is cut")

    def _store(self, request: Body) -> Said:
        key = (self.place.session, request["key"])
        if key not in self.keys:
            self.keys[key] = Said(len(self.log) + 1, 5, "ann", request["message"])
            self.log.append(self.keys[key])
        return self.keys[key]


@given(
    st.lists(st.sampled_from("abc"), max_size=8),
    st.lists(st.sampled_from(["stored", "cut", "lost", "early"]), max_size=30),
    st.lists(st.booleans(), max_size=30),
)
async def test_everything_is_said_once_and_in_order(
    texts: list[str], fates: list[str], forgets: list[bool]
) -> None:
    """Whatever happens to the attempts, the log is what was said, the same text twice too."""
    sea = Sea(fates, forgets)
    said = await asyncio.gather(*(sea.outbox.say(text) for text in texts))
    assert said == sea.log
    assert [each.message for each in said] == texts


async def test_who_stops_waiting_lets_the_next_have_its_turn() -> None:
    """A message that is cancelled is not said, and does not keep the others back."""
    sea = Sea([], [])
    saying = [asyncio.create_task(sea.outbox.say(text)) for text in "abc"]
    await asyncio.sleep(0)
    saying[1].cancel()
    await asyncio.wait(saying)
    assert [each.message for each in sea.log] == ["a", "c"]


async def test_a_refusal_is_passed_on() -> None:
    """What the server does not take is not tried again."""
    sea = Sea(["refused"], [])
    with pytest.raises(RequestRefused):
        await sea.outbox.say("")


def letter(session: str = "one") -> Letter:
    """Return a letter that was tried in a session."""
    tried = Letter("hi", "key")
    tried.attempt("ann", session)
    return tried


def test_a_letter_is_tried_again_under_its_key() -> None:
    """In the same session the key tells the server that it is the same message, even after gaps."""
    again = letter()
    again.note(LogReplaced())
    again.note(SAID)
    assert again.attempt("ann", "one") == {
        "action": "chat_message",
        "message": "hi",
        "key": "key",
    }


def test_a_letter_that_was_heard_was_said() -> None:
    """In another session, a message that was heard is not said again; one like it is not it."""
    again = letter()
    again.note(Said(5, 5, "bob", "hi"))
    again.note(Said(6, 5, "ann", "ho"))
    assert isinstance(again.attempt("ann", "two"), dict)
    again.note(SAID)
    assert again.attempt("ann2", "three") == SAID


@pytest.mark.parametrize("event", [Gone(1, 2), LogReplaced()])
def test_a_letter_nobody_can_tell_of(event: Gone | LogReplaced) -> None:
    """In another session, if a part of the log is missing, it may have been said."""
    again = letter()
    again.note(event)
    with pytest.raises(ConnectionLost, match="may have been said, or not"):
        again.attempt("ann", "two")


@pytest.mark.parametrize(("first", "second"), [("", ""), ("one", ""), ("", "two")])
def test_a_letter_of_version_1(first: str, second: str) -> None:
    """Version 1 has no keys and tells nothing that was missed."""
    with pytest.raises(ConnectionLost):
        letter(first).attempt("ann", second)


def test_a_letter_that_was_not_tried_goes_anywhere() -> None:
    """What was never sent can be sent, whatever happened before."""
    fresh = Letter("hi", "key")
    fresh.note(LogReplaced())
    fresh.note(SAID)
    assert fresh.attempt("ann", "") == {"action": "chat_message", "message": "hi"}
