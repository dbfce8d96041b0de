import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from karaoke.keys import line_of, new_key
from tests.karaoke.conftest import Evening
from tests.karaoke.people import PATHS, SECRET, Visitor, performers, visitor
from tests.karaoke.songs import entry
from tests.transcript import House, opened

LISTS: dict[str, list[object]] = {"queue": [], "waiting_room": [], "recent": []}


async def registration(machine: Visitor, config: object, **lists: object) -> object:
    """Return what a machine that registers is answered."""
    await machine.asks("register-client", LISTS | {"config": config} | lists)
    return await machine.hears("client-registered")


async def test_a_room_is_made_with_what_the_machine_kept(house: House) -> None:
    """Lists, uuids and config come back as they were; what may be missing is completed."""
    one, two, three = entry("ann"), entry("bob", uid=7), entry("cid", started_at=1.5)
    short = {
        key: value
        for key, value in two.body().items()
        if key not in ("failed", "skip", "uuid", "uid", "started_at")
    }
    async with visitor(house) as machine:
        registered = await registration(
            machine,
            {"room": "Tea", "secret": SECRET, "key": "k", "server": "s", "own": [1]},
            queue=[one.body()],
            waiting_room=[short],
            recent=[three.body()],
        )
        assert registered == {"success": True, "room": "Tea"}
        state = await machine.hears("state")
    assert state["queue"] == [one.body()]
    assert state["recent"] == [three.body()]
    [waiting] = state["waiting_room"]
    assert waiting == two.body() | {"uuid": waiting["uuid"], "uid": None}
    assert state["config"] == {
        "preview_duration": 3,
        "waiting_room_policy": None,
        "last_song": None,
        "room": "Tea",
        "server": "s",
        "own": [1],
    }


async def test_no_two_entries_have_one_uuid(house: House) -> None:
    """A list that holds a song twice gives the second a name of its own."""
    song = entry("ann").body()
    async with visitor(house) as machine:
        config = {"room": "Tea", "secret": SECRET}
        await registration(machine, config, queue=[song, song], recent=[song])
        state = await machine.hears("state")
    assert state["queue"][0] == song
    uuids = {found["uuid"] for found in [*state["queue"], *state["recent"]]}
    assert len(uuids) == 3


async def test_a_room_without_a_name_gets_one(house: House) -> None:
    """It is made of letters; the config goes on saying what was asked for."""
    async with visitor(house) as machine:
        await machine.says("register-client", LISTS | {"config": {"room": "", "secret": "s"}})
        room = (await machine.hears("client-registered"))["room"]
        assert len(room) == 4
        assert room.isalpha()
        assert (await machine.hears("state"))["config"]["room"] == ""
        async with visitor(house) as guest:
            await guest.enters(room)


@pytest.mark.parametrize(
    ("config", "lists"),
    [
        (None, {}),
        ({"room": 7}, {}),
        ({"room": "a\nb"}, {}),
        ({"room": "a" * 65}, {}),
        ({"room": "Tea", "secret": 7}, {}),
        ({"room": "Tea", "preview_duration": "x"}, {}),
        ({"room": "Tea"}, {"queue": None}),
        ({"room": "Tea"}, {"recent": [{"title": "T"}]}),
        ({"room": "Tea"}, {"waiting_room": ["x"]}),
        ({"room": "Tea"}, {"queue": [entry("ann").body() | {"duration": "long"}]}),
    ],
)
async def test_a_registration_that_lacks_something_is_refused(
    house: House, config: object, lists: dict[str, object]
) -> None:
    """The machine hears why, no room is made, and it has no seat."""
    async with visitor(house) as machine:
        payload = LISTS | {"config": config} | lists
        await machine.is_refused("BAD_REQUEST", "register-client", payload)
        await machine.is_refused("NOT_IN_ROOM", "get-state")
        assert await machine.asks("register-web", {"room": "Tea"}) is False


async def test_who_knows_the_secret_takes_the_room_over(evening: Evening, house: House) -> None:
    """Songs and sources stay, the lists that are sent count for nothing, the old one is deposed."""
    await evening.guest.adds("ann")
    async with visitor(house) as newcomer:
        config = {"room": "tea", "secret": SECRET, "preview_duration": 5}
        registered = await registration(newcomer, config, queue=[entry("bob").body()])
        assert registered == {"success": True, "room": "Tea"}
        state = await newcomer.hears("state")
        assert performers(state) == ["ann"]
        assert state["config"]["preview_duration"] == 5
        await newcomer.asks("sources", {"sources": ["files"]})
        await newcomer.asks("get-first")
        assert (await newcomer.hears("play"))["performer"] == "ann"
        await evening.playback.hears("state")
        await evening.playback.hears("get-meta-info")
        await evening.playback.asks("get-first")
        await evening.playback.has_heard_all()


async def test_who_does_not_know_the_secret_gets_no_seat(evening: Evening, house: House) -> None:
    """The room stays whose it was."""
    async with visitor(house) as stranger:
        for config in ({"room": "Tea", "secret": "x"}, {"room": "Tea"}):
            assert await registration(stranger, config) == {"success": False, "room": "Tea"}
            await stranger.is_refused("NOT_IN_ROOM", "get-state")
    await evening.playback.says("get-first")
    await evening.guest.adds("ann")
    assert (await evening.playback.hears_in_the_end("play"))["performer"] == "ann"


@pytest.fixture
async def private(tmp_path: Path) -> AsyncIterator[tuple[House, Path]]:
    """Open a house where one needs a key to register."""
    file = tmp_path / "keys"
    async with opened(registration_keyfile=str(file)) as house:
        yield house, file


async def test_at_a_private_server_one_needs_a_key(private: tuple[House, Path]) -> None:
    """A key counts as soon as it is in the file, and no longer than that."""
    house, file = private
    key = new_key()
    config = {"room": "Tea", "secret": SECRET, "key": key}
    async with visitor(house) as machine:
        assert await registration(machine, config) == {"success": False, "room": None}
        file.write_text(f"{'0' * 64}  other\n\n{line_of(key, 'for the party')}\n")
        assert hashlib.sha256(key.encode()).hexdigest() in file.read_text()
        assert await registration(machine, config) == {"success": True, "room": "Tea"}
        await machine.hears("state")
        file.write_text("")
        assert await registration(machine, config) == {"success": False, "room": None}
        for wrong in ({"room": "Tea", "secret": SECRET}, config | {"key": ""}):
            assert await registration(machine, wrong) == {"success": False, "room": None}


async def test_sources_are_asked_for_once(evening: Evening) -> None:
    """What is known is not asked for again, what is not named is dropped."""
    playback, guest = evening.playback, evening.guest
    await playback.says("sources", {"sources": ["youtube", "files", "unheard of"]})
    assert await playback.hears("request-config") == {"source": "youtube"}
    await playback.asks("config", {"source": "youtube", "config": {"channels": ["/c/one"]}})
    await playback.asks("sources", {"sources": ["youtube"]})
    await guest.is_refused(
        "BAD_REQUEST", "append", {"performer": "ann", "source": "files", "ident": PATHS[0]}
    )
    await playback.has_heard_all()


async def test_an_index_comes_in_chunks(evening: Evening) -> None:
    """A chunk adds to the source, a config makes it anew."""
    playback, guest = evening.playback, evening.guest
    for number in range(1, 4):
        paths = [f"{number}-{place} - T - A.mp3" for place in range(1000)]
        await playback.asks(
            "config-chunk",
            {"source": "files", "config": {"index": paths}, "number": number, "total": 3},
        )
    await guest.says("search", {"query": "3-999"})
    [song] = (await guest.hears("search-results"))["results"]
    assert song["artist"] == "3-999"
    await playback.asks(
        "config", {"source": "files", "config": {"index": [f"{n}.mp3" for n in range(1500)]}}
    )
    await guest.says("search", {"query": ""})
    assert len((await guest.hears("search-results"))["results"]) == 1500


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("sources", {}),
        ("sources", {"sources": "files"}),
        ("sources", {"sources": [7]}),
        ("config", {"source": "usb", "config": {}}),
        ("config", {"source": "files"}),
        ("config", {"source": "youtube", "config": {"channels": [7]}}),
        ("config-chunk", {"source": "files", "config": {}}),
        ("config-chunk", {"source": "files", "config": {"index": [7]}}),
        ("config-chunk", {"source": "files", "config": {"index": ["a" * 1001]}}),
        ("meta-info", {"uuid": "x"}),
        ("meta-info", {"meta": {}}),
        ("meta-info", {"uuid": "x", "meta": {"duration": "long"}}),
        ("meta-info", {"uuid": "x", "meta": {"duration": -1}}),
    ],
)
async def test_a_machine_that_lacks_something_hears_so(
    evening: Evening, event: str, payload: object
) -> None:
    """A wrong payload is refused, and nothing changes."""
    await evening.playback.is_refused("BAD_REQUEST", event, payload)
    await evening.guest.has_heard_all()


async def test_songs_are_played_one_after_the_other(evening: Evening) -> None:
    """The next one is handed out when one has ended; the room sees what is sung since when."""
    playback, guest = evening.playback, evening.guest
    await guest.adds("ann")
    state = await guest.adds("bob", 1)
    for _ in range(2):
        await playback.hears("state")
        await playback.hears("get-meta-info")
    await playback.asks("get-first")
    played = await playback.hears("play")
    assert played["uuid"] == state["queue"][0]["uuid"]
    assert played["started_at"] > 0
    await guest.has_heard_all()
    await playback.asks("pop-then-get-next")
    assert performers(await playback.hears("state"), "recent") == ["ann"]
    state = await playback.hears("state")
    assert state["queue"][0]["started_at"] > played["started_at"]
    assert await playback.hears("play") == state["queue"][0]
    assert performers(await guest.hears("state")) == ["bob"]
    assert await guest.hears("state") == state


async def test_a_song_that_is_waited_for_holds_nothing_up(evening: Evening) -> None:
    """A machine that asks for a song while there is none gets the next one, once."""
    playback, guest = evening.playback, evening.guest
    await playback.asks("get-first")
    await playback.asks("get-first")
    await playback.asks("pop-then-get-next")
    assert (await playback.hears("state"))["queue"] == []
    await playback.asks("get-state")
    await playback.hears("state")
    await guest.adds("ann")
    assert performers(await playback.hears("state")) == ["ann"]
    await playback.hears("get-meta-info")
    await playback.hears("state")
    assert (await playback.hears("play"))["performer"] == "ann"
    await playback.has_heard_all()


async def test_a_song_that_was_skipped_while_it_was_sung_takes_no_other_with_it(
    evening: Evening,
) -> None:
    """When it ends on the machine, the next song is played, not passed over."""
    playback, guest, admin = evening.playback, evening.guest, evening.admin
    await playback.asks("get-first")
    state = await guest.adds("ann")
    assert (await playback.hears_in_the_end("play"))["performer"] == "ann"
    await guest.adds("bob", 1)
    await admin.says("skip", {"uuid": state["queue"][0]["uuid"]})
    assert performers(await guest.hears("state")) == ["bob"]
    await playback.says("pop-then-get-next")
    assert (await playback.hears_in_the_end("play"))["performer"] == "bob"


async def test_what_the_machine_finds_out_is_told(evening: Evening) -> None:
    """Fields of the entry change, in the queue or the waiting room; the room hears of it."""
    playback, guest = evening.playback, evening.guest
    uuid = (await guest.adds("ann"))["queue"][0]["uuid"]
    meta = {"duration": 61.4, "title": "T", "artist": None, "performer": "x", "uuid": "y"}
    await playback.asks("meta-info", {"uuid": uuid, "meta": meta})
    [found] = (await guest.hears("state"))["queue"]
    assert (found["duration"], found["title"], found["artist"]) == (61, "T", "ABBA")
    assert (found["performer"], found["uuid"]) == ("ann", uuid)
    await playback.asks("meta-info", {"uuid": "unknown", "meta": meta})
    await guest.has_heard_all()


async def test_guests_are_no_machines(evening: Evening) -> None:
    """What only the playback machine may say is not heard from others."""
    guest = evening.guest
    uuid = (await guest.adds("ann"))["queue"][0]["uuid"]
    for event, payload in (
        ("get-first", None),
        ("pop-then-get-next", None),
        ("meta-info", {"uuid": uuid, "meta": {"duration": 1}}),
        ("sources", {"sources": []}),
        ("config", {"source": "files", "config": {}}),
    ):
        await guest.asks(event, payload)
    await guest.has_heard_all()


async def test_a_room_outlives_its_machine(evening: Evening, house: House) -> None:
    """Without a machine songs are queued all the same; the next machine finds them."""
    await evening.playback.client.disconnect()
    await evening.guest.adds("ann")
    async with visitor(house) as machine:
        assert performers(await machine.registers()) == ["ann"]
