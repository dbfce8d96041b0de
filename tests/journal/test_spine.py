import asyncio
import itertools
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.memory import MemoryStore
from journal.promise import NotStored, Store
from journal.sqlite import SqliteStore
from tests.journal.desks import Desk, Entry, at_work
from wire.messages import Draft, Joined, Left, Reason, Said


def ids(entries: list[Entry]) -> list[int | None]:
    """Return the numbers that entries have got."""
    return [entry.notice.id if isinstance(entry.notice, Said) else None for entry in entries]


async def test_messages_are_numbered_without_holes(desk: Desk) -> None:
    """The messages of each room are 1, 2, 3, whatever is said in other rooms between."""
    tea = await desk.said("a", "b")
    cake = await desk.said("x", room="cake")
    tea += await desk.said("c", room="TEA")
    assert ids(tea) == [1, 2, 3]
    assert ids(cake) == [1]
    assert await desk.log("tea") == ["a", "b", "c"]
    assert await desk.log("Cake") == ["x"]
    assert (desk.journal.last_id("Tea"), desk.journal.last_id("cake")) == (3, 1)


async def test_a_message_is_what_was_said(desk: Desk) -> None:
    """A message keeps its author and its text to the letter, and gets the time of now."""
    text = 'é😀\t\r\n"quoted"\\ \u2028' + "x" * 4096
    before = time.time_ns() // 1_000_000
    (entry,) = await desk.said(text)
    assert isinstance(entry.notice, Said)
    assert (entry.notice.user, entry.notice.message, entry.error) == ("ann", text, None)
    assert before <= entry.notice.ts <= time.time_ns() // 1_000_000
    assert (await desk.journal.page("tea", limit=1)).messages == [entry.notice]


async def test_everything_keeps_its_place(desk: Desk) -> None:
    """What is only passed through is handed back in the order of all, unchanged, not stored."""
    for number in range(5):
        desk.say(str(number))
        desk.submit(Entry("tea", Joined(f"nick{number}")))
        desk.submit(Entry("tea", None))
        desk.submit(Entry("tea", Left(f"nick{number}", Reason.LOST)))
    await desk.journal.settled()
    assert desk.delivered == desk.submitted
    assert ids(desk.delivered["tea"])[::4] == [1, 2, 3, 4, 5]
    assert desk.delivered["tea"][1].notice == Joined("nick0")
    assert await desk.log() == ["0", "1", "2", "3", "4"]


async def test_what_is_never_stored_needs_no_store(desk: Desk, monkeypatch: Any) -> None:  # noqa: ANN401 - mypy knows it by its use
    """Notices alone are handed back without a word to the store."""

    async def broken(*_arguments: object) -> None:
        raise AssertionError("the store was called")

    monkeypatch.setattr(desk.store, "append", broken)
    entry = desk.submit(Entry("tea", Joined("ann")))
    await desk.journal.settled()
    assert entry.error is None


async def test_what_gathers_is_stored_at_once(desk: Desk, monkeypatch: Any) -> None:  # noqa: ANN401
    """All that is submitted while the store is busy is one batch, in order (group commit)."""
    busy, append, batches = asyncio.Event(), desk.store.append, itertools.count()
    begun = asyncio.Event()

    async def slow(*arguments: Any) -> Any:  # noqa: ANN401 - whatever the store takes
        next(batches)
        begun.set()
        await busy.wait()
        return await append(*arguments)

    monkeypatch.setattr(desk.store, "append", slow)
    desk.say("first")
    await begun.wait()
    for number in range(1000):
        desk.say(str(number), room=("tea", "cake")[number % 2])
    desk.submit(Entry("tea", Joined("bob")))
    assert desk.delivered == {}
    busy.set()
    await desk.journal.settled()
    assert next(batches) == 2
    assert await desk.log("tea") == ["first", *map(str, range(0, 1000, 2))]
    assert await desk.log("cake") == [*map(str, range(1, 1000, 2))]


async def test_what_was_on_its_way_is_part_of_the_batch(desk: Desk) -> None:
    """What is submitted two turns of the loop later is told together with what came first."""
    desk.say("a")
    for _turn in range(2):
        await asyncio.sleep(0)
    desk.say("b")
    await desk.journal.settled()
    assert desk.batches == 1


async def test_nothing_is_told_before_it_is_stored(desk: Desk, monkeypatch: Any) -> None:  # noqa: ANN401
    """While a message is under way to the store, the log and its last number do not have it."""
    await desk.said("a")
    busy, append, stored = asyncio.Event(), desk.store.append, asyncio.Event()

    async def slow(*arguments: Any) -> Any:  # noqa: ANN401 - whatever the store takes
        done = await append(*arguments)
        stored.set()
        await busy.wait()
        return done

    monkeypatch.setattr(desk.store, "append", slow)
    desk.say("b")
    await stored.wait()
    assert desk.journal.last_id("tea") == 1
    assert await desk.log() == ["a"]
    assert len(desk.delivered["tea"]) == 1
    busy.set()
    await desk.journal.settled()
    assert await desk.log() == ["a", "b"]


@pytest.mark.parametrize("error", [NotStored("full"), OSError("gone"), RuntimeError("a bug")])
async def test_a_failing_store_gives_the_numbers_back(
    desk: Desk,
    error: Exception,
    monkeypatch: Any,  # noqa: ANN401
) -> None:
    """Each sender of a batch that failed gets the error, and the next batch has no hole."""
    await desk.said("a")
    append = desk.store.append

    async def broken(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(desk.store, "append", broken)
    lost = await desk.said("b", "c")
    lost += await desk.said("d", room="new")
    passed = desk.submit(Entry("tea", Joined("bob")))
    assert [entry.error for entry in lost] == [error] * 3
    assert [type(entry.notice) for entry in lost] == [Draft] * 3
    monkeypatch.setattr(desk.store, "append", append)
    found = await desk.said("e") + await desk.said("f", room="new")
    assert ids(found) == [2, 1]
    assert [entry.error for entry in (passed, *found)] == [None] * 3
    assert await desk.log() == ["a", "e"]
    assert await desk.log("new") == ["f"]


async def test_a_room_is_shown_as_the_first_to_speak_gave_it(desk: Desk) -> None:
    """The spelling with which something was first said stays, under whichever one asks."""
    assert desk.journal.shown("TEA") == "TEA"
    desk.submit(Entry("TEA", Joined("ann")))
    await desk.said("a", room="Tea")
    await desk.said("b", room="tea")
    assert desk.journal.shown("TEA") == "Tea"


async def test_the_first_to_speak_is_the_first_of_a_batch_too(desk: Desk) -> None:
    """Of two spellings in one batch the first stays."""
    desk.say("a", room="Tea")
    desk.say("b", room="TEA")
    await desk.journal.settled()
    assert desk.journal.shown("tea") == "Tea"


async def test_who_fails_to_speak_does_not_name_the_room(desk: Desk, monkeypatch: Any) -> None:  # noqa: ANN401
    """A spelling of which nothing was stored does not stay."""
    append = desk.store.append

    async def broken(*_arguments: object) -> None:
        raise NotStored("full")

    monkeypatch.setattr(desk.store, "append", broken)
    await desk.said("a", room="Tea")
    monkeypatch.setattr(desk.store, "append", append)
    assert desk.journal.shown("tea") == "tea"
    await desk.said("b", room="TEA")
    assert desk.journal.shown("tea") == "TEA"


async def test_a_room_of_which_nothing_is_known_is_empty(desk: Desk) -> None:
    """Asking for what was never said finds nothing, and creates nothing."""
    assert desk.journal.last_id("nowhere") == 0
    for bounds in ({}, {"after": 0}, {"after": 10}, {"before": 0}, {"before": 10}):
        page = await desk.journal.page("nowhere", limit=5, **bounds)
        assert (page.messages, page.more) == ([], False)


async def test_logs_have_names_of_their_own(store: Store) -> None:
    """The name of a log is known from the start, and no other log's."""
    async with at_work(store) as desk:
        assert desk.journal.epoch == store.epoch
        assert len(store.epoch) >= 8
    assert MemoryStore().epoch != store.epoch


async def test_an_idle_journal_is_settled(desk: Desk) -> None:
    """Waiting for nothing does not wait."""
    await desk.journal.settled()


async def test_what_is_submitted_while_delivering_is_delivered_too(
    desk: Desk,
    monkeypatch: Any,  # noqa: ANN401
) -> None:
    """A delivery that causes a message is no loop and no loss; settled waits for that too."""
    deliver = desk.deliver

    def chatty(told: Any) -> None:  # noqa: ANN401 - as it comes
        deliver(told)
        if len(desk.submitted["tea"]) < 10:
            desk.say("more")

    monkeypatch.setattr(desk.journal, "_deliver", chatty)
    await desk.said("first")
    assert desk.journal.last_id("tea") == 10


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["say", "join", "fail", "wait"]), st.sampled_from(["tea", "cake", "CAKE"])
    ),
    max_size=40,
)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_any_course_of_things_leaves_no_hole(
    kind: str, steps: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever happens and fails in whichever rooms, what is told is numbered and is the log."""

    async def course() -> None:
        store: Any = (
            MemoryStore()
            if kind == "memory"
            else SqliteStore(tmp_path_factory.mktemp("course") / "log.db")
        )
        append, failing = store.append, False

        async def fallible(*arguments: Any) -> Any:  # noqa: ANN401 - whatever the store takes
            if failing:
                raise NotStored("full")
            return await append(*arguments)

        store.append = fallible
        async with at_work(store) as desk:
            for count, (what, room) in enumerate(steps):
                if what == "say":
                    desk.say(str(count), room)
                elif what == "join":
                    desk.submit(Entry(room, Joined(str(count))))
                else:
                    await desk.journal.settled()
                    failing ^= what == "fail"
            await desk.journal.settled()
            for room, entries in desk.delivered.items():
                notices = [entry.notice for entry in entries]
                told = [notice.message for notice in notices if isinstance(notice, Said)]
                assert await desk.log(room) == told
                for entry in entries:
                    assert isinstance(entry.notice, Draft) is (entry.error is not None)

    asyncio.run(course())
