"""The client with the real server: in this process, and in one that is killed and started again."""

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path

from calls.events import Event
from client import (
    CaughtUp,
    ChatClient,
    Disconnected,
    Entered,
    Joined,
    Left,
    NickChanged,
    Reason,
    Said,
)
from tests.client.callers import event
from tests.program import FREE, started
from tests.transcript import House, opened


def client(house: House, nick: str, room: str | None = None) -> ChatClient:
    """Return a client of the house."""
    return ChatClient(house.url(), nick=nick, room=room)


def cut(chat: ChatClient) -> None:
    """Break a client's line."""
    assert chat._lifeline._call is not None
    connection = chat._lifeline._call._ws._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()


async def until(chat: ChatClient, kind: type[Event]) -> list[Event]:
    """Return what is told up to the next event of a kind."""
    told = []
    async for each in chat:
        told.append(each)
        if isinstance(each, kind):
            break
    return told


def texts(told: Iterable[Event]) -> list[str]:
    """Return what was said."""
    return [each.message for each in told if isinstance(each, Said)]


async def test_two_talk(house: House) -> None:
    """Ann and bob hear each other come, talk, change and leave."""
    async with client(house, "ann") as ann:
        assert await event(ann) == Entered("ann", "default", ("ann",))
        assert await ann.user_list() == ["ann"]  # from now on others know of her
        async with client(house, "bob") as bob:
            said = await bob.say("hi\nthere")
            assert [await event(ann) for _ in range(2)] == [Joined("bob"), said]
            assert (said.id, said.user, said.message) == (1, "bob", "hi\nthere")
            await bob.set_nick("rob")
            assert await event(ann) == NickChanged("bob", "rob")
            assert ann.users == await ann.user_list() == ["ann", "rob"]
            await bob.join_room("den")
            assert await event(ann) == Left("rob", Reason.MOVED)
            assert sorted(await ann.room_list()) == [("default", 1), ("den", 1)]
            assert (await until(bob, Said))[-1] == said
            assert await event(bob) == Entered("rob", "den", ("rob",))
        assert ann.users == ["ann"]
        page = await ann.history(limit=5)
        assert (page.messages, page.more) == ([said], False)


async def test_a_cut_line_is_not_noticed_by_others(house: House) -> None:
    """Whose line is cut is soon back with all that was said, and nobody has noticed."""
    async with client(house, "ann") as ann, client(house, "bob") as bob:
        await ann.say("one")
        await bob.say("two")
        await until(ann, Joined)
        while ann.users != ["ann", "bob"]:
            await event(ann)
        while texts([await event(ann)]) != ["two"]:
            pass
        cut(ann)
        assert isinstance(await event(ann), Disconnected)
        saying = asyncio.gather(*(bob.say(str(number)) for number in range(20)), ann.say("back"))
        said = await saying
        assert sorted(each.id for each in said) == list(range(3, 24))
        told = await _hear(ann, 21)
        assert told[0] == Entered("ann", "default", ("ann", "bob"), 2)
        assert sorted(texts(told)) == sorted([*map(str, range(20)), "back"])
        assert [each for each in told if isinstance(each, CaughtUp)]
        heard: list[Event] = []
        while "back" not in texts(heard):
            heard.append(await event(bob))
        assert not [each for each in heard if isinstance(each, Left)]


async def test_two_clients_of_one_session(house: House) -> None:
    """A session that goes on in another connection ends the first for good."""
    async with client(house, "ann") as ann:
        thief = ChatClient(house.url())
        thief._place.session, thief._place.room = ann._place.session, "default"
        thief._place.reading.begin(ann._place.reading.epoch, 0)
        thief._place._been_here = True
        async with thief:
            assert thief.nick == "ann"
            last = [each async for each in ann][-1]
            assert isinstance(last, Disconnected)
            assert last.retry_in is None


async def test_the_limit_is_waited_out() -> None:
    """Faster than the limit: every message is said, once, in order."""
    async with opened(messages_per_second=50) as house, client(house, "ann") as ann:
        said = await asyncio.gather(*(ann.say(str(number)) for number in range(230)))
    assert [(each.id, each.message) for each in said] == [
        (number + 1, str(number)) for number in range(230)
    ]


async def test_a_forgotten_session_joins_anew(house: House) -> None:
    """Whose session the server has forgotten hears what was said all the same."""
    async with client(house, "ann") as ann, client(house, "bob") as bob:
        await ann.say("one")
        ann._place.session = "forgotten"
        cut(ann)
        await bob.say("two")
        told = await until(ann, CaughtUp)
        entered = [each for each in told if isinstance(each, Entered)][-1]
        assert entered.nick == ann.nick == "ann2"  # the former one stands in grace
        assert "no such session" in entered.lost
        assert told[-2:] == [Said(2, told[-2].ts, "bob", "two"), CaughtUp(1)]  # type: ignore[union-attr]
        assert (await ann.say("three")).id == 3


async def test_killed_and_started_again(tmp_path: Path) -> None:
    """Twice kill -9 in the middle of talk: nothing is lost, nothing said twice, and they know."""
    data = tmp_path / "log.db"
    everything: list[Event] = []
    saying: asyncio.Task[list[Said]] | None = None
    async with contextlib.AsyncExitStack() as stack:
        port = 0
        for round_ in range(3):
            options = FREE if not port else (*FREE, "--port", str(port))
            async with started(data, *options) as program:
                if not port:
                    port = program.port
                    url = f"ws://127.0.0.1:{port}/chat"
                    ann = await stack.enter_async_context(ChatClient(url, nick="ann"))
                    bob = await stack.enter_async_context(ChatClient(url, nick="bob"))
                    saying = asyncio.create_task(_talk(bob))
                if round_ < 2:
                    everything += await _hear(ann, 100)
                    await program.is_killed()
                else:
                    assert saying is not None
                    said = await saying
                    everything += await _hear(ann, 400 - len(texts(everything)))
                    await ann.close()
                    await bob.close()
    assert [each.message for each in said] == texts(everything) == list(map(str, range(400)))
    heard = [each.id for each in everything if isinstance(each, Said)]
    assert heard == [each.id for each in said] == list(range(1, 401))
    assert sum(isinstance(each, CaughtUp) and not each.gone for each in everything) >= 2
    assert not [each for each in everything if isinstance(each, Left)]
    assert not [each for each in everything if isinstance(each, Entered) and each.lost]


async def _talk(chat: ChatClient) -> list[Said]:
    return [await chat.say(str(number)) for number in range(400)]


async def _hear(chat: ChatClient, count: int) -> list[Event]:
    told: list[Event] = []
    while len(texts(told)) < count:
        told.append(await event(chat))
    return told
