"""Playback machines as programs of their own, and what they write."""

import asyncio
import os
import re
import signal
import sys
import wave
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.program import ROOT
from tests.transcript import PATIENCE


class Machine:
    """A program whose output is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def writes(self, pattern: str) -> str:
        """Return the next line that matches; what comes before is passed over."""
        assert self.process.stdout is not None
        before = []
        async with asyncio.timeout(2 * PATIENCE):
            while line := (await self.process.stdout.readline()).decode():
                if re.search(pattern, line):
                    return line
                before.append(line)
        raise AssertionError("".join(before))

    async def ends(self) -> int:
        """Return the exit status."""
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def is_stopped(self) -> int:
        """Tell it to stop; return the exit status."""
        self.process.send_signal(signal.SIGINT)
        return await self.ends()


@asynccontextmanager
async def started(
    *command: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Machine]:
    """Run a program for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
        env=dict(os.environ) | dict(environment or {}),
        start_new_session=True,
    )
    try:
        yield Machine(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # and what it has started itself
        await process.communicate()


def karaoke(*arguments: str) -> Sequence[str]:
    """Return the command that runs our own tools."""
    return (sys.executable, "-m", "karaoke", *arguments)


def compose(song: Path, seconds: float) -> None:
    """Write a song of silence."""
    song.parent.mkdir(exist_ok=True)
    with wave.open(str(song), "wb") as file:
        file.setparams((1, 1, 8000, 0, "NONE", ""))
        file.writeframes(bytes(int(8000 * seconds)))
