import asyncio

import pytest
from aiohttp import WSMsgType

from calls import lifeline
from calls.place import ONLY_VERSION_1
from client import ChatClient, ConnectionLost, Disconnected, Entered, NotConnected
from tests.client.callers import entered, event, together
from tests.scripted import ScriptedServer

PEOPLE = ("ann", "bob")


@pytest.mark.parametrize("politely", [True, False])
async def test_comes_back(old_server: ScriptedServer, *, politely: bool) -> None:
    """However the connection ended, the client re-enters, and says that it cannot know more."""
    async with entered(old_server) as (chat, caller):
        await together(chat.set_nick("bob"), caller.answer_next())
        if politely:
            await caller.close()
        else:
            caller.cut()
        again = await old_server.called()
        assert again.query == {"nick": "bob", "room": "default"}
        await again.greet("bob")
        gone = await event(chat)
        assert isinstance(gone, Disconnected)
        assert gone.retry_in == 0
        assert await event(chat) == Entered("bob", "default", PEOPLE, lost=ONLY_VERSION_1)
        await together(chat.say("hi"), again.answer_next())


async def test_a_message_in_flight_is_given_back(old_server: ScriptedServer) -> None:
    """Without keys nobody can tell whether it was said: it is not said again."""
    async with entered(old_server) as (chat, caller):
        saying = asyncio.create_task(chat.say("hi"))
        await caller.asked()
        caller.cut()
        again = await (await old_server.called()).greet()
        with pytest.raises(ConnectionLost) as lost:
            await saying
        assert not isinstance(lost.value, NotConnected)
        await together(chat.say("next"), again.answer_next())


async def test_a_message_that_was_not_sent_waits(
    old_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said without a connection is said over the next."""
    async with entered(old_server) as (chat, caller):
        caller.cut()
        assert isinstance(await event(chat), Disconnected)
        saying = asyncio.create_task(chat.say("hi"))
        again = await (await old_server.called()).greet()
        assert (await again.answer_next())["message"] == "hi"
        await saying
        monkeypatch.setattr(lifeline, "backoff", lambda _: 60.0)
        again.cut()
        assert isinstance(await event(chat), Entered)
        while not isinstance(await event(chat), Disconnected):
            pass
        saying = asyncio.create_task(chat.say("never"))
        await chat.close()
        with pytest.raises(NotConnected):
            await saying


async def test_a_sender_that_fails_ends_the_connection(
    old_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failing sender ends the reader too: the client says goodbye, and comes back."""
    async with entered(old_server) as (chat, caller):

        async def fail(_: str) -> None:
            raise OSError("no way out")

        assert chat._lifeline._call is not None
        monkeypatch.setattr(chat._lifeline._call._ws, "send_str", fail)
        listing = asyncio.create_task(chat.room_list())
        assert await caller.ended() is WSMsgType.CLOSE
        again = await (await old_server.called()).greet("ann")
        lost = await event(chat)
        assert isinstance(lost, Disconnected)
        assert "no way out" in lost.reason
        await again.answer_next(rooms=[])
        assert await listing == []


async def test_tries_again_and_again(versions: ScriptedServer) -> None:
    """An attempt that fails is told, and the next one made."""
    async with entered(versions) as (chat, caller):
        caller.cut()
        await (await versions.called()).close(1013, "full")
        again = await versions.called()
        await (again.greet() if again.version == 1 else again.resumes(0))
        reasons = [await event(chat), await event(chat)]
        assert all(isinstance(each, Disconnected) for each in reasons)
        assert "1013: full" in str(reasons[1])
        assert isinstance(await event(chat), Entered)


async def test_a_server_that_ends_every_connection_is_not_pressed(
    versions: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pauses go on growing while connections end as soon as they begin."""
    attempts: list[int] = []

    def note(attempt: int) -> float:
        attempts.append(attempt)
        return 0.0

    monkeypatch.setattr(lifeline, "backoff", note)
    async with entered(versions) as (_, caller):
        for _ in range(3):
            await caller.close()
            caller = await versions.called()  # noqa: PLW2901 - the newest
            await (caller.greet() if caller.version == 1 else caller.resumes(0))
    assert attempts == [0, 1, 2]


@pytest.mark.parametrize("first", [1, 2])
async def test_the_server_may_change_its_version(first: int, versions: ScriptedServer) -> None:
    """A server that was replaced by one of another version is understood too."""
    second = versions.version
    versions.version = first
    async with entered(versions) as (chat, caller):
        versions.version = second
        caller.cut()
        again = await versions.called()
        if first == second == 2:
            await again.resumes(0)
        else:
            await again.greet()
        assert isinstance(await event(chat), Disconnected)
        lost = "" if first == second == 2 else ONLY_VERSION_1
        assert await event(chat) == Entered("ann", "default", PEOPLE, lost=lost)
        await together(chat.say("hi"), again.stores_next())


async def test_a_first_call_that_ends_early_is_no_entering(old_server: ScriptedServer) -> None:
    """A server that greets and closes before it says who is there was never reached."""
    entering = asyncio.create_task(ChatClient(old_server.url).__aenter__())
    caller = await old_server.called()
    await caller.tell({"action": "connecting", "room": "default", "user": "ann"})
    await caller.asked()
    await caller.close(1013, "full")
    with pytest.raises(ConnectionError, match="1013: full"):
        await entering
