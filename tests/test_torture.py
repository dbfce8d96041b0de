"""The torture test in the box: a short run of it, and every check of it seen to fail."""

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from torture.verdict import MEMORY, Logs, excess, judge
from torture.witness import Gap, Said, Witness

ROOT = Path(__file__).parents[1]

ONE, TWO, THREE = Said(1, "one"), Said(2, "two"), Said(3, "three")
SOUND: Logs = {"tea": [ONE, TWO, THREE], "attic": []}


def people() -> tuple[Witness, Witness]:
    """Return what two people tell of a sound log, the second of version 1."""
    ann = Witness(
        "ann",
        sent={"one", "three"},
        acknowledged=[("tea", ONE), ("tea", THREE)],
        since={"tea": 0},
        heard={"tea": [ONE, TWO, THREE]},
    )
    bob = Witness(
        "bob",
        sent={"two", "never stored"},
        confirmed=[("tea", "two")],
        stays=[("tea", ["one", "two"]), ("attic", []), ("tea", ["three"])],
    )
    return ann, bob


def test_a_sound_log_is_found_sound() -> None:
    """What fits together is no violation."""
    assert judge(SOUND, people()) == []
    assert list(excess(MEMORY)) == []


@pytest.mark.parametrize(
    ("log", "violation"),
    [
        ([ONE, THREE], "log of tea: number 3 stands at place 2"),
        ([TWO, THREE], "log of tea: number 2 stands at place 1"),
        ([ONE, TWO, TWO], "log of tea: number 2 stands at place 3"),
        ([ONE, TWO, THREE, Said(4, "two")], "'two' is in the log 2 times"),
        ([ONE, TWO, THREE, Said(4, "four")], "log of tea: nobody said number 4, 'four'"),
        ([ONE, TWO], "ann: acknowledged, and not in the log of tea: 3"),
        ([ONE, THREE._replace(id=2)], "ann: acknowledged, and not in the log of tea: 3"),
        (
            [ONE, TWO._replace(text="2"), THREE],
            "bob: acknowledged, and not in the log of tea: 'two'",
        ),
        ([ONE, TWO._replace(text="2"), THREE], "ann: heard number 2 of tea, not in the log so"),
        ([ONE, TWO._replace(text="2"), THREE], "bob: heard tea otherwise than the log has it"),
        ([ONE, TWO, THREE, Said(4, "four")], "ann: never heard tea [4] (1 in all)"),
    ],
)
def test_a_fault_of_the_log_is_found(log: list[Said], violation: str) -> None:
    """A hole, a double, a stranger, and a loss each are named."""
    assert violation in judge({"tea": log}, people())


def test_a_message_in_two_rooms_is_found() -> None:
    """What was sent once must not be in another room too."""
    assert judge({**SOUND, "attic": [ONE]}, people()) == ["'one' is in the log 2 times"]


def test_a_message_that_was_never_heard_is_found() -> None:
    """Who has not heard a number in the end is missing it."""
    ann, bob = people()
    ann.heard["tea"].remove(TWO)
    assert judge(SOUND, (ann, bob)) == ["ann: never heard tea [2] (1 in all)"]
    ann.since["tea"] = 2
    assert judge(SOUND, (ann, bob)) == []


@pytest.mark.parametrize("heard", [[ONE, THREE, TWO], [ONE, TWO, TWO, THREE]])
def test_another_order_is_found(heard: list[Said]) -> None:
    """What was heard out of order, or twice, is named."""
    ann, bob = people()
    ann.heard["tea"] = heard
    assert judge(SOUND, (ann, bob)) == ["ann: heard tea out of order or twice"]


@pytest.mark.parametrize("texts", [["two", "one"], ["one", "three"], ["one", "one"], ["four"]])
def test_another_order_of_version_1_is_found(texts: list[str]) -> None:
    """A stay in which a message is missing, doubled, strange or out of order is named."""
    ann, bob = people()
    bob.stays.append(("tea", texts))
    assert judge(SOUND, (ann, bob)) == ["bob: heard tea otherwise than the log has it"]


def test_a_gap_where_all_is_kept_is_found() -> None:
    """Nobody may be told that something cannot be had that can."""
    ann, bob = people()
    ann.gaps.append(Gap("tea", 1, 2))
    assert judge(SOUND, (ann, bob)) == ["ann: was told that 1 to 2 of tea cannot be had"]


def test_what_people_complain_of_is_found() -> None:
    """What somebody saw at once is told in the end."""
    ann, bob = people()
    bob.complain("a request was never answered")
    assert judge(SOUND, (ann, bob)) == ["bob: a request was never answered"]


def test_a_server_that_grows_is_found() -> None:
    """Memory beyond the bound is named."""
    assert list(excess(MEMORY + 1)) == [f"the server grew by {MEMORY >> 20} MiB"]


async def start(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    """Start the torture test as a program."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "torture", *arguments),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run(*arguments: str) -> tuple[int | None, str]:
    """Run the torture test; return its status and its report."""
    process = await start(*arguments)
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert err == b"", err.decode()
    return process.returncode, out.decode()


@pytest.mark.timeout(120)
async def test_the_server_stands_a_short_torture() -> None:
    """Links are cut and frozen, the server is killed, and every promise is kept."""
    status, report = await run("--seed", "246", "--seconds", "6")
    assert (status, report.splitlines()[-1]) == (0, "Every promise was kept."), report
    for happened in ("kills", "resumed", "recovered", "links cut at a byte", "acknowledged"):
        assert f" {happened}\n" in report


SABOTAGE = """
import random, sys
sys.path.insert(0, {root!r})
import server
{fault}
sys.exit(server.main())
"""
FORGETS_KEYS = """
from msgspec.structs import replace
from journal.sqlite import SqliteStore
append = SqliteStore.append
async def forget(self, posted, seats):
    return await append(self, [replace(p, draft=replace(p.draft, key=None)) for p in posted], seats)
SqliteStore.append = forget
"""
DROPS_NOTICES = """
from wire.forms import JSON_2
notice = JSON_2.notice
def drop(room, told):
    return b"" if random.random() < 0.01 else notice(room, told)
object.__setattr__(JSON_2, "notice", drop)
"""
GROWS = """
from journal.spine import Journal
submit, kept = Journal.submit, []
def grow(self, entry):
    kept.append(b"x" * 500_000)
    submit(self, entry)
Journal.submit = grow
"""
FORGETS_WHAT_IT_STORED = """
from journal.sqlite import SqliteStore
load = SqliteStore._load
def forget(self, db):
    db.execute("delete from message where seq > (select max(seq) - 20 from message)")
    load(self, db)
SqliteStore._load = forget
"""
REFUSES_TO_RESUME = """
from chat.seats import Seats
async def find(self, key):
    return None
Seats.find = find
"""


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("fault", "violation"),
    [
        (FORGETS_KEYS, " is in the log 2 times"),
        (DROPS_NOTICES, ": heard "),
        (GROWS, "the server grew by "),
        (FORGETS_WHAT_IT_STORED, ": acknowledged, and not in the log of "),
        (REFUSES_TO_RESUME, ": refused: "),
    ],
    ids=["keys", "notices", "memory", "log", "seats"],
)
async def test_a_server_with_a_fault_does_not_stand_it(
    fault: str, violation: str, tmp_path: Path
) -> None:
    """A planted fault is found, named with the seed, and the status says so."""
    program = tmp_path / "faulty.py"
    program.write_text(SABOTAGE.format(root=str(ROOT), fault=fault))
    status, report = await run("--seed", "246", "--seconds", "3.5", "--program", str(program))
    assert status == 1
    assert "VIOLATIONS with seed 246:" in report.splitlines()
    assert violation in report


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_an_interrupted_torture_leaves_no_process(
    number: signal.Signals, tmp_path: Path
) -> None:
    """Whatever ends the test ends its server, too."""
    process = await start("--seconds", "60", TMPDIR=str(tmp_path))
    try:
        server = await asyncio.to_thread(child, process.pid)
        process.send_signal(number)
        await process.communicate()
        assert process.returncode == (-number if number is signal.SIGKILL else 130)
        await asyncio.to_thread(outlive, server)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def child(pid: int) -> int:
    """Return the process that a process starts."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while not (found := children.read_text().split()):
        time.sleep(0.01)
    return int(found[0])


def outlive(pid: int) -> None:
    """Wait until a process has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        while "State:\tZ" not in Path(f"/proc/{pid}/status").read_text():
            time.sleep(0.01)
