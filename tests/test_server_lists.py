"""Who is where, which rooms there are, and what was said."""

import pytest

from tests.transcript import Body, House, Person


async def pages(person: Person, **asked: object) -> Body:
    """Return a page of the history, its messages by number only."""
    reply = await person.asks("history", **asked)
    reply["messages"] = [said["id"] for said in reply["messages"]]
    assert reply.pop("epoch")
    return reply


async def test_the_list_of_people_is_in_order_of_arrival(house: House) -> None:
    """Ann, Bob and Cem are listed as they came; a new nick keeps its place."""
    ann, bob, _cem = await house.gathers("ann", "bob", "cem")
    await ann.sends('{"action":"user_list"}')
    reply = '{"action":"user_list","success":true,"room":"default","users":["ann","bob","cem"]}'
    assert await ann.hears_text() == reply
    await bob.does("set_nick", nick="zoe")
    await ann.hears()
    dan = await house.lets_in("dan", "tea")
    users = ["ann", "zoe", "cem"]
    expected = {"action": "user_list", "success": True, "room": "default", "users": users}
    assert await dan.asks("user_list", room="default") == expected
    await dan.does("join_room", room="default")
    await bob.leaves()
    assert [await ann.hears(), await ann.hears()][1]["user"] == "zoe"
    assert (await ann.asks("user_list"))["users"] == ["ann", "cem", "dan"]


async def test_asking_for_a_room_creates_none(house: House) -> None:
    """A room that nobody is in has no users and no history, also after one asked."""
    ann = await house.lets_in("ann")
    await ann.sends('{"action":"user_list","room":"nowhere"}')
    reply = '{"action":"user_list","success":true,"room":"nowhere","users":[]}'
    assert await ann.hears_text() == reply
    assert await pages(ann, room="nowhere") == {
        "action": "history",
        "success": True,
        "room": "nowhere",
        "messages": [],
        "more": False,
    }
    assert list(house.rooms) == ["default"]


@pytest.mark.parametrize("action", ["user_list", "history"])
async def test_a_list_of_a_room_that_cannot_be_is_refused(house: House, action: str) -> None:
    """Whoever names no valid room is told the rule."""
    ann = await house.lets_in("ann")
    reply = await ann.asks(action, room="r" * 65)
    assert "1 to 64" in reply.pop("message")
    assert reply == {"action": action, "success": False}


async def test_rooms_hold_people_and_empty(house: House) -> None:
    """`app['websockets'][room][nick]` has everybody who is there, and no room without people."""
    ann = await house.lets_in("ann")
    bob = await house.lets_in("bob", "tea")
    rooms = house.app["websockets"]
    assert {room: list(rooms[room]) for room in rooms} == {"default": ["ann"], "tea": ["bob"]}
    assert rooms["TEA"]["BOB"] is rooms["tea"]["bob"]
    await ann.does("join_room", room="tea")
    assert {room: list(rooms[room]) for room in rooms} == {"tea": ["bob", "ann"]}
    await bob.hears()
    await ann.leaves()
    await bob.hears()
    assert {room: list(rooms[room]) for room in rooms} == {"tea": ["bob"]}
    await bob.leaves()
    cem = await house.lets_in("cem", "den")
    assert {room: list(rooms[room]) for room in rooms} == {"den": ["cem"]}
    await cem.has_heard_all()


async def test_rooms_are_listed_with_the_largest_first(house: House) -> None:
    """The list of rooms has each with how many are in it, the largest first."""
    ann = await house.lets_in("ann", "one")
    await house.gathers("a", "b", "c", room="three")
    await house.gathers("a", "b", room="two")
    await ann.sends('{"action":"room_list"}')
    assert await ann.hears_text() == (
        '{"action":"room_list","success":true,"rooms":[{"room":"three","users":3},'
        '{"room":"two","users":2},{"room":"one","users":1}]}'
    )


async def test_the_history_tells_who_said_what(house: House) -> None:
    """A page of the history has each message with its number, time, nick and text."""
    ann, bob = await house.gathers("ann", "bob")
    await ann.does("chat_message", message="hello")
    await bob.hears()
    await bob.does("chat_message", message="hi")
    reply = await bob.asks("history")
    messages = reply.pop("messages")
    assert isinstance(reply.pop("epoch"), str)
    assert reply == {"action": "history", "success": True, "room": "default", "more": False}
    first, second = (said.pop("ts") for said in messages)
    assert 1_600_000_000_000 < first <= second
    assert messages == [
        {"id": 1, "user": "ann", "message": "hello"},
        {"id": 2, "user": "bob", "message": "hi"},
    ]
    assert list(await bob.asks("history")) == [
        "action",
        "success",
        "room",
        "epoch",
        "messages",
        "more",
    ]


async def test_the_history_comes_in_pages(house: House) -> None:
    """A page has the newest, or what is before or after a number, and says if there is more."""
    ann = await house.lets_in("ann")
    for number in range(1, 261):
        await ann.does("chat_message", message=str(number))

    async def page(**asked: object) -> tuple[list[int], bool]:
        found = await pages(ann, **asked)
        return found["messages"], found["more"]

    assert await page() == (list(range(211, 261)), True)
    assert await page(limit=200) == (list(range(61, 261)), True)
    assert await page(limit=1) == ([260], True)
    assert await page(before=211) == (list(range(161, 211)), True)
    assert await page(before=3) == ([1, 2], False)
    assert await page(before=1) == ([], False)
    assert await page(before=0) == ([], False)
    assert await page(before=51) == (list(range(1, 51)), False)
    assert await page(before=52) == (list(range(2, 52)), True)
    assert await page(after=0) == (list(range(1, 51)), True)
    assert await page(after=210) == (list(range(211, 261)), False)
    assert await page(after=209) == (list(range(210, 260)), True)
    assert await page(after=260) == ([], False)
    assert await page(after=2**53 - 1) == ([], False)
    assert await page(before=2**53 - 1, limit=2) == ([259, 260], True)
    assert await page(after=10, before=14) == ([11, 12, 13], False)
    assert await page(after=10, before=14, limit=2) == ([11, 12], True)
    assert await page(after=10, before=5) == ([], False)


@pytest.mark.parametrize("key", ["before", "after", "limit"])
@pytest.mark.parametrize("value", [-1, "1", 1.5, True, [], 2**53])
async def test_a_page_that_cannot_be_is_refused(house: House, key: str, value: object) -> None:
    """Whoever asks for a page by anything but numbers is told the bounds."""
    ann = await house.lets_in("ann")
    reply = await ann.asks("history", **{key: value})
    assert f'"{key}"' in reply.pop("message")
    assert reply == {"action": "history", "success": False}


@pytest.mark.parametrize("limit", [0, 201])
async def test_a_page_has_one_to_two_hundred_messages(house: House, limit: int) -> None:
    """Whoever asks for none, or for too many, is refused."""
    ann = await house.lets_in("ann")
    assert (await ann.asks("history", limit=limit))["success"] is False


@pytest.mark.parametrize("letter", ["x", "😀", '"', "\n"])
async def test_a_page_ends_at_256_kib(house: House, letter: str) -> None:
    """Long messages make pages of at most 256 KiB of text, and walking them misses none."""
    ann = await house.lets_in("ann")
    for _ in range(100):
        await ann.does("chat_message", message=letter * 4096)
    walked: list[int] = []
    more = True
    while more:
        reply = await ann.asks("history", after=len(walked), limit=200)
        messages, more = reply["messages"], reply["more"]
        assert messages
        assert sum(len(said["message"].encode()) for said in messages) <= 256 * 1024
        walked += [said["id"] for said in messages]
    assert walked == list(range(1, 101))
