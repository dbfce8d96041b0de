import json

import pytest

from tests.karaoke.conftest import Evening
from tests.karaoke.people import PATHS, SECRET, Body, performers, visitor
from tests.transcript import House

ADMIN_EVENTS = [
    ("waiting-room-to-queue", {"uuid": "x"}),
    ("skip-current", None),
    ("skip", {"uuid": "x"}),
    ("move-up", {"uuid": "x"}),
    ("show_config", None),
    ("show-config", None),
    ("update_config", {"config": "{}"}),
    ("update-config", {"config": "{}"}),
]


async def uuids(evening: Evening, *names: str) -> list[str]:
    """Queue a song of each, and return their uuids; the admin has heard of it."""
    for name in names:
        await evening.guest.adds(name)
        state = await evening.admin.hears("state")
    return [entry["uuid"] for entry in state["queue"]]


@pytest.mark.parametrize(("event", "payload"), ADMIN_EVENTS)
async def test_a_guest_is_no_admin(evening: Evening, event: str, payload: object) -> None:
    """Who has not given the secret, or a wrong one, hears so, and nothing happens."""
    await evening.guest.is_refused("NO_ADMIN", event, payload)
    assert await evening.guest.asks("register-admin", {"secret": "x"}) is False
    await evening.guest.is_refused("NO_ADMIN", event, payload)
    await evening.admin.has_heard_all()


async def test_a_wrong_secret_undoes_the_right_one(evening: Evening) -> None:
    """An admin who errs is none any more."""
    assert await evening.admin.asks("register-admin", {"secret": ""}) is False
    await evening.admin.is_refused("NO_ADMIN", "skip-current")


async def test_secrets_cannot_be_guessed(evening: Evening, house: House) -> None:
    """After five wrong ones nothing is right any more, at whatever door."""
    for number in range(5):
        assert await evening.guest.asks("register-admin", {"secret": str(number)}) is False
    async with visitor(house) as other:
        assert await other.asks("register-web", {"room": "Tea"}) is True
        await other.hears("state")
        assert await other.asks("register-admin", {"secret": SECRET}) is False
        lists: Body = {"queue": [], "waiting_room": [], "recent": []}
        config = {"config": {"room": "Tea", "secret": SECRET}}
        await other.says("register-client", config | lists)
        assert await other.hears("client-registered") == {"success": False, "room": "Tea"}


async def test_a_room_without_a_secret_has_no_admins(house: House) -> None:
    """Nothing is not a secret that one could know."""
    async with visitor(house) as machine:
        await machine.registers("Open", secret=None)
        for secret in ("", "None"):
            assert await machine.asks("register-admin", {"secret": secret}) is False


@pytest.mark.parametrize("event", ["skip", "move-up", "waiting-room-to-queue", "update_config"])
async def test_an_admin_who_lacks_something_hears_so(evening: Evening, event: str) -> None:
    """A wrong payload is refused, and nothing changes."""
    for payload in (None, {}, {"uuid": 7, "config": 7}):
        await evening.admin.is_refused("BAD_REQUEST", event, payload)
    await evening.guest.has_heard_all()


async def test_the_current_song_is_skipped(evening: Evening) -> None:
    """The machine hears which, and who waited is let in."""
    await uuids(evening, "ann")
    state = await evening.guest.adds("ann", event="waiting-room-append", uid=None)
    assert performers(state, "waiting_room") == ["ann"]
    await evening.admin.says("skip-current")
    state = await evening.guest.hears("state")
    assert (performers(state), performers(state, "recent")) == (["ann"], ["ann"])
    skipped = await evening.playback.hears_in_the_end("skip-current")
    assert skipped == state["recent"][0]
    assert await evening.playback.hears("state") == state
    assert await evening.playback.hears("get-meta-info") == state["queue"][0]


async def test_nothing_is_skipped_where_nothing_is_queued(evening: Evening) -> None:
    """The next song is not eaten."""
    await evening.admin.asks("skip-current")
    await evening.admin.has_heard_all()
    assert performers(await evening.guest.adds("ann")) == ["ann"]
    await evening.playback.hears("state")


async def test_any_song_is_skipped(evening: Evening) -> None:
    """In the queue or the waiting room; who waited for it is let in at once."""
    [ann] = await uuids(evening, "ann")
    await evening.guest.adds("ann", 1, event="waiting-room-append", uid=None)
    state = await evening.guest.adds("ann", 2, event="waiting-room-append", uid=None)
    await evening.admin.says("skip", {"uuid": state["waiting_room"][1]["uuid"]})
    state = await evening.guest.hears("state")
    assert [entry["ident"] for entry in state["waiting_room"]] == [PATHS[1]]
    await evening.admin.says("skip", {"uuid": ann})
    state = await evening.guest.hears("state")
    assert [entry["ident"] for entry in state["queue"]] == [PATHS[1]]
    assert (state["waiting_room"], state["recent"]) == ([], [])


async def test_a_song_moves_up(evening: Evening) -> None:
    """From the third place on, one place; the room hears the order in any case."""
    [_, _, cid] = await uuids(evening, "ann", "bob", "cid")
    for order in (["ann", "cid", "bob"], ["ann", "cid", "bob"]):
        await evening.admin.says("move-up", {"uuid": cid})
        assert performers(await evening.guest.hears("state")) == order


async def test_somebody_is_let_in_out_of_turn(evening: Evening) -> None:
    """Unless the evening is over: then the song goes on waiting, and the admin hears so."""
    await uuids(evening, "ann")
    for _ in range(2):
        state = await evening.guest.adds("ann", event="waiting-room-append", uid=None)
        await evening.admin.hears("state")
    one, two = (entry["uuid"] for entry in state["waiting_room"])
    await evening.admin.says("waiting-room-to-queue", {"uuid": two})
    state = await evening.admin.hears("state")
    assert [entry["uuid"] for entry in state["queue"]][1:] == [two]
    assert [entry["uuid"] for entry in state["waiting_room"]] == [one]
    await evening.admin.asks("update_config", {"config": '{"last_song": 1}'})
    await evening.admin.hears("update_config")
    await evening.admin.hears("state")
    refusal = await evening.admin.is_refused("QUEUE_FULL", "waiting-room-to-queue", {"uuid": one})
    assert refusal["end_time"] == 1
    await evening.admin.asks("get-state")
    assert [entry["uuid"] for entry in (await evening.admin.hears("state"))["waiting_room"]] == [
        one
    ]


async def test_an_admin_sees_the_whole_config(evening: Evening) -> None:
    """The secret too; nobody else does."""
    for event in ("show_config", "show-config"):
        await evening.admin.says(event)
        assert (await evening.admin.hears("config"))["secret"] == SECRET
    await evening.guest.has_heard_all()


async def test_the_config_is_replaced(evening: Evening, house: House) -> None:
    """Everybody hears the new one without its secrets, and the machine can go on registering."""
    given = {"preview_duration": 7, "own": {"x": 1}, "key": "k"}
    await evening.admin.says("update_config", {"config": json.dumps(given)})
    for person in (evening.guest, evening.admin):
        assert await person.hears("update_config") == {"preview_duration": 7, "own": {"x": 1}}
        state = await person.hears("state")
        assert state["config"] == {
            "preview_duration": 7,
            "waiting_room_policy": None,
            "last_song": None,
            "own": {"x": 1},
        }
    whole = await evening.playback.hears("update_config")
    assert whole == given | {"secret": SECRET, "waiting_room_policy": None, "last_song": None}
    assert await evening.playback.hears("update_config") == given | {"secret": SECRET}
    async with visitor(house) as machine:
        await machine.registers()


async def test_a_new_secret_counts(evening: Evening) -> None:
    """The old one is wrong from then on; the guests never see either."""
    await evening.admin.asks("update_config", {"config": '{"secret": "new"}'})
    assert await evening.guest.hears("update_config") == {}
    assert "secret" not in (await evening.guest.hears("state"))["config"]
    assert await evening.guest.asks("register-admin", {"secret": SECRET}) is False
    assert await evening.guest.asks("register-admin", {"secret": "new"}) is True


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "NaN", '"\\ud800"'])
async def test_a_config_that_is_no_json_is_refused(evening: Evening, text: str) -> None:
    """The asker alone hears of it."""
    assert await evening.admin.is_refused("JSON_MALFORMED", "update_config", {"config": text}) == {
        "type": "JSON_MALFORMED"
    }
    await evening.guest.has_heard_all()


@pytest.mark.parametrize(
    "config",
    [
        [],
        7,
        {"preview_duration": "long"},
        {"preview_duration": -1},
        {"preview_duration": None},
        {"preview_duration": True},
        {"waiting_room_policy": "sometimes"},
        {"waiting_room_policy": 7},
        {"last_song": "late"},
        {"secret": 7},
        {"key": []},
        {"room": {}},
        {"own": "a" * 70_000},
    ],
)
async def test_a_wrong_value_is_refused(evening: Evening, config: object) -> None:
    """The old config stays."""
    await evening.admin.is_refused("BAD_REQUEST", "update_config", {"config": json.dumps(config)})
    await evening.admin.says("show_config")
    assert (await evening.admin.hears("config"))["secret"] == SECRET
    await evening.guest.has_heard_all()
