import pytest

from karaoke.song_queue import MOST_RECENT, SongQueue, Timing
from tests.karaoke.songs import entry

TIMING = Timing(preview=3, last_song=None)
NOW = 1000.0


def performers(songs: SongQueue) -> tuple[list[str], list[str], list[str]]:
    """Return who is in the queue, in the waiting room and in recent."""
    lists = songs.queue, songs.waiting_room, songs.recent
    queue, waiting, recent = ([entry.performer for entry in entries] for entries in lists)
    return queue, waiting, recent


def test_an_empty_queue_starts_now() -> None:
    """Where nobody is queued, a song starts at once."""
    assert SongQueue().start_time(TIMING, NOW) == NOW


def test_a_song_starts_after_all_before_it() -> None:
    """Each queued song takes its length, the preview and a second; from now if none is sung."""
    songs = SongQueue([entry("ann", duration=100), entry("bob", duration=50)])
    assert songs.start_time(TIMING, NOW) == NOW + 104 + 54


def test_start_times_count_from_the_song_being_sung() -> None:
    """What has been sung of the first song does not count again."""
    songs = SongQueue([entry("ann", duration=100, started_at=NOW - 60)])
    assert songs.start_time(TIMING, NOW) == NOW - 60 + 104


@pytest.mark.parametrize(
    ("last_song", "fits"), [(None, True), (0, True), (NOW, False), (NOW + 184, True)]
)
def test_no_song_starts_after_the_last_song(last_song: float | None, fits: bool) -> None:  # noqa: FBT001 - it is a row of the table
    """A song that would start too late is not queued; its own length does not count."""
    songs = SongQueue([entry("ann")])
    assert songs.append(entry("bob"), Timing(3, last_song), NOW) is fits
    assert performers(songs)[0] == (["ann", "bob"] if fits else ["ann"])


def test_the_song_being_sung_counts_as_queued() -> None:
    """Who is singing is queued."""
    songs = SongQueue([entry("Ann & Bob", started_at=NOW)])
    assert songs.queued_with("bob") is songs.queue[0]
    assert songs.queued_with("ann") is songs.queue[0]
    assert songs.queued_with("cid") is None


def test_a_uid_is_queued_if_an_entry_has_it() -> None:
    """Text and number are told apart."""
    songs = SongQueue([entry("ann", uid="7"), entry("bob", uid=8)])
    assert songs.queued_by("7")
    assert songs.queued_by(8)
    assert not songs.queued_by(7)


def test_the_first_song_is_marked_as_started() -> None:
    """Starting changes nothing but the time and what is playing."""
    first = entry("ann")
    songs = SongQueue([first, entry("bob")])
    started = songs.start(NOW)
    assert started.started_at == NOW
    assert (started.uuid, songs.playing) == (first.uuid, first.uuid)
    assert songs.queue[0] is started


def test_what_was_sung_is_remembered_and_who_waited_is_queued() -> None:
    """Discarding moves the first song to recent and lets in, once each, who is not queued."""
    songs = SongQueue(
        [entry("ann"), entry("bob")],
        [entry("bob", "b2"), entry("ann", "a2"), entry("ann", "a3"), entry("cid", "c1")],
    )
    first, drained = songs.discard(TIMING, NOW)
    assert first.performer == "ann"
    assert [song.title for song in drained] == ["a2", "c1"]
    assert performers(songs) == (["bob", "ann", "cid"], ["bob", "ann"], ["ann"])


def test_who_would_start_too_late_goes_on_waiting() -> None:
    """A drain loses nobody: what cannot be placed stays."""
    songs = SongQueue([entry("ann"), entry("bob")], [entry("ann", "a2")])
    songs.discard(Timing(3, NOW), NOW)
    assert performers(songs) == (["bob"], ["ann"], ["ann"])


def test_skipping_a_song_lets_its_performer_in_at_once() -> None:
    """The drain comes after the removal."""
    one = entry("ann")
    songs = SongQueue([one], [entry("ann", "a2")])
    skipped = songs.skip(one.uuid, TIMING, NOW)
    assert skipped is not None
    assert skipped[0] is one
    assert [song.title for song in skipped[1]] == ["a2"]
    assert performers(songs) == (["ann"], [], [])


def test_skipping_deletes_from_the_waiting_room_too() -> None:
    """Who waits can be skipped; what is unknown changes nothing."""
    two = entry("ann", "a2")
    songs = SongQueue([entry("ann")], [two])
    assert songs.skip("unknown", TIMING, NOW) is None
    assert songs.skip(two.uuid, TIMING, NOW) == (two, [])
    assert performers(songs) == (["ann"], [], [])


@pytest.mark.parametrize(("index", "order"), [(0, "abcd"), (1, "abcd"), (2, "acbd"), (3, "abdc")])
def test_the_first_two_stay_where_they_are(index: int, order: str) -> None:
    """Moving up swaps with the one before, from the third place on."""
    songs = SongQueue([entry(name) for name in "abcd"])
    songs.move_up(songs.queue[index].uuid)
    assert "".join(performers(songs)[0]) == order


def test_somebody_is_let_in_out_of_turn() -> None:
    """An entry of the waiting room is queued, unless it would start too late."""
    two = entry("ann", "a2")
    songs = SongQueue([entry("ann")], [two])
    assert not songs.let_in(two, Timing(3, NOW), NOW)
    assert performers(songs) == (["ann"], ["ann"], [])
    assert songs.let_in(two, TIMING, NOW)
    assert performers(songs) == (["ann", "ann"], [], [])


def test_what_is_found_out_later_is_written_onto_the_entry() -> None:
    """A queued or waiting entry keeps its place and its uuid."""
    one, two = entry("ann"), entry("bob")
    songs = SongQueue([one], [two])
    assert songs.annotate(one.uuid, {"duration": 7})
    assert songs.annotate(two.uuid, {"title": "T"})
    assert not songs.annotate("unknown", {"duration": 7})
    assert (songs.queue[0].duration, songs.queue[0].uuid) == (7, one.uuid)
    assert songs.waiting_room[0].title == "T"


def test_the_next_song_is_not_taken_for_the_one_that_was_skipped() -> None:
    """After a song that was sung is skipped, the first of the queue was not played."""
    one = entry("ann")
    songs = SongQueue([one, entry("bob")])
    assert songs.was_played
    songs.start(NOW)
    assert songs.was_played
    songs.skip(one.uuid, TIMING, NOW)
    assert not songs.was_played
    assert not SongQueue().was_played


def test_what_was_sung_long_ago_is_forgotten() -> None:
    """Recent has an end."""
    songs = SongQueue([entry("ann")], (), [entry(str(number)) for number in range(MOST_RECENT)])
    songs.discard(TIMING, NOW)
    assert len(songs.recent) == MOST_RECENT
    assert (songs.recent[0].performer, songs.recent[-1].performer) == ("1", "ann")
