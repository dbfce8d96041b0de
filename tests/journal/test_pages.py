import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.memory import MemoryStore
from journal.spine import PAGE_BYTES
from journal.sqlite import ANCHOR, HEADS, SqliteStore
from tests.journal.desks import Desk, at_work
from wire.messages import Said, history

ROOMS = {"empty": 0, "one": 1, "few": 7, "anchor": ANCHOR, "after": ANCHOR + 1, "long": 5000}


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[asyncio.Runner, Desk]]:
    """Return a journal with some long rooms that were spoken in by turns, and its loop."""
    with asyncio.Runner() as runner:
        store: Any = (
            MemoryStore()
            if request.param == "memory"
            else SqliteStore(tmp_path_factory.mktemp("library") / "log.db")
        )
        context = at_work(store)
        desk: Desk = runner.run(context.__aenter__())
        for number in range(max(ROOMS.values())):
            for room, length in ROOMS.items():
                if number < length:
                    desk.say(f"{room} {number + 1}", room)
            if number % 397 == 0:
                runner.run(desk.journal.settled())
        runner.run(desk.journal.settled())
        yield runner, desk
        runner.run(context.__aexit__(None, None, None))


NUMBERS = st.none() | st.one_of(
    st.integers(0, 5100),
    st.integers(0, 3),
    st.sampled_from([ANCHOR, 2 * ANCHOR, HEADS, 4999, 5000, 5001, 2**53 - 1]).flatmap(
        lambda number: st.integers(number - 2, min(number + 2, 2**53 - 1))
    ),
)


@settings(max_examples=400, deadline=None)
@given(
    room=st.sampled_from(sorted(ROOMS)), after=NUMBERS, before=NUMBERS, limit=st.integers(1, 200)
)
def test_a_page_anywhere_is_that_of_a_list(
    library: tuple[asyncio.Runner, Desk],
    room: str,
    after: int | None,
    before: int | None,
    limit: int,
) -> None:
    """Pages of every room, with whatever bounds, are what slicing a list would give."""
    runner, desk = library
    page = runner.run(desk.journal.page(room, after=after, before=before, limit=limit))
    length = ROOMS[room]
    least = 1 if after is None else after + 1
    most = length if before is None else min(before - 1, length)
    expected = list(range(least, most + 1))
    kept = expected[-limit:] if after is None else expected[:limit]
    assert [said.id for said in page.messages] == kept
    assert page.more is (len(kept) < len(expected))
    assert all(said.message == f"{room} {said.id}" for said in page.messages)


async def test_a_page_ends_at_256_kib(desk: Desk) -> None:
    """A page of long messages is cut from the end that was not asked for, and says so."""
    texts = [f"{number:04}" + "é" * 4092 for number in range(100)]
    await desk.said(*texts)
    newest = await desk.journal.page("tea", limit=200)
    oldest = await desk.journal.page("tea", after=0, limit=200)
    for page in (newest, oldest):
        assert page.more
        size = sum(len(said.message.encode()) for said in page.messages)
        assert PAGE_BYTES * 0.9 < size <= PAGE_BYTES
    assert newest.messages[-1].id == 100
    assert oldest.messages[0].id == 1
    assert await desk.log() == texts


async def test_a_page_has_at_least_one_message(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a message, whoever reads on gets on."""
    monkeypatch.setattr("journal.spine.PAGE_BYTES", 10)
    await desk.said("x" * 100, "y" * 100)
    assert await desk.log() == ["x" * 100, "y" * 100]
    page = await desk.journal.page("tea", limit=5)
    assert ([said.id for said in page.messages], page.more) == ([2], True)


async def test_the_body_of_a_page_is_not_much_larger(desk: Desk) -> None:
    """What a page weighs is what its reply weighs, names and numbers included."""
    desk_texts = ["x"] * 3000
    for text in desk_texts:
        desk.say(text, user="n" * 32)
    await desk.journal.settled()
    page = await desk.journal.page("tea", after=0, limit=10**6)
    body = json.dumps(history("tea", desk.journal.epoch, page.messages, more=page.more))
    assert len(body.encode()) <= PAGE_BYTES * 1.05


async def test_reading_goes_on_while_writing(desk: Desk) -> None:
    """Pages that are read while messages are stored have no hole, and end where the room was."""
    done = asyncio.Event()

    async def write() -> None:
        for number in range(20):
            for part in range(20):
                desk.say(f"{number} {part}")
            await desk.journal.settled()
        done.set()

    async def read() -> int:
        rounds = 0
        while not done.is_set():
            last = desk.journal.last_id("tea")
            page = await desk.journal.page("tea", limit=150)
            found = [said.id for said in page.messages]
            assert found == list(range(max(1, last - 149), last + 1))
            last = desk.journal.last_id("tea")
            after = last // 2
            page = await desk.journal.page("tea", after=after, limit=30)
            assert [said.id for said in page.messages] == list(
                range(after + 1, min(after + 30, last) + 1)
            )
            rounds += 1
            await asyncio.sleep(0)
        return rounds

    _wrote, *rounds = await asyncio.gather(write(), read(), read())
    assert all(rounds)
    assert len(await desk.log()) == 400


async def test_a_message_that_is_read_is_the_one_that_was_told(desk: Desk) -> None:
    """The log has the same number, time, nick and text as what was handed back."""
    entries = await desk.said(*map(str, range(300)))
    told = [entry.notice for entry in entries]
    read: list[Said] = []
    for start in range(0, 300, 100):
        read += (await desk.journal.page("tea", after=start, limit=100)).messages
    assert read == told
