"""Version 1 of the wire stays as it is, also beside people and requests of version 2."""

import pytest

from tests.strangers import Stranger, guest, handshake, request
from tests.transcript import House

LEFT = {"action": "left", "room": "default", "user": "eve", "shame": False}


@pytest.mark.parametrize("protocols", [(), ("chat.v9",), ("chat", "soap")])
async def test_whoever_asks_for_nothing_known_speaks_version_1(
    house: House, protocols: tuple[str, ...]
) -> None:
    """Without a subprotocol, or with unknown ones, the greeting is that of version 1."""
    ann = await house.opens("/chat?nick=ann", protocols=protocols)
    assert ann.ws.protocol is None
    assert await ann.hears_text() == '{"action":"connecting","room":"default","user":"ann"}'
    await ann.has_heard_all()


async def test_what_version_2_asks_for_means_nothing(house: House) -> None:
    """Keys and actions of version 2 are no part of version 1: no reply has a key more."""
    ann, bob = await house.gathers("ann", "bob")
    reply = await ann.asks("resume", session="x", room="default", epoch="x", after=0)
    assert reply.pop("message")
    assert reply == {"action": "resume", "success": False}
    for _ in range(2):
        assert await ann.asks("chat_message", message="hello", key="k") == {
            "action": "chat_message",
            "success": True,
            "message": "hello",
        }
        assert await bob.hears() == {"action": "chat_message", "message": "hello", "user": "ann"}
    await ann.sends('{"action":"join_room","room":"tea","epoch":"x","after":0}')
    assert await ann.hears_text() == '{"action":"join_room","success":true,"message":""}'
    await ann.has_heard_all()


async def test_refusals_have_no_code(house: House) -> None:
    """What is refused is refused with three keys, or with `ref` besides."""
    ann, _bob = await house.gathers("ann", "bob")
    refused = [
        await ann.asks("set_nick", nick="bob"),
        await ann.asks("set_nick", nick=""),
        await ann.asks("join_room", room=""),
        await ann.asks("chat_message", message=""),
        await ann.asks("history", limit=0),
        await ann.asks("dance"),
    ]
    for reply in refused:
        assert list(reply) == ["action", "success", "message"]


async def test_people_of_version_2_are_heard_in_version_1(house: House) -> None:
    """Ann hears of Eve, who speaks version 2, in bodies of version 1, to the letter."""
    ann = await house.lets_in("ann")
    eve = await house.opens("/chat?nick=eve", protocols=("chat.v2",))
    assert eve.ws.protocol == "chat.v2"
    assert (await eve.hears())["version"] == 2
    await eve.says("chat_message", message="hello", key="k")
    await eve.says("set_nick", nick="zoe")
    await eve.says("set_nick", nick="eve")
    assert [await ann.hears_text() for _ in range(4)] == [
        '{"action":"joined","room":"default","user":"eve"}',
        '{"action":"chat_message","message":"hello","user":"eve"}',
        '{"action":"nick_changed","room":"default","from_user":"eve","to_user":"zoe"}',
        '{"action":"nick_changed","room":"default","from_user":"zoe","to_user":"eve"}',
    ]
    assert (await ann.asks("user_list"))["users"] == ["ann", "eve"]
    await eve.leaves()
    assert await ann.hears() == LEFT
    await ann.has_heard_all()


async def test_people_of_version_2_say_when_they_move(house: House) -> None:
    """Eve moves away: Ann hears `left` without a reason."""
    ann = await house.lets_in("ann")
    eve = await house.opens("/chat?nick=eve", protocols=("chat.v2",))
    await eve.hears()
    await eve.says("user_list")
    assert await ann.hears() == {"action": "joined", "room": "default", "user": "eve"}
    await eve.says("join_room", room="tea")
    assert await ann.hears() == LEFT
    await ann.has_heard_all()


async def test_people_of_version_1_have_no_grace(house: House) -> None:
    """When a version 1 line breaks all hear it at once, and the nick is free at once."""
    ann, bob = await house.gathers("ann", "bob")
    bob.vanishes()
    assert await ann.hears() == LEFT | {"user": "bob", "shame": True}
    await house.lets_in("bob")
    assert await ann.hears() == {"action": "joined", "room": "default", "user": "bob"}


async def test_what_comes_along_with_the_handshake_counts(house: House) -> None:
    """Requests in the same packet as the handshake are answered, behind the greeting."""
    async with Stranger(house.port) as ann:
        await ann.sends(handshake("/chat?nick=ann") + request("room_list") + request("user_list"))
        assert b" 101 " in await ann.reads_head()
        assert [(await ann.hears())["action"] for _ in range(3)] == [
            "connecting",
            "room_list",
            "user_list",
        ]


async def test_whoever_hangs_up_behind_the_handshake_has_come_and_gone(house: House) -> None:
    """Two hundred who hang up as soon as they have knocked leave nobody behind."""
    async with guest(house.port, "ann", "tea") as ann:
        for number in range(200):
            async with Stranger(house.port) as stranger:
                await stranger.sends(handshake(f"/chat?nick=n{number}"))
                if number % 2:
                    await stranger.reads(1)
        rooms = None
        while rooms != [{"room": "tea", "users": 1}]:
            await ann.sends(request("room_list"))
            rooms = (await ann.hears())["rooms"]
