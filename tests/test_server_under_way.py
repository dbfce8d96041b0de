"""How much one person may have under way, and that nobody waits for ever."""

import asyncio
from typing import Any

import pytest

from chat.limits import UNDER_WAY, UNDER_WAY_BYTES
from journal.memory import MemoryStore
from journal.spine import Journal
from rooms.room import Room
from server import VITAL
from tests.transcript import House, opened

LONG = "\u8336" * 4000  # three bytes each


@pytest.mark.parametrize(
    ("text", "most"), [("x", UNDER_WAY), (LONG, UNDER_WAY_BYTES // len(LONG.encode()))]
)
async def test_no_more_is_taken_up_than_may_be_under_way(
    text: str,
    most: int,
    monkeypatch: Any,  # noqa: ANN401
) -> None:
    """While the store stalls, messages wait with whoever sends them; later all are stored."""
    stalls, append, taken = asyncio.Event(), MemoryStore.append, 0

    async def slow(store: MemoryStore, *arguments: Any) -> Any:  # noqa: ANN401
        await stalls.wait()
        return await append(store, *arguments)

    submit = Journal.submit

    def count(journal: Any, entry: Any) -> None:  # noqa: ANN401
        nonlocal taken
        taken += 1
        submit(journal, entry)

    async with opened() as house:
        ann = await house.lets_in("ann")
        monkeypatch.setattr(MemoryStore, "append", slow)
        monkeypatch.setattr(Journal, "submit", count)
        for _number in range(most + 20):
            await ann.says("chat_message", message=text)
        before = -1
        while taken != before:
            before = taken
            await asyncio.sleep(0.1)
        assert most - 1 <= taken <= most
        stalls.set()
        for _number in range(most + 20):
            assert (await ann.hears())["success"] is True


async def test_nobody_waits_for_ever_after_a_fault_in_telling_a_room(
    house: House,
    monkeypatch: Any,  # noqa: ANN401
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was under way is over, and what is asked for next is answered."""
    ann = await house.lets_in("ann")

    def broken(*_arguments: object) -> None:
        monkeypatch.undo()
        raise MemoryError

    monkeypatch.setattr(Room, "prepare", broken)
    await ann.says("chat_message", message="hi")
    while not caplog.records:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.01)
    await ann.says("user_list")
    bodies = [await ann.hears()]
    while bodies[-1]["action"] != "user_list":
        bodies.append(await ann.hears())
    assert bodies[-1]["users"] == ["ann"]
    assert "could not be delivered" in caplog.text
    caplog.clear()


async def test_a_service_that_does_not_work_says_so(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever asks for its health is told once a part has failed."""
    app = house.app

    async def fails() -> None:
        raise RuntimeError("a bug")

    async with app[VITAL].running(fails()):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        async with house.client.get(house.url("/healthz")) as response:
            assert response.status == 503
    assert await app[VITAL].until(asyncio.Event()) == 1
    assert "The service cannot go on" in caplog.text
    caplog.clear()
