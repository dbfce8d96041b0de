import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
from aiohttp import web

import utils
from chat.limits import UNDER_WAY, UNDER_WAY_BYTES
from chat.seats import SEATS, Seats
from chat.session import Session
from journal.memory import MemoryStore
from journal.spine import Journal
from lines.line import BOUND, Line
from rooms.room import Rooms
from tests.lines.fakes import LINES, FakeTransport
from wire.frames import json_frame
from wire.messages import AnyBody, Reason

SAID = '{"action":"chat_message","message":"hi"}'


class Plain(Line):
    """A line whose replies are frames."""

    def render(self, body: AnyBody) -> bytes:
        """Return a body as a frame."""
        return json_frame(body)


class Talk:
    """A session in a room of its own, over a journal that stores nothing yet."""

    def __init__(self) -> None:
        self.app = web.Application()
        self.app["websockets"] = rooms = Rooms()
        self.journal: Journal[utils.Happening] = Journal(
            MemoryStore(), partial(utils.deliver, rooms)
        )
        self.app[utils.JOURNAL] = self.journal
        self.app[SEATS] = Seats(self.app)
        self.transport = FakeTransport()
        self.line = Plain(self.transport, LINES)
        self.session = Session(self.app, self.line, 1, 0)
        self.session.arrive("tea", "ann")

    async def settles(self) -> None:
        """Store and deliver what was submitted."""
        writing = asyncio.create_task(self.journal.write())
        await self.journal.settled()
        writing.cancel()

    @property
    def said(self) -> int:
        """How many messages the room was told."""
        return self.journal.last_id("tea")


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    """Begin a session that has entered its room."""
    talk = Talk()
    await talk.settles()
    yield talk
    talk.session.leave(Reason.CLOSED)


async def test_a_message_that_nothing_stands_in_the_way_of_is_said_at_once(talk: Talk) -> None:
    """Nothing has to be awaited, and each is answered."""
    for _number in range(UNDER_WAY):
        assert talk.session.perform(SAID) is None
    await talk.settles()
    assert talk.said == UNDER_WAY
    assert talk.transport.data.count(b'"success":true') == UNDER_WAY


@pytest.mark.parametrize(
    "frame", [SAID.encode(), "nonsense", '{"action":"user_list"}', SAID.replace("hi", "")]
)
async def test_any_other_request_is_awaited(talk: Talk, frame: str | bytes) -> None:
    """A binary frame, no request, another action, and a message that is to be refused."""
    waiting = talk.session.perform(frame)
    assert waiting is not None
    carried_out = asyncio.create_task(waiting)
    await asyncio.sleep(0)
    await talk.settles()
    await carried_out
    assert talk.said == 0
    assert talk.transport.data.count(b'"success"') == 1


async def test_who_has_too_much_unread_is_not_heard_meanwhile(talk: Talk) -> None:
    """One request more is carried out; the next one waits until they have read."""
    talk.transport.flows = False
    talk.line.write(b"x" * (BOUND + 1))
    assert talk.session.perform(SAID) is None
    waiting = talk.session.perform(SAID)
    assert waiting is not None
    carried_out = asyncio.create_task(waiting)
    await asyncio.sleep(0.05)
    await talk.settles()
    assert (talk.said, carried_out.done()) == (1, False)
    talk.transport.flows = True
    talk.transport.read(BOUND + 1)
    await asyncio.wait_for(carried_out, 5)
    await talk.settles()
    assert talk.said == 2


async def test_no_message_goes_beyond_what_may_be_under_way(talk: Talk) -> None:
    """Long refusals count too: where a frame's size is left, a message has to wait for room."""
    long = json_frame({"action": "x" * 60_000}).decode(errors="replace")[4:]
    for _number in range(UNDER_WAY_BYTES // 60_000):
        waiting = talk.session.perform(long)
        assert waiting is not None
        await waiting
    taken = 0
    waiting = None
    while waiting is None:
        waiting = talk.session.perform(SAID.replace("hi", "\U0001f600" * 4096))
        taken += waiting is None
    waiting.close()
    assert taken == 0
    assert talk.session._under_way_bytes < UNDER_WAY_BYTES


async def test_who_is_gone_says_nothing_more(talk: Talk) -> None:
    """What is asked for after one has left is neither carried out nor answered."""
    talk.session.leave(Reason.CLOSED)
    waiting = talk.session.perform(SAID)
    assert waiting is not None
    await waiting
    await talk.settles()
    assert talk.said == 0


async def test_what_is_under_way_is_counted_to_the_byte(talk: Talk) -> None:
    """Messages are settled in their order, and in the end nothing is under way."""
    for size in (1, 4000, 3):
        talk.session.perform(SAID.replace("hi", "x" * size))
    assert (talk.session._under_way, talk.session._under_way_bytes) == ([1, 4000, 3], 4004)
    talk.session._settle()
    assert (talk.session._under_way, talk.session._under_way_bytes) == ([4000, 3], 4003)
