import asyncio

import pytest

from tests.karaoke.conftest import Evening
from tests.karaoke.people import PATHS, performers, visitor
from tests.transcript import House

SONG = {"performer": "ann", "source": "files", "ident": PATHS[0]}


async def test_a_song_is_queued_and_everybody_hears_of_it(evening: Evening) -> None:
    """The room is told, and the playback machine is asked about the song."""
    await evening.guest.says("append", SONG | {"uid": 7})
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


async def test_the_state_is_told_to_who_asks(evening: Evening) -> None:
    """Nobody else hears of it."""
    await evening.guest.says("get-state")
    assert (await evening.guest.hears("state"))["queue"] == []
    await evening.admin.has_heard_all()


async def test_a_search_is_answered(evening: Evening) -> None:
    """Whatever is asked for, the asker alone gets an answer."""
    await evening.guest.says("search", {"query": "abba WATERLOO"})
    assert await evening.guest.hears("search-results") == {
        "results": [
            {
                "ident": PATHS[0],
                "source": "files",
                "title": "Waterloo",
                "artist": "ABBA",
                "album": "Gold",
                "duration": None,
            }
        ]
    }
    for query, count in (("", 3), ('"', 0), ("don't", 0), ("gold", 2)):
        await evening.guest.says("search", {"query": query})
        assert len((await evening.guest.hears("search-results"))["results"]) == count
    await evening.admin.has_heard_all()


async def test_a_source_that_is_not_ready_contributes_nothing(evening: Evening) -> None:
    """The others are searched as ever."""
    await evening.playback.says("sources", {"sources": ["s3", "files"]})
    assert await evening.playback.hears("request-config") == {"source": "s3"}
    await evening.guest.says("search", {"query": "gold"})
    assert len((await evening.guest.hears("search-results"))["results"]) == 2


async def test_a_song_that_there_is_not_is_told_of(evening: Evening) -> None:
    """The asker hears which song is missing; nothing is queued."""
    for event in ("append", "append-anyway", "waiting-room-append"):
        await evening.guest.says(event, SONG | {"ident": "Nowhere.mp3"})
        assert "Nowhere.mp3" in (await evening.guest.hears("msg"))["msg"]
    await evening.admin.has_heard_all()


WISH_WITHOUT = [{key: value for key, value in SONG.items() if key != missing} for missing in SONG]


@pytest.mark.parametrize("event", ["append", "append-anyway", "waiting-room-append"])
@pytest.mark.parametrize(
    "payload",
    [
        *WISH_WITHOUT,
        None,
        [],
        "ann",
        SONG | {"performer": 7},
        SONG | {"performer": "a" * 51},
        SONG | {"ident": "a" * 1001},
        SONG | {"source": "unheard of"},
        SONG | {"source": "youtube"},
        SONG | {"uid": []},
        SONG | {"uid": True},
    ],
)
async def test_a_wish_that_lacks_something_is_refused(
    evening: Evening, event: str, payload: object
) -> None:
    """Who sends a wrong payload hears why, and nobody else hears anything."""
    await evening.guest.is_refused("BAD_REQUEST", event, payload)
    await evening.admin.has_heard_all()


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("search", {}),
        ("search", {"query": 7}),
        ("search", {"query": "a" * 201}),
        ("register-web", {}),
        ("register-web", {"room": 7}),
        ("register-admin", {}),
        ("unheard of", {}),
        ("connect", {}),
        ("disconnect", {}),
        ("*", {}),
    ],
)
async def test_whatever_lacks_something_is_refused(
    evening: Evening, event: str, payload: object
) -> None:
    """No event dies in silence."""
    await evening.guest.says(event, payload)
    assert (await evening.guest.hears("err"))["type"] == "BAD_REQUEST"
    assert await evening.guest.asks("get-state") is None
    await evening.guest.hears("state")


async def test_who_is_in_no_room_hears_so(house: House) -> None:
    """Everything but registering needs a room."""
    async with visitor(house) as stranger:
        for event in (
            *("get-state", "search", "append", "append-anyway", "waiting-room-append"),
            *("skip", "skip-current", "move-up", "show_config", "update-config", "get-first"),
            *("sources", "config", "config-chunk", "meta-info", "pop-then-get-next"),
        ):
            await stranger.is_refused("NOT_IN_ROOM", event, {})
        assert await stranger.asks("register-admin", {"secret": "x"}) is False
        assert (await stranger.hears("err"))["type"] == "NOT_IN_ROOM"


@pytest.mark.parametrize("policy", ["forced", "Optional"])
async def test_who_is_queued_is_asked_to_wait(evening: Evening, policy: str) -> None:
    """The asker alone hears of the song that is queued already, the one being sung too."""
    await evening.playback.registers(waiting_room_policy=policy)
    await evening.playback.says("get-first")
    await evening.guest.adds("Ann and Bob")
    await evening.admin.hears("state")
    await evening.guest.says("append", SONG | {"performer": "bob", "ident": PATHS[1]})
    assert await evening.guest.hears("ask_for_waitingroom") == {
        "current_entry": {"source": "files", "performer": "bob", "ident": PATHS[1]},
        "old_entry": {"artist": "ABBA", "title": "Waterloo", "performer": "Ann and Bob"},
    }
    await evening.guest.adds("cid")
    assert (await evening.admin.hears("state"))["waiting_room"] == []


async def test_nobody_can_refuse_to_wait_where_waiting_is_forced(evening: Evening) -> None:
    """Adding anyway works where the waiting room is optional, or there is none."""
    await evening.playback.registers(waiting_room_policy="forced")
    await evening.guest.is_refused("WAITING_ROOM_FORCED", "append-anyway", SONG)
    for policy in ("optional", None):
        await evening.playback.registers(waiting_room_policy=policy)
        await evening.guest.adds("ann", event="append-anyway")
        await evening.playback.hears("state")
        await evening.playback.hears("get-meta-info")


async def test_who_is_queued_waits(evening: Evening) -> None:
    """By uid if there is one, else by name; without the key nobody waits."""
    guest = evening.guest
    state = await guest.adds("ann", event="waiting-room-append", uid=None)
    assert performers(state) == ["ann"]
    state = await guest.adds("ann", event="waiting-room-append", uid=None)
    assert (performers(state), performers(state, "waiting_room")) == (["ann"], ["ann"])
    state = await guest.adds("ann", event="waiting-room-append", uid="me")
    assert performers(state) == ["ann", "ann"]
    await guest.adds("bob", uid="me")
    state = await guest.adds("cid", event="waiting-room-append", uid="me")
    assert performers(state, "waiting_room") == ["ann", "cid"]
    assert state["waiting_room"][1]["uid"] == "me"
    state = await guest.adds("ann", event="waiting-room-append")
    assert performers(state) == ["ann", "ann", "bob", "ann"]


async def test_no_song_starts_after_the_last_song(evening: Evening) -> None:
    """The one who adds hears when the evening ends, and nobody else hears anything."""
    await evening.playback.registers(last_song=1000.5)
    refusal = await evening.guest.is_refused("QUEUE_FULL", "append", SONG)
    assert refusal == {"type": "QUEUE_FULL", "end_time": 1000.5}
    await evening.admin.has_heard_all()


async def test_songs_that_are_added_at_once_are_all_queued(evening: Evening) -> None:
    """Of one person, in the order of the requests; everybody hears the same states."""
    people = [evening.guest, evening.admin]
    await asyncio.gather(
        *(
            person.says("append", SONG | {"performer": f"{number}.{place}"})
            for number in range(20)
            for place, person in enumerate(people)
        )
    )
    heard = [[await person.hears("state") for _ in range(40)] for person in people]
    assert heard[0] == heard[1]
    assert [len(state["queue"]) for state in heard[0]] == list(range(1, 41))
    queue = performers(heard[0][-1])
    for place in range(2):
        assert [name for name in queue if name.endswith(f".{place}")] == [
            f"{number}.{place}" for number in range(20)
        ]


async def test_who_goes_elsewhere_hears_no_more(evening: Evening, house: House) -> None:
    """A session is in one room, and an admin in that one only."""
    async with visitor(house) as other:
        await other.registers("Coffee")
        await evening.admin.enters("Coffee")
        await evening.guest.adds("ann")
        await evening.admin.is_refused("NO_ADMIN", "skip-current")
