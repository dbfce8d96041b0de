"""The order of replies and notices, and what happens in the same instant."""

import asyncio
import json

import pytest

from tests.transcript import Body, House, Person

DONE = {"success": True, "message": ""}


async def replies(person: Person, count: int) -> list[Body]:
    """Return the next bodies that come."""
    return [await person.hears() for _ in range(count)]


def mixed_requests() -> list[tuple[Body, Body]]:
    """Return fifty requests of every kind, each with the beginning of its reply."""
    refused = {"success": False}
    kinds: list[tuple[Body, Body]] = [
        ({"action": "chat_message", "message": "hello"}, {"success": True, "message": "hello"}),
        ({"action": "set_nick", "nick": "eve"}, DONE),
        ({"action": "chat_message", "message": ""}, refused),
        ({"action": "user_list"}, {"success": True, "users": ["eve"]}),
        ({"action": "join_room", "room": "tea"}, DONE),
        ({"action": "chat_message", "message": "again"}, {"success": True, "message": "again"}),
        ({"action": "dance"}, refused),
        ({"action": "history"}, {"success": True, "room": "tea"}),
        ({"action": "join_room", "room": ""}, refused),
        ({"action": "set_nick", "nick": "ann"}, DONE),
        ({"action": "user_list", "room": "elsewhere"}, {"success": True, "users": []}),
        ({"action": "room_list"}, {"success": True, "rooms": [{"room": "tea", "users": 1}]}),
        ({"action": "join_room", "room": "default"}, DONE),
    ]
    return [kinds[index % len(kinds)] for index in range(50)]


async def test_replies_come_in_the_order_of_requests(house: House) -> None:
    """Fifty requests of all kinds sent at once get fifty replies, each at its place."""
    ann = await house.lets_in("ann")
    requests = mixed_requests()
    for ref, (request, _reply) in enumerate(requests):
        await ann.says(**request, ref=ref)
    for ref, ((request, expected), reply) in enumerate(
        zip(requests, await replies(ann, 50), strict=True)
    ):
        assert reply["ref"] == ref
        assert reply["action"] == request["action"]
        assert expected.items() <= reply.items()
    await ann.has_heard_all()


async def test_messages_under_way_and_refusals_keep_their_order(house: House) -> None:
    """A thousand messages sent at once, some refused, are answered in order and heard in order."""
    ann, bob = await house.gathers("ann", "bob")
    texts = [str(number) if number % 7 else "" for number in range(1000)]
    for ref, text in enumerate(texts):
        await ann.says("chat_message", message=text, ref=ref)
    for ref, text in enumerate(texts):
        reply = await ann.hears()
        assert (reply["ref"], reply["success"]) == (ref, bool(text))
    said = [text for text in texts if text]
    assert [body["message"] for body in await replies(bob, len(said))] == said
    for person in (ann, bob):
        await person.has_heard_all()


@pytest.mark.parametrize("ref", ["", "r" * 64, "é😀", 0, 1, 2**53 - 1])
@pytest.mark.parametrize(
    "request_",
    [
        {"action": "set_nick", "nick": "eve"},
        {"action": "set_nick", "nick": ""},
        {"action": "join_room", "room": "tea"},
        {"action": "join_room", "room": ""},
        {"action": "chat_message", "message": "hello"},
        {"action": "chat_message", "message": ""},
        {"action": "user_list"},
        {"action": "user_list", "room": ""},
        {"action": "room_list"},
        {"action": "history"},
        {"action": "history", "limit": 0},
        {"action": "dance"},
        {"action": None},
        {},
    ],
)
async def test_a_reply_carries_the_ref_of_its_request(
    house: House, request_: Body, ref: object
) -> None:
    """Whatever is asked for, and whether it works or not, the reply repeats the `ref`."""
    ann, bob = await house.gathers("ann", "bob")
    await ann.sends(json.dumps(request_))
    plain = await ann.hears()
    eve = await house.lets_in("dan", "den")
    await eve.sends(json.dumps(request_ | {"ref": ref}))
    reply = await eve.hears()
    assert reply["ref"] == ref
    assert type(reply["ref"]) is type(ref)
    assert reply.keys() == plain.keys() | {"ref"}
    assert reply["action"] == request_.get("action")
    await bob.says("room_list", ref="is that all?")
    while "success" not in (notice := await bob.hears()):
        assert "ref" not in notice


@pytest.mark.parametrize("ref", ["r" * 65, -1, 2**53, 1.5, True, None, [], {}])
async def test_a_ref_that_is_none_is_refused(house: House, ref: object) -> None:
    """Whoever sends another kind of `ref` is told the rule, and nothing is done."""
    ann, bob = await house.gathers("ann", "bob")
    reply = await ann.asks("chat_message", message="hello", ref=ref)
    assert '"ref"' in reply.pop("message")
    assert reply == {"action": "chat_message", "success": False}
    await bob.has_heard_all()


async def test_one_nick_goes_to_one_of_those_who_ask_in_the_same_instant(house: House) -> None:
    """Of nine people who take one nick at once, one gets it and eight are refused."""
    people = await house.gathers(*(f"p{number}" for number in range(9)))
    await asyncio.gather(*(person.says("set_nick", nick="Max", ref=1) for person in people))
    outcomes = []
    for person in people:
        while "ref" not in (body := await person.hears()):
            assert body["action"] == "nick_changed"
            assert body["to_user"] == "Max"
        outcomes.append(body["success"])
    assert sorted(outcomes) == [False] * 8 + [True]
    users = list(house.rooms["default"])
    assert sorted(users) == sorted(
        "Max" if won else f"p{number}" for number, won in enumerate(outcomes)
    )


async def test_one_nick_goes_to_one_of_those_who_enter_in_the_same_instant(house: House) -> None:
    """Of nine people who connect as Max at once, one is Max and the others are not."""
    people = await asyncio.gather(
        *(house.opens(params={"nick": nick}) for nick in ["Max", "MAX", "max"] * 3)
    )
    nicks = [(await person.hears())["user"] for person in people]
    assert len({nick.lower() for nick in nicks}) == 9
    assert len([nick for nick in nicks if nick.lower() == "max"]) == 1


async def test_a_nick_changes_between_messages_that_are_under_way(house: House) -> None:
    """Bob hears what Ann said before under her old nick, and after under her new one."""
    ann, bob = await house.gathers("ann", "bob")
    for number in range(20):
        await ann.says("chat_message", message=str(number))
        await ann.says("set_nick", nick=f"ann{number}")
    heard = await replies(bob, 40)
    nicks = ["ann", *(f"ann{number}" for number in range(20))]
    for number in range(20):
        old, new = nicks[number : number + 2]
        assert heard[2 * number] == {"action": "chat_message", "message": str(number), "user": old}
        assert heard[2 * number + 1] == {
            "action": "nick_changed",
            "room": "default",
            "from_user": old,
            "to_user": new,
        }
    for reply in await replies(ann, 40):
        assert reply["success"] is True


async def test_whoever_speaks_and_leaves_is_heard_before_they_left(house: House) -> None:
    """What Bob said, moving about, is heard in the room where he said it, and before he left."""
    ann, bob = await house.gathers("ann", "bob")
    cem = await house.lets_in("cem", "tea")
    await bob.says("chat_message", message="one")
    await bob.says("join_room", room="tea")
    await bob.says("chat_message", message="two")
    await bob.ws.close()
    assert [body["action"] for body in await replies(ann, 2)] == ["chat_message", "left"]
    assert [body["action"] for body in await replies(cem, 3)] == ["joined", "chat_message", "left"]


async def test_everybody_hears_one_order(house: House) -> None:
    """When all speak at once, everybody hears the others in one order, which the log has too."""
    nicks = ["ann", "bob", "cem", "dan"]
    people = await house.gathers(*nicks)
    for number in range(50):
        for person in people:
            await person.says("chat_message", message=f"{person.nick} {number}")
    orders = []
    for person in people:
        heard = await replies(person, 200)
        orders.append([body["message"] for body in heard])
    assert all(order == orders[0] for order in orders)
    log = (await people[0].asks("history", limit=200))["messages"]
    assert [said["message"] for said in log] == orders[0]
    assert [said["id"] for said in log] == list(range(1, 201))
