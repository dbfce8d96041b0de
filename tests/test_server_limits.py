"""How much one connection may ask for, and what happens to who asks for more."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.transcript import House, opened

ALMOST_NEVER = 1e-6  # requests per second: one may be made, and no more while a test lasts


@pytest.fixture
async def strict(quiet_log: None) -> AsyncIterator[House]:  # noqa: ARG001 - it looks on
    """Open a house in which everybody may ask for one thing, and then for nothing."""
    async with opened(messages_per_second=ALMOST_NEVER) as house:
        yield house


async def test_whoever_asks_too_often_is_refused(strict: House) -> None:
    """The second request is refused with what to do, it repeats the `ref`, and nobody hears it."""
    ann = await strict.lets_in("ann")
    bob = await strict.lets_in("bob")
    await ann.hears()
    await ann.does("chat_message", message="one")
    assert (await bob.hears())["message"] == "one"
    reply = await ann.asks("chat_message", message="two", ref=2)
    assert "too fast" in reply.pop("message")
    assert reply == {"action": "chat_message", "success": False, "ref": 2}
    await bob.does("chat_message", message="three")
    assert (await ann.hears())["message"] == "three"


@pytest.mark.parametrize(
    "text",
    [
        '{"action":"room_list"}',
        '{"action":"set_nick","nick":""}',
        '{"action":"dance"}',
        '{"action":"room_list","ref":-1}',
        "{}",
        "[]",
        "nonsense",
    ],
)
async def test_every_request_counts(strict: House, text: str) -> None:
    """Whatever somebody sends counts, sense or nonsense: the next request is refused."""
    ann = await strict.lets_in("ann")
    await ann.sends(text)
    await ann.hears()
    assert "too fast" in (await ann.asks("room_list"))["message"]


async def test_a_binary_frame_counts(strict: House) -> None:
    """A binary frame is a request too."""
    ann = await strict.lets_in("ann")
    await ann.ws.send_bytes(b"{}")
    await ann.hears()
    assert "too fast" in (await ann.asks("room_list"))["message"]


@pytest.mark.parametrize("text", ['{"action":"room_list"}', "nonsense"])
async def test_a_hundred_refusals_in_a_row_are_the_end(strict: House, text: str) -> None:
    """Whoever goes on after a hundred refusals is put out with 1008 and a reason, unshamed."""
    watcher = await strict.lets_in("cem")
    ann = await strict.lets_in("ann")
    await watcher.hears()
    for _ in range(101):
        await ann.sends(text)
        await ann.hears()
    await ann.sends(text)
    message = await ann.ws.receive()
    assert (message.data, bool(message.extra)) == (1008, True)
    left = {"action": "left", "room": "default", "user": "ann", "shame": False}
    assert await watcher.hears() == left


async def test_whoever_is_put_out_has_had_every_reply(strict: House) -> None:
    """Of 150 requests sent at once a hundred and one are answered before the line ends."""
    ann = await strict.lets_in("ann")
    for ref in range(150):
        await ann.says("room_list", ref=ref)
    replies = [await ann.hears() for _ in range(101)]
    assert [reply["ref"] for reply in replies] == list(range(101))
    assert [reply["success"] for reply in replies] == [True] + [False] * 100
    assert await ann.hears_end() == 1008


@pytest.mark.parametrize(
    "asked", [{"action": "room_list"}, {"action": "chat_message", "message": "hi"}]
)
async def test_a_request_that_is_allowed_ends_the_row(asked: dict[str, str]) -> None:
    """Refusals count only in a row: who waits as told may go on and on."""
    async with opened(messages_per_second=500) as house:
        ann = await house.lets_in("ann")
        refused = 0
        while refused < 150:
            for ref in range(50):
                await ann.says(**asked, ref=ref)
            for _ in range(50):
                refused += not (await ann.hears())["success"]
            while not (await ann.asks(**asked))["success"]:
                refused += 1
                await asyncio.sleep(0.01)


async def test_a_rate_of_zero_sets_no_limit(house: House) -> None:
    """Five thousand requests at once are all carried out."""
    ann = await house.lets_in("ann")
    for _ in range(50):
        for number in range(100):
            await ann.says("chat_message", message=str(number))
        for _ in range(100):
            assert (await ann.hears())["success"] is True


async def test_the_limit_is_of_one_connection(strict: House) -> None:
    """Bob may ask for something while Ann may not."""
    ann = await strict.lets_in("ann", "tea")
    bob = await strict.lets_in("bob")
    await ann.does("room_list")
    assert (await ann.asks("room_list"))["success"] is False
    await bob.does("room_list")
