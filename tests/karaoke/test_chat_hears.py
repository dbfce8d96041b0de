from tests.karaoke.conftest import Evening
from tests.transcript import Person


async def hears_karaoke(person: Person, text: str) -> None:
    """See that the next thing one hears in chat is said by Karaoke."""
    assert await person.hears() == {"action": "chat_message", "message": text, "user": "Karaoke"}


async def test_chat_hears_of_the_songs(evening: Evening) -> None:
    """The chat room of that name hears what is played, who is next, and what was skipped."""
    cid = await evening.house.lets_in("cid", "Tea")
    other = await evening.house.lets_in("dan", "default")
    await evening.playback.asks("get-first")
    await evening.guest.adds("ann")
    await hears_karaoke(cid, 'Now: ann with "Waterloo" by ABBA.')
    state = await evening.guest.adds("bob", 1)
    await evening.guest.adds("eve", 2)
    await evening.playback.asks("pop-then-get-next")
    await hears_karaoke(cid, 'Now: bob with "Fernando" by ABBA. Up next: eve with "Westerland".')
    await evening.playback.asks("get-first")  # again, as after a lost line
    await evening.admin.asks("skip-current")
    await hears_karaoke(cid, 'Skipped: bob with "Fernando" by ABBA.')
    await evening.admin.asks("skip", {"uuid": state["queue"][0]["uuid"]})
    await evening.admin.asks("skip-current")
    await hears_karaoke(cid, 'Skipped: eve with "Westerland".')
    await cid.has_heard_all()
    await other.has_heard_all()


async def test_what_was_sung_is_in_the_log(evening: Evening) -> None:
    """Who comes later finds it among what was said; Karaoke is not among the people."""
    await evening.playback.asks("get-first")
    await evening.guest.adds("ann")
    await evening.guest.asks("get-state")
    cid = await evening.house.lets_in("cid", "Tea")
    page = await cid.asks("history")
    assert [said["user"] for said in page["messages"]] == ["Karaoke"]
    assert (await cid.asks("user_list"))["users"] == ["cid"]
