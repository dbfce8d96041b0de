from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from karaoke.entries import Entry
from karaoke.song_queue import SongQueue, Timing
from tests.karaoke.songs import entry

NAMES = strategies.sampled_from(["ann", "bob", "cid", "ann and bob", "!"])
LAST = strategies.sampled_from([None, 0.0, 500.0, 2000.0])
PLACE = strategies.integers(0, 12)


class Evening(RuleBasedStateMachine):
    """An evening of karaoke, in any order of events."""

    def __init__(self) -> None:
        super().__init__()
        self.songs = SongQueue()
        self.now = 0.0
        self.timing = Timing()
        self.taken: dict[str, Entry] = {}  # all that was taken in and not skipped since

    @initialize(last=LAST)
    def the_evening_ends(self, last: float | None) -> None:
        """There may be a last song."""
        self.timing = Timing(3.0, last)

    def queued(self) -> list[str]:
        """Return the uuids of the queue."""
        return [song.uuid for song in self.songs.queue]

    def waiting(self) -> list[str]:
        """Return the uuids of the waiting room."""
        return [song.uuid for song in self.songs.waiting_room]

    @rule(seconds=strategies.integers(0, 300))
    def time_passes(self, seconds: int) -> None:
        """Let the clock go on."""
        self.now += seconds

    @rule(name=NAMES)
    def somebody_appends(self, name: str) -> None:
        """See a song at the end of the queue, or nowhere."""
        song, before = entry(name), self.queued()
        if self.songs.append(song, self.timing, self.now):
            self.taken[song.uuid] = song
            assert self.queued() == [*before, song.uuid]
        else:
            assert self.queued() == before

    @rule(name=NAMES)
    def somebody_waits(self, name: str) -> None:
        """See a song at the end of the waiting room."""
        song = entry(name)
        self.songs.wait(song)
        self.taken[song.uuid] = song
        assert self.waiting()[-1] == song.uuid

    @precondition(lambda self: self.songs.queue)
    @rule()
    def a_song_starts(self) -> None:
        """See that the order stays."""
        before = self.queued()
        self.songs.start(self.now)
        assert self.queued() == before

    @precondition(lambda self: self.songs.queue)
    @rule()
    def a_song_ends(self) -> None:
        """See the rest move up, in order, and who waits come after them, in order."""
        before, waited = self.queued(), self.waiting()
        first, drained = self.songs.discard(self.timing, self.now)
        assert first.uuid == before[0] == self.songs.recent[-1].uuid
        self.check_drain(before[1:], waited, drained)

    @rule(place=PLACE)
    def a_song_is_skipped(self, place: int) -> None:
        """See that it is gone, and nothing else is."""
        everywhere = self.queued() + self.waiting()
        uuid = everywhere[place] if place < len(everywhere) else "unknown"
        before = [other for other in self.queued() if other != uuid]
        waited = [other for other in self.waiting() if other != uuid]
        skipped = self.songs.skip(uuid, self.timing, self.now)
        assert (skipped is None) == (place >= len(everywhere))
        if skipped is not None:
            assert skipped[0].uuid == uuid
            del self.taken[uuid]
            self.check_drain(before, waited, skipped[1])

    @rule(place=PLACE)
    def a_song_moves_up(self, place: int) -> None:
        """Only that one and the one before change places."""
        before = self.queued()
        self.songs.move_up(before[place] if place < len(before) else "unknown")
        if 2 <= place < len(before):
            before[place - 1], before[place] = before[place], before[place - 1]
        assert self.queued() == before

    @precondition(lambda self: self.songs.waiting_room)
    @rule(place=PLACE)
    def somebody_is_let_in(self, place: int) -> None:
        """See the song at the end of the queue, or still waiting."""
        song = self.songs.waiting_room[place % len(self.songs.waiting_room)]
        before, waited = self.queued(), self.waiting()
        if self.songs.let_in(song, self.timing, self.now):
            assert self.queued() == [*before, song.uuid]
        else:
            assert (self.queued(), self.waiting()) == (before, waited)

    def check_drain(self, before: list[str], waited: list[str], drained: list[Entry]) -> None:
        """See that a drain was fair: in order, and nobody overtakes themselves."""
        moved = [song.uuid for song in drained]
        assert self.queued() == before + moved
        assert moved == [uuid for uuid in waited if uuid in moved]
        assert self.waiting() == [uuid for uuid in waited if uuid not in moved]
        late = self.timing.last_song and self.timing.last_song < self.songs.start_time(
            self.timing, self.now
        )
        if not late:
            assert all(
                self.songs.queued_with(song.performer) or song.performer == "!"
                for song in self.songs.waiting_room
            )

    @invariant()
    def no_song_is_lost_or_doubled(self) -> None:
        """Every song that was taken in is in exactly one place, as its performer wanted it."""
        everywhere = [*self.songs.queue, *self.songs.waiting_room, *self.songs.recent]
        assert sorted(song.uuid for song in everywhere) == sorted(self.taken)
        for song in everywhere:
            assert song.performer == self.taken[song.uuid].performer


Evening.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestEvening = Evening.TestCase
TestEvening.__doc__ = "However an evening goes, no song is lost or doubled, and drains are fair."
