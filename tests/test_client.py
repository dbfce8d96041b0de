import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

import pytest
from aiohttp import WSMsgType
from pytest_aiohttp.plugin import AiohttpServer

import client as client_module
from calls import call as call_module
from client import (
    ChatClient,
    Connected,
    ConnectionLost,
    Disconnected,
    Event,
    Heard,
    Joined,
    NickChanged,
    NotConnected,
    Page,
    RequestRefused,
    Said,
    Unreachable,
)
from server import init_app
from tests.scripted import Body, Caller, ScriptedServer

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients try again at once."""
    monkeypatch.setattr(client_module, "backoff", lambda _: 0.0)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """Return a server that does what the test says; after the test no task is left."""
    async with ScriptedServer() as running:
        yield running
    left = [task for task in asyncio.all_tasks() if "ChatClient" in repr(task.get_coro())]
    assert not left


@contextlib.asynccontextmanager
async def entered(
    server: ScriptedServer, nick: str | None = "ann", room: str | None = None
) -> AsyncIterator[tuple[ChatClient, Caller]]:
    """Connect a client; both ends are there."""
    chat = ChatClient(server.url, nick=nick, room=room)
    entering = asyncio.create_task(chat.__aenter__())
    caller = await server.called()
    await caller.greet(nick or "User1", room or "default")
    await entering
    assert await event(chat) == Connected(chat.nick, chat.room)
    try:
        yield chat, caller
    finally:
        await chat.close()


async def event(chat: ChatClient) -> Event:
    """Return the next event."""
    return await anext(chat)


async def together(first: Awaitable[T], second: Awaitable[object]) -> T:
    """Wait for both, and return what the first came to."""
    return (await asyncio.gather(first, second))[0]


# Entering and leaving -----------------------------------------------------------------------


async def test_enters_under_the_nick_and_in_the_room_asked_for(server: ScriptedServer) -> None:
    """Nick and room are asked for on connecting, and kept as the server gave them."""
    async with entered(server, "ann bob&c", "Küche?") as (chat, caller):
        assert caller.query == {"nick": "ann bob&c", "room": "Küche?"}
        assert (chat.nick, chat.room) == ("ann bob&c", "Küche?")


async def test_asks_for_nothing_by_default(server: ScriptedServer) -> None:
    """Without nick and room the client takes what the server gives it."""
    async with entered(server, None) as (chat, caller):
        assert caller.query == {}
        assert (chat.nick, chat.room) == ("User1", "default")


async def test_closes_politely(server: ScriptedServer) -> None:
    """Leaving sends a close frame, ends the iteration, and refuses further requests."""
    async with entered(server) as (chat, caller):
        pass
    assert await caller.ended() is WSMsgType.CLOSE
    assert [each async for each in chat] == []
    with pytest.raises(NotConnected):
        await chat.say("hi")
    await chat.close()


async def test_closes_politely_right_after_entering(server: ScriptedServer) -> None:
    """Who leaves before doing anything says goodbye all the same."""
    chat = ChatClient(server.url)
    entering = asyncio.create_task(chat.__aenter__())
    caller = await server.called()
    await caller.greet()
    await entering
    await chat.close()
    assert await caller.ended() is WSMsgType.CLOSE


async def test_closes_politely_when_cancelled(server: ScriptedServer) -> None:
    """A program that is stopped while it listens sends a close frame too."""

    async def listen() -> None:
        async with ChatClient(server.url) as chat:
            async for _ in chat:
                listening.set()

    listening = asyncio.Event()
    task = asyncio.create_task(listen())
    caller = await server.called()
    await caller.greet()
    await listening.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await caller.ended() is WSMsgType.CLOSE


async def test_closes_when_cancelled_while_entering(server: ScriptedServer) -> None:
    """A program that is stopped before the server greeted it leaves no connection behind."""
    entering = asyncio.create_task(ChatClient(server.url).__aenter__())
    caller = await server.called()
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    await caller.ended()


async def test_closes_beside_a_server_that_does_not(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that never answers the close frame cannot keep the client."""
    monkeypatch.setattr(call_module, "CLOSING", 0.01)
    async with entered(server) as (chat, caller):
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


async def test_tells_of_something_else_than_a_chat(server: ScriptedServer) -> None:
    """A web server without a chat at this address is told apart from none."""
    with pytest.raises(Unreachable, match="404"):
        await ChatClient(f"{server.url}/elsewhere").__aenter__()


async def test_tells_of_a_server_that_never_greets(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that talks, but never greets, is given up."""
    monkeypatch.setattr(call_module, "OPENING", 0.2)
    entering = asyncio.create_task(ChatClient(server.url).__aenter__())
    caller = await server.called()
    await caller.tell({"action": "connecting"})
    with pytest.raises(Unreachable, match="does not answer"):
        await entering
    assert await caller.ended() is WSMsgType.CLOSE


async def test_tells_of_a_server_that_closes_at_once(server: ScriptedServer) -> None:
    """The reason of a server that sends everyone away is passed on."""
    entering = asyncio.create_task(ChatClient(server.url).__aenter__())
    await (await server.called()).close(1013, "come back later")
    with pytest.raises(Unreachable, match="1013: come back later"):
        await entering


# Listening ----------------------------------------------------------------------------------


async def test_tells_what_happens_in_order(server: ScriptedServer) -> None:
    """Notices become events, in the order in which the server sent them."""
    async with entered(server) as (chat, caller):
        await caller.tell({"action": "joined", "room": "default", "user": "bob"})
        await caller.tell({"action": "chat_message", "message": "hi", "user": "bob"})
        assert [await event(chat), await event(chat)] == [Joined("bob"), Heard("bob", "hi")]


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
        '{"success":true,"ref":99}',
        '{"success":false,"ref":[1],"action":{}}',
        b"\x00\xff",
    ],
)
async def test_survives_garbage(server: ScriptedServer, garbage: str | bytes) -> None:
    """What makes no sense is passed over, and the connection lives on."""
    async with entered(server) as (chat, caller):
        await caller.tell_raw(garbage)
        await caller.tell({"action": "joined", "room": "default", "user": "bob"})
        assert await event(chat) == Joined("bob")


# Asking -------------------------------------------------------------------------------------


async def test_matches_replies_by_their_reference(server: ScriptedServer) -> None:
    """Several requests may be under way; each gets its own reply, in whatever order they come."""
    async with entered(server) as (chat, caller):
        asking = [asyncio.create_task(chat.user_list(room)) for room in ("a", "b", "c")]
        requests = [await caller.asked() for _ in asking]
        for request in reversed(requests):
            await caller.answer(request, users=[f"in {request['room']}"])
        assert await asyncio.gather(*asking) == [["in a"], ["in b"], ["in c"]]


async def test_matches_replies_without_reference_by_their_order(server: ScriptedServer) -> None:
    """A server that repeats no `ref` still promises the order of replies."""
    async with entered(server) as (chat, caller):
        asking = [asyncio.create_task(chat.user_list(room)) for room in ("a", "b")]
        for room in ("a", "b"):
            await caller.asked()
            await caller.tell({"action": "user_list", "success": True, "users": [room]})
        assert await asyncio.gather(*asking) == [["a"], ["b"]]


async def test_requests_are_those_of_the_wire(server: ScriptedServer) -> None:
    """Each method sends its action and nothing that was not given."""
    async with entered(server) as (chat, caller):
        requests: list[tuple[Awaitable[object], Body]] = [
            (chat.say("hi"), {"action": "chat_message", "message": "hi"}),
            (chat.set_nick("bob"), {"action": "set_nick", "nick": "bob"}),
            (chat.join_room("den"), {"action": "join_room", "room": "den"}),
            (chat.user_list(), {"action": "user_list"}),
            (chat.user_list("den"), {"action": "user_list", "room": "den"}),
            (chat.room_list(), {"action": "room_list"}),
            (chat.history("den", after=3), {"action": "history", "room": "den", "after": 3}),
            (chat.history(before=9, limit=2), {"action": "history", "before": 9, "limit": 2}),
        ]
        for asking, body in requests:
            refused = asyncio.gather(asking, return_exceptions=True)
            request = await caller.answer_next(success=False)
            assert request == body | {"ref": request["ref"]}
            await refused


async def test_reads_the_lists(server: ScriptedServer) -> None:
    """Users, rooms and history come as lists of names, of pairs, and as a page."""
    async with entered(server) as (chat, caller):
        users = await together(chat.user_list(), caller.answer_next(room="default", users=["ann"]))
        rooms = await together(
            chat.room_list(), caller.answer_next(rooms=[{"room": "default", "users": 2}])
        )
        said = {"id": 1, "ts": 5, "user": "bob", "message": "hi"}
        page = await together(
            chat.history(),
            caller.answer_next(room="default", epoch="e", messages=[said], more=False),
        )
    assert users == ["ann"]
    assert rooms == [("default", 2)]
    assert page == Page("default", "e", [Said(1, 5, "bob", "hi")], more=False)


async def test_refusals_carry_the_text(server: ScriptedServer) -> None:
    """What the server refuses is raised with the server's words, and changes nothing."""
    async with entered(server) as (chat, caller):
        refusal = caller.answer_next(success=False, message="Nickname is already in use")
        with pytest.raises(RequestRefused, match="Nickname is already in use") as raised:
            await together(chat.set_nick("bob"), refusal)
        assert raised.value.text == "Nickname is already in use"
        assert chat.nick == "ann"


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"users": 1, "rooms": 1, "messages": 1},
        {"users": [1], "rooms": [1], "room": "r", "epoch": "e", "messages": [1], "more": True},
        {"rooms": [{"room": "a", "users": "many"}]},
        {"success": None},
        {"success": 1, "message": [1]},
    ],
)
async def test_replies_that_make_no_sense_are_refusals(
    server: ScriptedServer, reply: dict[str, object]
) -> None:
    """A reply of the wrong shape fails its own request and nothing else."""
    async with entered(server) as (chat, caller):
        for asking in (chat.user_list, chat.room_list, chat.history):
            with pytest.raises(RequestRefused):
                await together(asking(), caller.answer_next(**reply))


async def test_knows_where_it_is(server: ScriptedServer) -> None:
    """Nick and room follow the replies; a list of the current room spells it as it is shown."""
    async with entered(server) as (chat, caller):
        await together(chat.set_nick(" anna "), caller.answer_next())
        await together(chat.join_room("DEN"), caller.answer_next())
        assert (chat.nick, chat.room) == ("anna", "DEN")
        await together(chat.user_list(), caller.answer_next(room="Den", users=[]))
        await together(chat.user_list("attic"), caller.answer_next(room="attic", users=[]))
        assert chat.room == "Den"


@pytest.mark.parametrize("text", ["x" * 65_536, "\ud800"])
async def test_sends_nothing_that_ends_the_connection(server: ScriptedServer, text: str) -> None:
    """What no server would take is refused here, and the connection lives on."""
    async with entered(server) as (chat, caller):
        with pytest.raises(RequestRefused):
            await chat.say(text)
        request = await together(caller.answer_next(), chat.say("short"))
        assert request["message"] == "short"


async def test_a_reply_nobody_waits_for_any_more_counts(server: ScriptedServer) -> None:
    """Who stopped waiting for a change has it all the same once the server made it."""
    async with entered(server) as (chat, caller):
        changing = asyncio.create_task(chat.set_nick("bob"))
        request = await caller.asked()
        changing.cancel()
        await asyncio.wait([changing])
        await caller.answer(request)
        await together(chat.say("hi"), caller.answer_next())
        assert chat.nick == "bob"


# Losing and regaining the connection --------------------------------------------------------


async def test_requests_fail_when_the_connection_ends(server: ScriptedServer) -> None:
    """Who waits for a reply learns that the connection ended, with the reason."""
    async with entered(server) as (chat, caller):
        asking = [asyncio.create_task(chat.say(text)) for text in ("a", "b")]
        for _ in asking:
            await caller.asked()
        await caller.close(1012, "stopping")
        for each in asking:
            with pytest.raises(ConnectionLost, match="1012: stopping") as raised:
                await each
            assert not isinstance(raised.value, NotConnected)


async def test_requests_fail_at_once_without_a_connection(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While there is no connection nothing is sent, and that is said."""
    monkeypatch.setattr(client_module, "backoff", lambda _: 60.0)
    async with entered(server) as (chat, caller):
        caller.cut()
        assert isinstance(await event(chat), Disconnected)
        with pytest.raises(NotConnected):
            await chat.say("hi")


async def test_a_sender_that_fails_ends_the_connection(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failing sender ends the reader too: the client says goodbye, and comes back."""
    async with entered(server) as (chat, caller):

        async def fail(_: str) -> None:
            raise OSError("no way out")

        assert chat._call is not None
        monkeypatch.setattr(chat._call._ws, "send_str", fail)
        with pytest.raises(ConnectionLost, match="no way out"):
            await chat.say("hi")
        assert await caller.ended() is WSMsgType.CLOSE
        await (await server.called()).greet("ann")
        assert isinstance(await event(chat), Disconnected)
        assert await event(chat) == Connected("ann", "default")


@pytest.mark.parametrize("politely", [True, False])
async def test_comes_back(server: ScriptedServer, *, politely: bool) -> None:
    """However the connection ended, the client re-enters its room under its nick."""
    async with entered(server) as (chat, caller):
        await together(chat.set_nick("bob"), caller.answer_next())
        await together(chat.join_room("den"), caller.answer_next())
        if politely:
            await caller.close()
        else:
            caller.cut()
        again = await server.called()
        assert again.query == {"nick": "bob", "room": "den"}
        await again.greet("bob", "den")
        gone = await event(chat)
        assert isinstance(gone, Disconnected)
        assert gone.retry_in == 0
        assert await event(chat) == Connected("bob", "den")
        await together(chat.say("hi"), again.answer_next())


async def test_tries_again_and_again(server: ScriptedServer) -> None:
    """An attempt that fails is told, and the next one made."""
    async with entered(server) as (chat, caller):
        caller.cut()
        await (await server.called()).close(1013, "full")
        await (await server.called()).greet()
        reasons = [await event(chat), await event(chat)]
        assert all(isinstance(each, Disconnected) for each in reasons)
        assert "1013: full" in str(reasons[1])
        assert await event(chat) == Connected("ann", "default")


async def test_a_server_that_ends_every_connection_is_not_pressed(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pauses go on growing while connections end as soon as they begin."""
    attempts: list[int] = []

    def note(attempt: int) -> float:
        attempts.append(attempt)
        return 0.0

    monkeypatch.setattr(client_module, "backoff", note)
    async with entered(server) as (_, caller):
        for _ in range(3):
            await caller.close()
            caller = await (await server.called()).greet()  # noqa: PLW2901 - the newest
    assert attempts == [0, 1, 2]


async def test_takes_its_nick_back(server: ScriptedServer) -> None:
    """A nick that is taken at the return is asked for until it is free, and that is told."""
    async with entered(server) as (chat, caller):
        caller.cut()
        again = await server.called()
        await again.greet("User7")
        taken = {"success": False, "message": "Nickname is already in use"}
        assert (await again.answer_next(**taken))["nick"] == "ann"
        assert (await again.answer_next())["nick"] == "ann"
        await event(chat)
        assert await event(chat) == Connected("User7", "default")
        assert await event(chat) == NickChanged("User7", "ann")
        assert chat.nick == "ann"


async def test_a_nick_chosen_meanwhile_is_kept(server: ScriptedServer) -> None:
    """Who takes another nick while the old one is being asked for wants the old one no more."""
    async with entered(server) as (chat, caller):
        caller.cut()
        again = await server.called()
        await again.greet("User7")
        retaking = await again.asked()
        choosing = asyncio.create_task(chat.set_nick("rob"))
        await again.answer(await again.asked())
        await choosing
        await again.answer(retaking, success=False)
        await together(chat.say("hi"), again.answer_next())
        assert chat.nick == "rob"
        again.cut()
        third = await server.called()
        assert third.query["nick"] == "rob"
        await third.greet("rob")


# With the real server -----------------------------------------------------------------------


@pytest.fixture
async def url(aiohttp_server: AiohttpServer) -> str:
    """Return the address of a chat that runs."""
    running = await aiohttp_server(await init_app())
    return str(running.make_url("/chat").with_scheme("ws"))


async def test_two_talk(url: str) -> None:
    """Ann and bob hear each other come, talk, change and leave on the real server."""
    async with ChatClient(url, nick="ann") as ann:
        assert await event(ann) == Connected("ann", "default")
        async with ChatClient(url, nick="bob") as bob:
            assert await event(ann) == Joined("bob")
            await bob.say("hi\nthere")
            assert await event(ann) == Heard("bob", "hi\nthere")
            assert await ann.user_list() == ["ann", "bob"]
            await bob.set_nick("rob")
            assert await event(ann) == NickChanged("bob", "rob")
            with pytest.raises(RequestRefused, match="Nickname is already in use"):
                await bob.set_nick("ANN")
            await bob.join_room("den")
            assert await ann.room_list() in (
                [("default", 1), ("den", 1)],
                [("den", 1), ("default", 1)],
            )
        page = await ann.history(limit=5)
        assert [(said.id, said.user, said.message) for said in page.messages] == [
            (1, "bob", "hi\nthere")
        ]
        assert not page.more


async def test_a_hundred_requests_side_by_side(url: str) -> None:
    """Requests that are under way together are each answered, on the real server too."""
    async with ChatClient(url) as chat:
        refused = await asyncio.gather(
            *(chat.user_list(f"room {number}") for number in range(30)),
            *(chat.say("") for _ in range(5)),
            return_exceptions=True,
        )
    assert refused[:30] == [[]] * 30
    assert all(isinstance(each, RequestRefused) for each in refused[30:])


async def test_comes_back_to_the_real_server(url: str) -> None:
    """A client whose line is cut is soon back under its nick, however long the old line lingers."""
    async with ChatClient(url, nick="ann", room="den") as chat:
        assert await event(chat) == Connected("ann", "den")
        assert chat._call is not None
        transport = chat._call._ws._response.connection.transport  # type: ignore[union-attr]
        assert transport is not None
        transport.abort()
        assert isinstance(await event(chat), Disconnected)
        while chat.nick != "ann" or not isinstance(await event(chat), Connected | NickChanged):
            pass
        await chat.say("back")
