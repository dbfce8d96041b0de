"""What `connecting` says, and when the others hear of somebody."""

import pytest

import chat.person
from tests.strangers import Stranger, handshake, request
from tests.transcript import House
from tests.version2.guests import V2, arrives, comes, gathers, resumes

GAINED = {"version", "epoch", "last_id", "users", "session", "limits"}


async def test_connecting_says_where_one_is(house: House) -> None:
    """The greeting holds the place in the log, the people, a token and the limits."""
    ann = await comes(house, "ann")
    await ann.says_all("one", "two")
    bob = await arrives(house, "bob")
    greeting = bob.greeting
    assert greeting.keys() == {"action", "room", "user"} | GAINED
    assert (greeting["room"], greeting["user"], greeting["version"]) == ("default", "bob", 2)
    assert (greeting["last_id"], greeting["users"]) == (2, ["ann", "bob"])
    assert greeting["epoch"] == (await ann.asks("history"))["epoch"]
    assert (
        greeting["limits"].items()
        >= {
            "frame": 65536,
            "message": 4096,
            "nick": 32,
            "room": 64,
        }.items()
    )


async def test_tokens_differ_and_are_long(house: House) -> None:
    """No two sessions have one token, and none is short enough to be guessed."""
    tokens = {(await arrives(house)).session for _ in range(20)}
    assert len(tokens) == 20
    assert min(map(len, tokens)) >= 20


@pytest.mark.parametrize("protocols", ["chat.v3", "chat", "CHAT.V2x", "soap, chat.v1"])
async def test_another_subprotocol_is_version_1(house: House, protocols: str) -> None:
    """Who asks for what we do not speak gets no subprotocol, and not one key more."""
    async with Stranger(house.port) as bob:
        await bob.sends(handshake("/chat?nick=bob", {"Sec-WebSocket-Protocol": protocols}))
        assert b"sec-websocket-protocol" not in (await bob.reads_head()).lower()
        assert (await bob.hears()).keys() == {"action", "room", "user"}


async def test_version_2_is_picked_among_others(house: House) -> None:
    """The server picks it wherever it stands in the list."""
    async with Stranger(house.port) as bob:
        headers = {"Sec-WebSocket-Protocol": "soap, chat.v2, chat.v9"}
        await bob.sends(handshake("/chat?nick=bob", headers))
        assert b"\r\nSec-WebSocket-Protocol: chat.v2\r\n" in await bob.reads_head()
        assert (await bob.hears()).keys() >= GAINED


@pytest.mark.parametrize(
    "asked",
    [
        {"action": "room_list"},
        {"action": "chat_message", "message": ""},
        {"action": "no such thing"},
        {"action": "set_nick", "nick": "bob"},
    ],
)
async def test_the_first_request_announces(house: House, asked: dict[str, str]) -> None:
    """The others hear of Bob with his first request, whatever comes of it, and only once."""
    ann = await comes(house, "ann")
    bob = await arrives(house, "bob")
    await ann.has_heard_all()
    assert await ann.users() == ["ann"]
    assert (await ann.asks("room_list"))["rooms"] == [{"room": "default", "users": 1}]
    await bob.asks(**asked)
    await ann.hears_joined("bob")
    await bob.asks(**asked)
    await ann.has_heard_all()
    assert await ann.users() == ["ann", "bob"]


async def test_a_second_announces(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for nothing is heard after a while all the same."""
    ann = await comes(house, "ann")
    monkeypatch.setattr(chat.person, "ANNOUNCED_AFTER", 0.0)
    bob = await arrives(house, "bob")
    await ann.hears_joined("bob")
    await bob.has_heard_all()
    await ann.has_heard_all()


async def test_who_asks_for_nothing_and_leaves_is_not_heard(house: House) -> None:
    """Whoever closes, or is lost, before the others knew is not heard to leave either."""
    ann = await comes(house, "ann")
    await (await arrives(house, "bob")).leaves()
    (await arrives(house, "cem")).vanishes()
    while len(house.rooms["default"]) > 1:
        await ann.has_heard_all()
    await ann.has_heard_all()


async def test_whose_first_request_is_join_room_is_heard_only_there(house: House) -> None:
    """The room of the connecting hears nothing, the room that is entered hears one `joined`."""
    ann = await comes(house, "ann")
    eve = await comes(house, "eve", room="tea")
    bob = await arrives(house, "bob")
    reply = await bob.asks("join_room", room="tea")
    assert (reply["success"], reply["users"]) == (True, ["eve", "bob"])
    await eve.hears_joined("bob", "tea")
    for person in (ann, eve, bob):
        await person.has_heard_all()


async def test_whose_first_request_is_join_room_where_they_are_is_heard(house: House) -> None:
    """To join the room of the connecting is to stay there: the others hear `joined`."""
    ann = await comes(house, "ann")
    bob = await arrives(house, "bob")
    assert (await bob.asks("join_room", room="default"))["users"] == ["ann", "bob"]
    await ann.hears_joined("bob")
    await ann.has_heard_all()


async def test_whose_first_join_room_fails_is_heard_later(house: House) -> None:
    """Bob's nick is taken in the other room: he stays, and is heard with his next request."""
    ann = await comes(house, "ann")
    await comes(house, "bob", room="tea")
    bob = await arrives(house, "bob")
    assert (await bob.asks("join_room", room="tea"))["code"] == "nick_taken"
    await ann.has_heard_all()
    await bob.has_heard_all()
    await ann.hears_joined("bob")


async def test_whose_first_request_is_resume_is_heard_nowhere(house: House) -> None:
    """The room of the connecting hears nothing of somebody who only takes back a seat."""
    ann, bob = await gathers(house, "ann", "bob")
    again, reply = await resumes(house, bob)
    assert (reply["success"], reply["user"], reply["users"]) == (True, "bob", ["ann", "bob"])
    await again.has_heard_all()
    await ann.has_heard_all()


@pytest.mark.parametrize("headers", [{}, V2])
@pytest.mark.parametrize("room", ["default", "tea"])
async def test_connecting_comes_first_of_all(
    house: House, room: str, headers: dict[str, str]
) -> None:
    """A request that is sent together with the handshake is answered behind the greeting."""
    async with Stranger(house.port) as bob:
        await bob.sends(handshake("/chat?nick=bob", headers) + request("join_room", room=room))
        await bob.reads_head()
        assert (await bob.hears())["action"] == "connecting"
        assert (await bob.hears())["action"] == "join_room"


async def test_what_is_asked_with_the_handshake_is_recovered(house: House) -> None:
    """A join_room sent together with the handshake recovers what it says it recovers."""
    ann = await comes(house, "ann")
    await ann.says_all("one", "two")
    async with Stranger(house.port) as bob:
        ask = request("join_room", room="default", epoch=ann.epoch, after=0)
        await bob.sends(handshake("/chat?nick=bob", V2) + ask + request("room_list"))
        await bob.reads_head()
        heard = [await bob.hears() for _ in range(5)]
        assert heard[1]["recovered"] is True
        assert [body.get("message") for body in heard[2:4]] == ["one", "two"]
        assert heard[4]["action"] == "room_list"


async def test_what_is_resumed_with_the_handshake_is_recovered(house: House) -> None:
    """A resume sent together with the handshake takes the seat and recovers."""
    ann, bob = await gathers(house, "ann", "bob")
    await ann.says_all("one", "two")
    async with Stranger(house.port) as again:
        ask = request("resume", session=bob.session, room="default", epoch=bob.epoch, after=0)
        await again.sends(handshake("/chat", V2) + ask)
        await again.reads_head()
        heard = [await again.hears() for _ in range(4)]
        assert [body["action"] for body in heard[:2]] == ["connecting", "resume"]
        assert (heard[1]["user"], heard[1]["recovered"]) == ("bob", True)
        assert [body.get("message") for body in heard[2:]] == ["one", "two"]


async def test_the_users_are_true_for_who_was_not_announced(house: House) -> None:
    """What Bob hears while nobody knows of him, applied to his greeting, gives the fresh list."""
    await comes(house, "ann")
    bob = await arrives(house, "bob")
    await comes(house, "cem")
    users = bob.greeting["users"]
    await bob.says("user_list")
    while (body := await bob.hears())["action"] == "joined":
        users.append(body["user"])
    assert sorted(body["users"]) == sorted(users)
