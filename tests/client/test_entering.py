import asyncio
import contextlib
import socket

import pytest
from aiohttp import WSMsgType

from calls import call as call_module
from client import (
    ChatClient,
    ConnectionLost,
    Joined,
    Left,
    NotConnected,
    Reason,
    Said,
    Unreachable,
)
from tests.client.callers import entered, event
from tests.scripted import ScriptedServer


async def test_enters_under_the_nick_and_in_the_room_asked_for(versions: ScriptedServer) -> None:
    """Nick and room are asked for on connecting, and kept as the server gave them."""
    async with entered(versions, "ann bob&c", "Küche?") as (chat, caller):
        assert caller.query == {"nick": "ann bob&c", "room": "Küche?"}
        assert (chat.nick, chat.room) == ("ann bob&c", "Küche?")


async def test_asks_for_nothing_by_default(versions: ScriptedServer) -> None:
    """Without nick and room the client takes what the server gives it."""
    async with entered(versions, None) as (chat, caller):
        assert caller.query == {}
        assert (chat.nick, chat.room) == ("User1", "default")


async def test_closes_politely(versions: ScriptedServer) -> None:
    """Leaving sends a close frame, ends the iteration, and refuses further requests."""
    async with entered(versions) as (chat, caller):
        pass
    assert await caller.ended() is WSMsgType.CLOSE
    assert [each async for each in chat] == []
    with pytest.raises(NotConnected):
        await chat.say("hi")
    await chat.close()


async def test_closes_politely_right_after_entering(versions: ScriptedServer) -> None:
    """Who leaves before doing anything says goodbye all the same."""
    chat = ChatClient(versions.url)
    entering = asyncio.create_task(chat.__aenter__())
    caller = await versions.called()
    await caller.greet()
    await entering
    await chat.close()
    assert await caller.ended() is WSMsgType.CLOSE


async def test_closes_politely_when_cancelled(versions: ScriptedServer) -> None:
    """A program that is stopped while it listens sends a close frame too."""

    async def listen() -> None:
        async with ChatClient(versions.url) as chat:
            async for _ in chat:
                listening.set()

    listening = asyncio.Event()
    task = asyncio.create_task(listen())
    caller = await versions.called()
    await caller.greet()
    await listening.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await caller.ended() is WSMsgType.CLOSE


async def test_closes_when_cancelled_while_entering(versions: ScriptedServer) -> None:
    """A program that is stopped before the server greeted it leaves no connection behind."""
    entering = asyncio.create_task(ChatClient(versions.url).__aenter__())
    caller = await versions.called()
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    await caller.ended()


async def test_closes_beside_a_server_that_does_not(
    versions: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that never answers the close frame cannot keep the client."""
    monkeypatch.setattr(call_module, "CLOSING", 0.01)
    async with entered(versions) as (chat, caller):
        caller.stop_reading()
        with contextlib.suppress(ConnectionLost):
            saying = asyncio.create_task(chat.say("hi"))
            await asyncio.sleep(0)
            await chat.close()
            await saying
    caller.read_again()
    await caller.ended()


@pytest.mark.parametrize(
    "url",
    ["localhost:8080/chat", "chat", "http://[", "ws://localhost:99999/chat", "ws://h.invalid/chat"],
)
async def test_tells_what_is_no_address(url: str) -> None:
    """An address that cannot be connected to is repeated, with what is wrong."""
    with pytest.raises(Unreachable, match=r".+: .+") as raised:
        await ChatClient(url).__aenter__()
    assert str(raised.value).startswith(url)


async def test_tells_that_nothing_answers() -> None:
    """Where nothing listens, the client says so."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{closed.getsockname()[1]}/chat"
        with pytest.raises(Unreachable, match="nothing answers there"):
            await ChatClient(url).__aenter__()


async def test_tells_of_something_else_than_a_chat(versions: ScriptedServer) -> None:
    """A web server without a chat at this address is told apart from none."""
    with pytest.raises(Unreachable, match="404"):
        await ChatClient(f"{versions.url}/elsewhere").__aenter__()


async def test_tells_of_a_server_that_never_greets(
    versions: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that talks, but never greets, is given up."""
    monkeypatch.setattr(call_module, "OPENING", 0.2)
    entering = asyncio.create_task(ChatClient(versions.url).__aenter__())
    caller = await versions.called()
    await caller.tell({"action": "connecting"})
    with pytest.raises(Unreachable, match="does not answer"):
        await entering
    assert await caller.ended() is WSMsgType.CLOSE


async def test_tells_of_a_server_that_closes_at_once(versions: ScriptedServer) -> None:
    """The reason of a server that sends everyone away is passed on."""
    entering = asyncio.create_task(ChatClient(versions.url).__aenter__())
    await (await versions.called()).close(1013, "come back later")
    with pytest.raises(Unreachable, match="1013: come back later"):
        await entering


async def test_tells_what_happens_in_order(versions: ScriptedServer) -> None:
    """Notices become events, in the order in which the server sent them."""
    async with entered(versions) as (chat, caller):
        await caller.tell({"action": "joined", "room": "default", "user": "bob"})
        await caller.says("hi")
        left = {"action": "left", "room": "default", "user": "bob", "shame": True}
        await caller.tell(left)
        await caller.tell(left | {"user": "ann", "shame": False, "reason": "karma"})
        joined, said, *lefts = [await event(chat) for _ in range(4)]
        assert joined == Joined("bob")
        assert isinstance(said, Said)
        assert (said.user, said.message, said.id) == ("bob", "hi", versions.version - 1)
        assert lefts == [Left("bob", Reason.LOST), Left("ann", Reason.CLOSED)]


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "not JSON",
        "NaN",
        '"text"',
        "[1]",
        "[" * 100_000,
        "{}",
        '{"action":"joined"}',
        '{"action":"joined","user":{"a":1}}',
        '{"action":"chat_message","message":"\\ud800","user":"bob"}',
        '{"action":"chat_message","success":true}',
        '{"action":"chat_message","message":"hi","user":1,"id":1,"ts":1}',
        '{"action":"chat_message","message":"hi","user":"bob","id":"1","ts":1}',
        '{"action":"chat_message","message":"hi","user":"bob","id":true,"ts":1}',
        '{"action":"caught_up","users":[]}',
        '{"action":"gap","from":0,"to":-1}',
        '{"action":"gap","from":[],"to":{}}',
        '{"action":"left","user":"bob"}',
        '{"success":true,"ref":99}',
        '{"success":false,"ref":[1],"action":{}}',
        b"\x00\xff",
    ],
)
async def test_survives_garbage(versions: ScriptedServer, garbage: str | bytes) -> None:
    """What makes no sense is passed over, and the connection lives on."""
    async with entered(versions) as (chat, caller):
        await caller.tell_raw(garbage)
        await caller.tell({"action": "joined", "room": "default", "user": "bob"})
        assert await event(chat) == Joined("bob")
