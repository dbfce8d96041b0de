import re

import pytest

from tests.transcript import Body, House

AGAIN = {"action": "chat_message", "message": "hello", "user": "ann"}


async def test_whoever_connects_is_told_a_random_nick_and_the_room(house: House) -> None:
    """The first thing one hears is one's nick, `User` and digits, and the room `default`."""
    person = await house.opens()
    text = await person.hears_text()
    assert re.fullmatch(r'\{"action":"connecting","room":"default","user":"User\d+"\}', text)
    await person.has_heard_all()


async def test_random_nicks_differ(house: House) -> None:
    """Two people who ask for no nick get two."""
    people = [await house.lets_in() for _ in range(20)]
    assert len({person.nick for person in people}) == 20


async def test_one_enters_the_room_under_the_nick_one_asks_for(house: House) -> None:
    """Ann asks for room and nick in the address, and gets both."""
    ann = await house.opens("/chat?room=tea&nick=ann")
    assert await ann.hears_text() == '{"action":"connecting","room":"tea","user":"ann"}'


@pytest.mark.parametrize(
    "nick",
    ["", " ", "a b", "a:b", "n" * 33, "Karaoke", "kARAOKE", "a\u200bb", "a\u202eb", "a\x07", "⠀"],
)
async def test_a_nick_that_is_invalid_falls_back_to_a_random_one(house: House, nick: str) -> None:
    """Whoever asks for no valid nick enters the room under a random one."""
    person = await house.opens(params={"nick": nick, "room": "tea"})
    greeting = await person.hears()
    assert re.fullmatch(r"User\d+", greeting.pop("user"))
    assert greeting == {"action": "connecting", "room": "tea"}


@pytest.mark.parametrize("room", ["", " ", "r" * 65, "a\u200db", "a\x00"])
async def test_a_room_that_is_invalid_falls_back_to_default(house: House, room: str) -> None:
    """Whoever asks for no valid room enters `default`, under the nick they ask for."""
    ann = await house.opens(params={"nick": "ann", "room": room})
    assert await ann.hears() == {"action": "connecting", "room": "default", "user": "ann"}


async def test_a_nick_that_is_taken_falls_back_to_a_random_one(house: House) -> None:
    """A second ann enters the room under a random nick, and the first hears that nick."""
    ann = await house.lets_in("ann", "tea")
    other = await house.opens(params={"nick": "ANN", "room": "tea"})
    greeting = await other.hears()
    assert re.fullmatch(r"User\d+", greeting["user"])
    assert greeting["room"] == "tea"
    assert await ann.hears() == {"action": "joined", "room": "tea", "user": greeting["user"]}


async def test_what_one_says_the_others_hear(house: House) -> None:
    """Ann says hello: she is answered, Bob and Cem hear it, and nobody hears more."""
    ann, bob, cem = await house.gathers("ann", "bob", "cem")
    await ann.sends('{"action":"chat_message","message":"hello"}')
    assert await ann.hears_text() == '{"action":"chat_message","success":true,"message":"hello"}'
    for person in (bob, cem):
        said = await person.hears_text()
        assert said == '{"action":"chat_message","message":"hello","user":"ann"}'
    for person in (ann, bob, cem):
        await person.has_heard_all()


@pytest.mark.parametrize(
    "text", ["é", "😀" * 4096, "a\tb\nc\r\nd", " ", '"\\', "\u2028", "x" * 4096]
)
async def test_a_text_arrives_as_it_was_said(house: House, text: str) -> None:
    """What Ann says is repeated to her, and told to Bob, without any change."""
    ann, bob = await house.gathers("ann", "bob")
    reply = await ann.asks("chat_message", message=text)
    assert reply == {"action": "chat_message", "success": True, "message": text}
    assert await bob.hears() == {"action": "chat_message", "message": text, "user": "ann"}


@pytest.mark.parametrize(
    "text", ["", "x" * 4097, "\x00", "a\x1b[31m", "\x7f", "\x85", None, 1, ["a"], {"a": 1}, True]
)
async def test_a_text_that_is_none_is_refused(house: House, text: object) -> None:
    """Ann is told the rule; Bob hears nothing."""
    ann, bob = await house.gathers("ann", "bob")
    reply = await ann.asks("chat_message", message=text)
    assert reply.pop("message")
    assert reply == {"action": "chat_message", "success": False}
    await bob.has_heard_all()


async def test_a_message_without_a_text_is_refused(house: House) -> None:
    """A `chat_message` needs a `message`."""
    ann = await house.lets_in("ann")
    assert (await ann.asks("chat_message"))["success"] is False


async def test_people_come_and_go(house: House) -> None:
    """Ann hears who enters, who leaves politely, and who is gone without a word."""
    ann = await house.lets_in("ann")
    bob = await house.lets_in("bob")
    assert await ann.hears_text() == '{"action":"joined","room":"default","user":"bob"}'
    await bob.leaves()
    left = '{"action":"left","room":"default","user":"bob","shame":false}'
    assert await ann.hears_text() == left
    bob = await house.lets_in("bob")
    assert await ann.hears() == {"action": "joined", "room": "default", "user": "bob"}
    bob.vanishes()
    assert await ann.hears_text() == left.replace("false", "true")
    await ann.has_heard_all()


async def test_whoever_moves_is_heard_in_both_rooms(house: House) -> None:
    """Bob moves to tea: those he left hear `left` without shame, those in tea `joined`."""
    ann, bob = await house.gathers("ann", "bob")
    cem = await house.lets_in("cem", "tea")
    await bob.sends('{"action":"join_room","room":"tea"}')
    assert await bob.hears_text() == '{"action":"join_room","success":true,"message":""}'
    assert await ann.hears() == {"action": "left", "room": "default", "user": "bob", "shame": False}
    assert await cem.hears() == {"action": "joined", "room": "tea", "user": "bob"}
    assert (await ann.asks("chat_message", message="hello"))["success"] is True
    for person in (ann, bob, cem):
        await person.has_heard_all()


async def test_a_nick_changes_for_the_others(house: House) -> None:
    """Ann takes another nick: she is answered, and the others hear of it, in their own room."""
    ann, bob = await house.gathers("ann", "bob")
    cem = await house.lets_in("cem", "tea")
    await ann.sends('{"action":"set_nick","nick":"eve"}')
    assert await ann.hears_text() == '{"action":"set_nick","success":true,"message":""}'
    changed = '{"action":"nick_changed","room":"default","from_user":"ann","to_user":"eve"}'
    assert await bob.hears_text() == changed
    for person in (ann, bob, cem):
        await person.has_heard_all()
    await ann.does("chat_message", message="hello")
    assert await bob.hears() == {"action": "chat_message", "message": "hello", "user": "eve"}


@pytest.mark.parametrize("nick", ["bob", "BOB", "\uff42\uff4f\uff42", " bob "])
async def test_a_nick_that_is_taken_is_refused(house: House, nick: str) -> None:
    """Ann cannot have Bob's nick, in whatever case or width, and keeps her own."""
    ann, bob = await house.gathers("ann", "bob")
    assert await ann.asks("set_nick", nick=nick) == {
        "action": "set_nick",
        "success": False,
        "message": "Nickname is already in use",
    }
    await bob.has_heard_all()
    assert (await ann.asks("user_list"))["users"] == ["ann", "bob"]


@pytest.mark.parametrize(
    "nick", [None, 7, "", "a b", "a:b", "n" * 33, "karaoke", "a\u2800", "\u200c"]
)
async def test_a_nick_that_is_invalid_is_refused(house: House, nick: object) -> None:
    """Whoever asks for no valid nick is told the rule and keeps the one they have."""
    ann = await house.lets_in("ann")
    reply = await ann.asks("set_nick", nick=nick)
    assert re.search(r"^A nick has|reserved", reply.pop("message"))
    assert reply == {"action": "set_nick", "success": False}
    assert (await ann.asks("user_list"))["users"] == ["ann"]


async def test_a_nick_that_is_taken_in_the_other_room_keeps_one_out(house: House) -> None:
    """Ann cannot enter a room where somebody has her nick, and stays where she is."""
    ann, bob = await house.gathers("ann", "bob")
    other = await house.lets_in("ANN", "tea")
    assert await ann.asks("join_room", room="tea") == {
        "action": "join_room",
        "success": False,
        "message": "Name already in use in this room.",
    }
    await bob.has_heard_all()
    await other.has_heard_all()
    assert (await ann.asks("user_list"))["room"] == "default"


@pytest.mark.parametrize("room", [None, [], "", "r" * 65, "a\u202eb", "\t"])
async def test_a_room_that_is_invalid_is_refused(house: House, room: object) -> None:
    """Whoever asks for no valid room is told the rule and stays."""
    ann = await house.lets_in("ann")
    reply = await ann.asks("join_room", room=room)
    assert "1 to 64" in reply.pop("message")
    assert reply == {"action": "join_room", "success": False}
    assert (await ann.asks("user_list"))["room"] == "default"


@pytest.mark.parametrize(
    "request_", [("set_nick", "nick", "ann"), ("join_room", "room", "default")]
)
async def test_what_one_has_one_gets_and_nobody_hears(
    house: House, request_: tuple[str, str, str]
) -> None:
    """To take one's own nick, or enter one's own room, works and tells nobody."""
    ann, bob = await house.gathers("ann", "bob")
    action, key, value = request_
    reply: Body = {"action": action, "success": True, "message": ""}
    assert await ann.asks(action, **{key: value}) == reply
    assert await ann.asks(action, **{key: f"  {value} "}) == reply
    await bob.has_heard_all()
    assert (await ann.asks("user_list"))["users"] == ["ann", "bob"]


async def test_one_room_has_many_spellings(house: House) -> None:
    """Bob finds Ann's room in another case and width, under the name that she gave it."""
    ann = await house.lets_in("ann", "Tea")
    bob = await house.opens("/chat?room=tEA&nick=bob")
    assert await bob.hears() == {"action": "connecting", "room": "Tea", "user": "bob"}
    assert await ann.hears() == {"action": "joined", "room": "Tea", "user": "bob"}
    assert await bob.asks("join_room", room="\uff34\uff25\uff21") == {
        "action": "join_room",
        "success": True,
        "message": "",
    }
    await ann.has_heard_all()
    users = {"action": "user_list", "success": True, "room": "Tea", "users": ["ann", "bob"]}
    assert await bob.asks("user_list", room="\uff54ea") == users
    await bob.does("chat_message", message="hello")
    assert (await ann.hears())["message"] == "hello"
    assert (await ann.asks("history", room="TEA"))["room"] == "Tea"
