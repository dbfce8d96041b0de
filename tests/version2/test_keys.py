"""A message under a key is said once, however often it is sent."""

import asyncio

import pytest

import utils
from journal import promise
from tests.transcript import House
from tests.version2.guests import arrives, comes, gathers, resumes


async def test_the_same_key_gives_the_first_reply_again(kept: House) -> None:
    """Bob hears it once; Ann gets the first reply, with the reference of her second request."""
    ann, bob = await gathers(kept, "ann", "bob")
    first = await ann.asks("chat_message", message="hello", key="k", ref=1)
    again = await ann.asks("chat_message", message="hello", key="k", ref="two")
    assert again == first | {"ref": "two"}
    bare = await ann.asks("chat_message", message="hello", key="k")
    assert bare == {name: value for name, value in first.items() if name != "ref"}
    assert await ann.says_all("next") == [2]
    assert await bob.hears_said("hello", "next") == [1, 2]


async def test_the_first_text_holds(kept: House) -> None:
    """Another text under the same key is not said: the first reply comes again."""
    ann, bob = await gathers(kept, "ann", "bob")
    first = await ann.asks("chat_message", message="hello", key="k")
    assert await ann.asks("chat_message", message="other", key="k") == first
    await bob.hears_said("hello")
    await bob.has_heard_all()


async def test_the_same_key_while_the_first_is_under_way(kept: House) -> None:
    """Sent again before the first reply, it is still said once, and answered alike."""
    ann, bob = await gathers(kept, "ann", "bob")
    for ref in range(5):
        await ann.says("chat_message", message="hello", key="k", ref=ref)
    replies = [await ann.hears() for _ in range(5)]
    assert [reply["ref"] for reply in replies] == list(range(5))
    assert {(reply["id"], reply["ts"], reply["message"]) for reply in replies} == {
        (1, replies[0]["ts"], "hello")
    }
    await bob.hears_said("hello")
    await bob.has_heard_all()


async def test_the_first_text_holds_while_it_is_under_way(kept: House) -> None:
    """Another text under the same key, sent right behind it, gets the first reply too."""
    ann, bob = await gathers(kept, "ann", "bob")
    await ann.says("chat_message", message="hello", key="k", ref=1)
    await ann.says("chat_message", message="other", key="k", ref=2)
    first = await ann.hears()
    assert await ann.hears() == first | {"ref": 2}
    assert first["message"] == "hello"
    await bob.hears_said("hello")
    await bob.has_heard_all()


async def test_the_same_key_while_the_first_is_with_the_store(
    kept: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second comes in a batch of its own behind a store that stalls, and is said once."""
    ann, bob = await gathers(kept, "ann", "bob")
    store = kept.app[utils.JOURNAL]._store
    append, entered, go_on = store.append, asyncio.Event(), asyncio.Event()

    async def stall(*args: object) -> object:
        entered.set()
        await go_on.wait()
        return await append(*args)  # type: ignore[arg-type] # they are passed on

    monkeypatch.setattr(store, "append", stall)
    await ann.says("chat_message", message="hello", key="k")
    await entered.wait()
    await ann.says("chat_message", message="hello", key="k")
    await bob.says("room_list")
    go_on.set()
    assert await ann.hears() == await ann.hears()
    assert {(await bob.hears())["action"] for _ in range(2)} == {"chat_message", "room_list"}
    await bob.has_heard_all()


async def test_a_key_counts_in_its_room_and_its_session(kept: House) -> None:
    """In another room, and from another session, the same key is a new message."""
    ann, bob = await gathers(kept, "ann", "bob")
    assert await ann.says_all("hello", key="k") == [1]
    assert await bob.hears_said("hello") == [1]
    assert await bob.says_all("hello", key="k") == [2]
    assert await ann.hears_said("hello") == [2]
    await ann.does("join_room", room="tea")
    assert await ann.says_all("hello", key="k") == [1]
    await ann.does("join_room", room="DEFAULT")
    assert await ann.says_all("hello", key="k") == [1]


async def test_a_key_outlives_a_rename(kept: House) -> None:
    """Ann is Zoe now; what she said under a key is not said again."""
    ann = await comes(kept, "ann")
    assert await ann.says_all("hello", key="k") == [1]
    await ann.does("set_nick", nick="zoe")
    assert await ann.says_all("hello", key="k") == [1]


async def test_a_key_outlives_the_line(kept: House) -> None:
    """Sent again by the resumed session, it gets the first reply."""
    ann, bob = await gathers(kept, "ann", "bob")
    first = await ann.asks("chat_message", message="hello", key="k")
    again, _ = await resumes(kept, ann)
    assert await again.asks("chat_message", message="hello", key="k") == first
    await bob.hears_said("hello")
    await bob.has_heard_all()


async def test_a_key_of_the_sessions_own_connecting_is_no_ones(kept: House) -> None:
    """Whoever resumed speaks as the resumed session only: its keys hold over the next resume."""
    ann = await comes(kept, "ann")
    second, _ = await resumes(kept, ann)
    assert await second.says_all("hello", key="k") == [1]
    third, reply = await resumes(kept, ann)
    assert reply["success"]
    assert await third.says_all("hello", key="k") == [1]


@pytest.mark.parametrize("key", ["k" * 64, " ", "ключ", "\U0001f600" * 64, "a'b\"c%_\t"])
async def test_any_text_is_a_key(kept: House, key: str) -> None:
    """A key is compared to the letter, whatever is in it."""
    ann = await comes(kept, "ann")
    assert await ann.says_all("hello", key=key) == [1]
    assert await ann.says_all("hello", key=key + "x" if len(key) < 64 else "x") == [2]
    assert await ann.says_all("hello", key=key) == [1]


async def test_the_last_thousand_keys_are_remembered(
    kept: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of old keys a session keeps the last, and says again what was said under older ones."""
    monkeypatch.setattr("journal.seats.KEYS", 3)
    monkeypatch.setattr("journal.memory.KEYS", 3)
    monkeypatch.setattr("journal.seats.KEY_SECONDS", -1000)
    monkeypatch.setattr("journal.memory.KEY_SECONDS", -1000)
    assert promise.KEYS == 1000
    assert promise.KEY_SECONDS == 600
    ann = await comes(kept, "ann")
    for number in range(1, 6):
        assert await ann.says_all("hello", key=str(number)) == [number]
    journal = kept.app[utils.JOURNAL]
    monkeypatch.setattr(journal._store, "_seats_due", 0.0, raising=False)
    await journal.trim(0, 0)
    assert await ann.says_all("hello", key="4") == [4]
    assert await ann.says_all("hello", key="1") == [6]


async def test_a_key_of_a_message_that_is_gone_is_still_remembered(kept: House) -> None:
    """A message that was trimmed is not said again: its number and time come back."""
    ann = await comes(kept, "ann")
    first = await ann.asks("chat_message", message="hello", key="k")
    await ann.says_all(*map(str, range(20)))
    await kept.app[utils.JOURNAL].trim(5, 0)
    assert await ann.asks("chat_message", message="hello", key="k") == first


async def test_version_1_has_no_keys(kept: House) -> None:
    """In version 1 `key` is a word like any other."""
    old = await kept.lets_in("old")
    await old.does("chat_message", message="hello", key="k")
    await old.does("chat_message", message="hello", key="k")
    ann = await arrives(kept, "ann")
    assert ann.greeting["last_id"] == 2
