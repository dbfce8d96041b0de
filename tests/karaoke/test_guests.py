from tests.karaoke.conftest import Evening
from tests.karaoke.people import PATHS, performers, visitor
from tests.transcript import House


async def test_a_song_is_queued_and_everybody_hears_of_it(evening: Evening) -> None:
    """The room is told, and the playback machine is asked about the song."""
    await evening.guest.says(
        "append", {"performer": "ann", "source": "files", "ident": PATHS[0], "uid": 7}
    )
    state = await evening.guest.hears("state")
    [entry] = state["queue"]
    assert entry == {
        "ident": PATHS[0],
        "source": "files",
        "duration": 180,
        "title": "Waterloo",
        "artist": "ABBA",
        "album": "Gold",
        "performer": "ann",
        "failed": False,
        "skip": False,
        "uuid": entry["uuid"],
        "uid": 7,
        "started_at": None,
    }
    assert await evening.admin.hears("state") == state
    assert await evening.playback.hears("state") == state
    assert await evening.playback.hears("get-meta-info") == entry
    for person in (evening.guest, evening.admin, evening.playback):
        await person.has_heard_all()


async def test_a_room_is_entered_with_its_state(evening: Evening, house: House) -> None:
    """Whether there is a room is acknowledged after the state is told."""
    async with visitor(house) as newcomer:
        assert await newcomer.asks("register-web", {"room": "Coffee"}) is False
        assert await newcomer.asks("register-web", {"room": "tEa"}) is True
        state = await newcomer.hears("state")
        assert state == {
            "queue": [],
            "recent": [],
            "waiting_room": [],
            "config": {
                "preview_duration": 3,
                "waiting_room_policy": None,
                "last_song": None,
                "room": "Tea",
            },
        }
        await evening.guest.adds("ann")
        assert performers(await newcomer.hears("state")) == ["ann"]
