import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Self

import pytest

from calls.events import (
    CaughtUp,
    ConnectionLost,
    Disconnected,
    Entered,
    Event,
    Gone,
    LogReplaced,
    Missed,
    NotConnected,
    Page,
    RequestRefused,
)
from terminal.conversation import Conversation
from terminal.phrases import Phrases
from wire.messages import Joined, Left, NickChanged, Reason, Said

NOW = 253_402_214_400_000  # in the year 9999, so that the date is shown


class FakeConsole:
    """Types what the test types, and keeps what is shown, without the time."""

    echoes = False

    def __init__(self) -> None:
        self.typed: asyncio.Queue[str | None] = asyncio.Queue()
        self.shown: list[str] = []
        self.broken = False
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def show(self, text: str) -> None:
        """Keep what is shown."""
        if self.broken:
            raise BrokenPipeError
        self.shown += [re.sub(r"^(\d{4}-\d\d-\d\d )?\S+ ", "", line) for line in text.splitlines()]
        self._changed.set()

    async def lines(self) -> AsyncIterator[str]:
        """Type; None is the end of input."""
        while (line := await self.typed.get()) is not None:
            yield line

    async def until(self, line: str) -> None:
        """Wait until a line is shown."""
        while line not in self.shown:
            self._changed.clear()
            await self._changed.wait()


class FakeChat:
    """Notes what is asked for; `answer` may raise instead. What is asked offline waits."""

    def __init__(self) -> None:
        self.nick = "ann"
        self.room = "default"
        self.users = ["ann", "bob"]
        self.events: asyncio.Queue[Event | None] = asyncio.Queue()
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self.answer: Callable[[], None] = lambda: None
        self.online = asyncio.Event()
        self.online.set()
        self.closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        await asyncio.sleep(0)  # to tell takes its time
        event = await self.events.get()
        if event is None:
            raise StopAsyncIteration
        return event

    async def close(self) -> None:
        """End the events, and let what waits come to nothing."""
        self.closed = True
        self.events.put_nowait(None)
        self.online.set()

    async def set_nick(self, nick: str) -> None:
        """Note it."""
        await self._ask(f"nick {nick}")
        self.nick = nick

    async def join_room(self, room: str) -> None:
        """Note it."""
        await self._ask(f"join {room}")
        self.room = room
        self.events.put_nowait(Entered(self.nick, room, ("ann", "bob")))

    async def say(self, text: str) -> Said:
        """Note it; it is an event too."""
        await self._ask(f"say {text}")
        said = Said(1, NOW, self.nick, text)
        self.events.put_nowait(said)
        return said

    async def user_list(self, room: str | None = None) -> list[str]:
        """Return two people."""
        await self._ask(f"users {room}")
        return ["ann", "bob"]

    async def room_list(self) -> list[tuple[str, int]]:
        """Return two rooms."""
        await self._ask("rooms")
        return [("default", 2), ("den", 1)]

    async def history(self, *, limit: int | None = None) -> Page:
        """Return one message."""
        await self._ask(f"history {limit}")
        return Page("default", "e", [Said(1, NOW, "bob", "hi")], more=False)

    async def _ask(self, what: str) -> None:
        await self.online.wait()
        if self.closed:
            raise NotConnected("closed")
        self.asked.put_nowait(what)
        self.answer()


class Talk:
    """A conversation under way."""

    def __init__(self, *, typed: bool) -> None:
        self.chat = FakeChat()
        self.console = FakeConsole()
        self.leaving = asyncio.Event()
        self.conversation = Conversation(self.chat, Phrases(colours=False), typed=typed)
        self.running = asyncio.create_task(self.conversation.run(self.console, self.leaving))

    def type(self, *lines: str | None) -> None:
        """Type lines; None is the end of input."""
        for line in lines:
            self.console.typed.put_nowait(line)

    def tell(self, *events: Event) -> None:
        """Let things happen."""
        for event in events:
            match event:
                case Disconnected():
                    self.chat.online.clear()
                case Entered():
                    self.chat.online.set()
            self.chat.events.put_nowait(event)


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    """Return a person's conversation."""
    talk = Talk(typed=True)
    yield talk
    talk.leaving.set()
    with suppress(BrokenPipeError):
        await talk.running


@pytest.fixture
async def pipe() -> AsyncIterator[Talk]:
    """Return a pipe's conversation."""
    talk = Talk(typed=False)
    yield talk
    talk.leaving.set()
    await talk.running


def once(error: Exception) -> Callable[[], None]:
    """Return an answer that fails the first time."""
    errors = [error]

    def answer() -> None:
        if errors:
            raise errors.pop()

    return answer


def always(error: Exception) -> Callable[[], None]:
    """Return an answer that fails."""

    def answer() -> None:
        raise error

    return answer


async def test_performs_what_is_typed(talk: Talk) -> None:
    """Each command is asked of the server, and its answer is shown."""
    talk.type(
        "hi", "", "/nick ann2", "/who den", "/rooms", "/history 3", "/help", "/dance", "/quit"
    )
    await talk.running
    shown = talk.console.shown
    for line in (
        "ann: hi",
        "* You are ann2 now.",
        "* In den: ann, bob.",
        "* Rooms: default (2), den (1).",
        "! There is no command /dance. Type /help to see them, or //dance to say it.",
    ):
        assert line in shown
    assert any(line.endswith("bob: hi") for line in shown)


async def test_tells_what_happens(talk: Talk) -> None:
    """Events are told in their order."""
    talk.tell(
        Joined("bob"),
        Said(1, NOW, "bob", "hi"),
        NickChanged("bob", "rob"),
        Left("rob", Reason.LOST),
        Missed(3),
    )
    await talk.console.until("! 3 events came too fast to be shown.")
    assert talk.console.shown == [
        "* bob came in.",
        "bob: hi",
        "* bob is now rob.",
        "* rob fell through a hole in the floor. :-)",
        "! 3 events came too fast to be shown.",
    ]


async def test_tells_what_was_missed(talk: Talk) -> None:
    """After an outage it is told what came late, what is gone, and what nobody can know."""
    talk.tell(
        Gone(120, 180),
        Entered("ann", "default", ("ann",), 180),
        Said(181, NOW, "bob", "hi"),
        CaughtUp(1, 61),
        CaughtUp(14),
        Entered("ann2", "default", ("ann2",), lost="There is no such session."),
        LogReplaced(),
    )
    replaced = (
        "! The server has another log now: what was said meanwhile is missing."
        " /history shows what there is."
    )
    await talk.console.until(replaced)
    assert talk.console.shown == [
        "! messages 120-180 are gone",
        "* You are ann in the room default.",
        "* In default: ann.",
        "bob: hi",
        "* caught up: 1 message, 61 missing",
        "* caught up: 14 messages, nothing missing",
        "! Your place could not be taken back: There is no such session.",
        "* You are ann2 in the room default.",
        "* In default: ann2.",
        replaced,
    ]


async def test_looks_around_on_entering(talk: Talk) -> None:
    """On entering a room a person sees who is there, and Tab knows them and the rooms."""
    talk.tell(Entered("ann", "default", ("ann", "bob")))
    await talk.console.until("* In default: ann, bob.")
    talk.type("/join den")
    await talk.console.until("* In den: ann, bob.")
    talk.chat.users = ["ann", "bill"]
    assert await talk.chat.asked.get() == "rooms"
    assert talk.conversation.complete("b") == [(1, "bill: ")]
    assert talk.conversation.complete("a") == []
    assert talk.conversation.complete("/join de") == [(2, "default"), (2, "den")]


async def test_what_the_terminal_has_shown_is_not_shown_twice(talk: Talk) -> None:
    """Where a typed line stays on the screen, one's own message is not written below it."""
    talk.console.echoes = True
    talk.type("hi")
    talk.tell(Said(1, NOW, "ann", "hi"), Said(2, NOW, "bob", "hi"))
    await talk.console.until("bob: hi")
    assert talk.console.shown == ["bob: hi"]


async def test_gives_back_what_was_refused(talk: Talk) -> None:
    """A refused line is shown with the reason, so that it can be said otherwise."""
    talk.chat.answer = once(RequestRefused("Too fast."))
    talk.type("hi")
    await talk.console.until("! Too fast. Not said: hi")
    talk.chat.answer = once(RequestRefused("Nickname is already in use"))
    talk.type("/nick bob")
    await talk.console.until("! Nickname is already in use")


async def test_keeps_what_is_typed_offline(talk: Talk) -> None:
    """A line typed without a connection is kept, which is told, and said on return."""
    talk.tell(Disconnected("gone", 3))
    await talk.console.until("! Not connected: gone. Trying again in 3 s.")
    assert talk.conversation.prompt() == "[not connected] ann> "
    talk.type("hi")
    await talk.console.until("* Kept until there is a connection again: hi")
    assert talk.chat.asked.empty()
    talk.tell(Entered("ann", "default"))
    await talk.console.until("ann: hi")
    assert talk.conversation.prompt() == "[default] ann> "


async def test_gives_back_what_may_have_been_said(talk: Talk) -> None:
    """A line of which nobody can tell whether it was said is shown: the person decides."""
    talk.chat.answer = once(ConnectionLost("gone"))
    talk.type("hi", "/who", "next")
    await talk.console.until("! The connection ended; this may not have been said: hi")
    await talk.console.until("ann: next")
    assert "ann: hi" not in talk.console.shown


async def test_a_question_without_an_answer_is_let_go(talk: Talk) -> None:
    """What was asked of a chat that is over needs no explanation."""
    talk.chat.answer = once(ConnectionLost("gone"))
    talk.type("/who den", "hi")
    await talk.console.until("ann: hi")
    assert talk.console.shown == ["ann: hi"]


async def test_ends_with_the_chat(talk: Talk) -> None:
    """A chat that does not come back by itself says so, and the conversation ends."""
    talk.tell(Disconnected("gone", 3))
    await talk.console.until("! Not connected: gone. Trying again in 3 s.")
    talk.type("hi")
    await talk.console.until("* Kept until there is a connection again: hi")
    talk.tell(Disconnected("this session goes on elsewhere", None))
    talk.chat.events.put_nowait(None)
    await talk.running
    assert talk.console.shown[-2:] == [
        "! Not connected: this session goes on elsewhere. This is final.",
        "! Not said: hi",
    ]


async def test_shows_what_is_under_way_on_leaving(talk: Talk) -> None:
    """Ctrl-C in the middle of saying: the line is shown, since it may not have been said."""
    talk.tell(Disconnected("gone", 3))
    await talk.console.until("! Not connected: gone. Trying again in 3 s.")
    talk.type("one", "two")
    await talk.console.until("* Kept until there is a connection again: two")
    talk.leaving.set()
    await talk.running
    assert talk.console.shown[-2:] == ["! This may not have been said: one", "! Not said: two"]


async def test_gives_back_what_is_left(talk: Talk) -> None:
    """Who leaves without a connection gets back the lines that were not said."""
    talk.tell(Disconnected("gone", 3))
    await talk.console.until("! Not connected: gone. Trying again in 3 s.")
    talk.type("one", "/who", "two", None)
    await talk.running
    assert talk.console.shown[-2:] == ["! Not said: one", "! Not said: two"]


async def test_tells_of_an_outage_once(talk: Talk) -> None:
    """Further attempts that fail for the same reason do not fill the screen."""
    talk.tell(Disconnected("gone", 0), Disconnected("down", 0), Disconnected("down", 2))
    talk.tell(Entered("ann", "default"), Disconnected("down", 0), Joined("bob"))
    await talk.console.until("* bob came in.")
    assert [line for line in talk.console.shown if "Not connected" in line] == [
        f"! Not connected: {reason}. Trying again at once." for reason in ("gone", "down", "down")
    ]


async def test_leaves_at_once(talk: Talk) -> None:
    """Ctrl-C ends the conversation whatever is under way."""
    talk.tell(Disconnected("gone", 3))
    talk.leaving.set()
    await talk.running


async def test_ends_when_nobody_reads(talk: Talk) -> None:
    """Where nobody reads what is shown any more, the conversation ends."""
    talk.console.broken = True
    talk.tell(Joined("bob"))
    with pytest.raises(BrokenPipeError):
        await talk.running


async def test_prompts_harmlessly(talk: Talk) -> None:
    """A name in the prompt cannot order the terminal about."""
    talk.chat.room = "\x1b[2J"
    assert talk.conversation.prompt() == "[␛[2J] ann> "


async def test_a_pipe_waits_for_a_connection(pipe: Talk) -> None:
    """The end of a pipe's input does not end the conversation before all is said."""
    pipe.tell(Disconnected("gone", 3))
    await pipe.console.until("! Not connected: gone. Trying again in 3 s.")
    pipe.type("hi", None)
    await pipe.console.until("* Kept until there is a connection again: hi")
    pipe.tell(Entered("ann", "default"))
    await pipe.running
    assert pipe.console.shown[-1] == "ann: hi"
    assert pipe.conversation.failed == 0


async def test_a_pipe_shows_all_before_it_ends(pipe: Talk) -> None:
    """What was said last is shown too, with what is told at the very end."""
    pipe.type("one", "two", None)
    pipe.tell(*(Joined(str(number)) for number in range(20)))
    await pipe.running
    assert pipe.console.shown[-2:] == ["ann: one", "ann: two"]


@pytest.mark.parametrize("line", ["hi", "bad \x07 line", "/nick bob"])
async def test_a_pipe_gives_up(pipe: Talk, line: str) -> None:
    """What is refused for good counts as failed, and the next line has its turn."""
    pipe.chat.answer = always(RequestRefused("No."))
    pipe.type(line, None)
    await pipe.running
    assert pipe.conversation.failed == 1
    assert "No." in pipe.console.shown[-1]
