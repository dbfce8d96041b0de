"""The bots as programs: real processes that are asked, restarted around, and told to leave."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bots.running import story
from client import (
    CaughtUp,
    Disconnected,
    Entered,
    Event,
    Gone,
    Joined,
    Left,
    LogReplaced,
    Missed,
    NickChanged,
    Reason,
    Said,
)
from tests.bots.conftest import House, Person

ROOT = Path(__file__).parents[2]
BOTS = ("math_bot", "math_student")


@asynccontextmanager
async def program(name: str, *options: str) -> AsyncIterator[Process]:
    """Run a bot as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"bots.{name}", *options),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUNBUFFERED": ""},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def read_until(process: Process, part: str) -> str:
    """Return the first line of output with this part in it."""
    assert process.stdout is not None
    async for line in process.stdout:
        if part in (told := line.decode()):
            return told
    raise AssertionError(f"The output ended without {part!r}")


@pytest.mark.parametrize("name", BOTS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_bot_leaves_politely(house: House, name: str, number: signal.Signals) -> None:
    """Told to end, a bot leaves without shame, says so, and ends with status 0."""
    async with Person(house.url, "ann") as ann, program(name, "--url", house.url) as process:
        await read_until(process, "2 in math: ann, Math")
        await ann.hear("joined")
        process.send_signal(number)
        left = await ann.hear("left")
        assert (left["user"][:4], left["shame"]) == ("Math", False)
        out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert out.endswith(b"Left.\n")


async def test_a_bot_lives_through_a_restart_and_leaves(house: House) -> None:
    """A bot answers after a restart, and Ctrl-C while there is no server ends it well."""
    async with program("math_bot", "--url", house.url) as process:
        await read_until(process, "1 in math")
        await house.shut()
        await read_until(process, "Disconnected: ")
        await house.open()
        await read_until(process, "1 in math: MathBot")
        async with Person(house.url, "ann") as ann:
            await ann.say("1/3")
            assert (await ann.hear_said())[1] == "@ann: ≈ 0.333333333333"
        assert "\\u2248 0.333333333333" in await read_until(process, "MathBot: ")
        await house.shut()
        await read_until(process, "Disconnected: ")
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize("name", BOTS)
async def test_without_a_server_a_bot_says_so_and_fails(house: House, name: str) -> None:
    """One line says what was not reached, and the status is 1."""
    await house.shut()
    async with program(name, "--url", house.url) as process:
        out, err = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert err.startswith(f"No chat server there: {house.url}: ".encode())
    assert err.count(b"\n") == 1


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("math_bot", ["--nick", "a b"], b"--nick: A nick has 1 to 32 visible characters"),
        ("math_bot", ["--room", " "], b"--room: A room's name has 1 to 64 visible characters"),
        ("math_student", ["--every", "0"], b"--every: '0' is no number of seconds above zero"),
        ("math_student", ["--every", "nan"], b"--every: 'nan' is no number of seconds"),
        ("math_student", ["--every", "soon"], b"--every: 'soon' is no number of seconds"),
    ],
)
async def test_an_option_that_makes_no_sense_is_explained(
    name: str, options: list[str], reason: bytes
) -> None:
    """A wrong option ends the program with status 2 and the rule."""
    async with program(name, *options) as process:
        _, err = await process.communicate()
    assert process.returncode == 2
    assert reason in err


@pytest.mark.parametrize("name", BOTS)
async def test_help_tells_every_option(name: str) -> None:
    """--help says what the bot does and what each option is by default."""
    async with program(name, "--help") as process:
        out, _ = await process.communicate()
    assert process.returncode == 0
    for part in (b"arithmetic", b"--url", b"--nick", b"--room", b"(default: math)"):
        assert part in out


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            Entered("MathBot", "math", ("ann", "MathBot")),
            "2 in math: ann, MathBot (this bot).",
        ),
        (
            Entered("MathBot", "math", ("MathBot",), 7, "No such session."),
            "1 in math: MathBot (this bot). The former place is lost: No such session.",
        ),
        (Disconnected("gone", 1.25), "Disconnected: gone; trying again in 1.2 s."),
        (Disconnected("taken over", None), "Disconnected: taken over; this is final."),
        (Said(1, 5, "ann", "hello"), "ann: hello"),
        (Joined("ann"), "ann came in."),
        (Left("ann", Reason.MOVED), "ann left."),
        (Left("ann", Reason.LOST), "ann left in shame."),
        (CaughtUp(14), "Caught up: 14 messages, nothing missing."),
        (CaughtUp(1, 61), "Caught up: 1 messages, 61 missing."),
        (Gone(120, 180), "Messages 120 to 180 are gone."),
        (LogReplaced(), "The server has another log; what was said meanwhile is missing."),
        (NickChanged("ann", "bob"), "ann is bob from now on."),
        (Missed(7), "7 events came too fast and were missed."),
    ],
)
def test_each_event_is_told_in_a_line(event: Event, told: str) -> None:
    """What happens in the room is told in plain words."""
    assert story(event) == told
