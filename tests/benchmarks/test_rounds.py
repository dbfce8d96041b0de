"""The benchmarks run; what they measure is not judged here."""

from functools import partial

import pytest

from benchmarks.load import driver
from benchmarks.rounds import Comparison, Start, alone, compare, cpu_per_delivery, take_turns
from benchmarks.servers import NotHere, compiled, in_memory, peer
from benchmarks.table import Row, lines


def test_contestants_take_turns() -> None:
    """Two servers are spoken to in turns, and each message reaches everybody else."""
    contestants: dict[str, Start] = {"ours": in_memory, "epoll": partial(peer, "epoll")}
    crowd = {"people": 20, "rooms": 1, "speakers": 2, "under_way": 3}
    rounds = take_turns(contestants, 1, seconds=0.3, warm_up=0, **crowd)
    assert [list(turn) for turn in rounds] == [["ours", "epoll"]]
    for numbers in rounds[0].values():
        assert numbers["replies"] > 0
        assert numbers["deliveries"] == pytest.approx(19 * numbers["replies"], rel=0.1, abs=200)
    assert compare(rounds, "ours", "epoll", cpu_per_delivery).ratio > 0


def test_speakers_keep_to_a_rate() -> None:
    """Where there is a rate, so many messages a second are sent, and their lateness is known."""
    with alone(in_memory, people=4, speakers=2, rate=100, seconds=0.5, warm_up=0) as people:
        numbers = people.measure()
    assert numbers["messages"] == pytest.approx(50, abs=2)
    assert 0 < numbers["ms_50"] <= numbers["ms_99"] <= numbers["ms_worst"]


def test_a_peer_that_does_not_run_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is said why it could not run; without our own server nothing is measured."""

    def broken() -> None:
        raise NotHere("no such library")

    contestants = {"ours": in_memory, "picows": broken}
    rounds = take_turns(contestants, 1, people=2, seconds=0.1, warm_up=0)  # type: ignore[arg-type]
    assert list(rounds[0]) == ["ours"]
    assert "picows cannot be run here: no such library" in capfd.readouterr().err
    with pytest.raises(NotHere):
        take_turns({"ours": broken}, 1, people=2)  # type: ignore[dict-item]
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotHere, match="compiler"):
        compiled(driver(), driver().parent)


def test_ratios_are_taken_within_a_round() -> None:
    """A machine that is slow in one round is slow for both, and moves no ratio."""
    rounds = [
        {"ours": {"n": 2.0}, "other": {"n": 1.0}},
        {"ours": {"n": 20.0}, "other": {"n": 10.0}},
        {"ours": {"n": 3.0}, "other": {"n": 1.0}},
    ]
    found = compare(rounds, "ours", "other", lambda numbers: numbers["n"])
    assert found == Comparison(ours=3.0, beside=1.0, ratio=2.0, middle=(2.0, 2.5))


@pytest.mark.parametrize(
    ("ratio", "below", "verdict"),
    [(1.0, False, "met"), (1.0, True, "missed"), (1.01, False, "missed"), (0.9, True, "met")],
)
def test_a_mark_is_met_or_missed(ratio: float, below: bool, verdict: str) -> None:  # noqa: FBT001
    """The verdict follows from the ratio, and says so where the mark itself is too much."""
    found = Comparison(1.0, 1.0, ratio, (ratio, ratio))
    assert Row("work", "peer", "us", 1.0, found, below).cells()[-1] == verdict


def test_what_could_not_run_is_neither() -> None:
    """A row without numbers says that it was not run."""
    assert Row("work", "peer", "us", 1.0, None).cells()[-1] == "not run"


def test_a_table_has_columns() -> None:
    """What is printed is Markdown, and lines up."""
    assert lines([("a", "bbb"), ("cc", "d")]) == ["| a  | bbb |", "|----|-----|", "| cc | d   |"]
