"""The whole program: a real process that is started, told to stop, and killed."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from settings import PREFIX
from tests.transcript import PATIENCE, Person

ROOT = Path(__file__).parents[1]
LOCAL = ("--host", "127.0.0.1", "--port", "0", "--telnet-port", "0")
FREE = ("--messages-per-second", "0", "--connections-per-address", "0")


class Program:
    """One server."""

    def __init__(self, process: asyncio.subprocess.Process, client: aiohttp.ClientSession) -> None:
        self.process = process
        self.client = client
        self.port = 0
        self.banner = ""

    async def opens(self) -> None:
        """Wait for the banner."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            banner = await self.process.stdout.readuntil(b"stops it.\n")
        found = re.search(rb"ws://127\.0\.0\.1:(\d+)/chat", banner)
        assert found is not None, banner
        self.port = int(found[1])
        self.banner = os.fsdecode(banner)

    async def lets_in(self, nick: str, room: str = "default") -> Person:
        """Let somebody in."""
        url = f"http://127.0.0.1:{self.port}/chat"
        person = Person(await self.client.ws_connect(url, params={"nick": nick, "room": room}))
        greeting = {"action": "connecting", "room": room, "user": nick}
        assert await person.hears() == greeting
        person.nick, person.room = nick, room
        return person

    def is_told(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    async def ends(self, seconds: float = PATIENCE) -> tuple[int, str]:
        """Return the exit status, and all that was written to stderr."""
        async with asyncio.timeout(seconds):
            _out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, err.decode()

    async def is_killed(self) -> None:
        """Kill the process, and see that it never said anything was wrong."""
        self.is_told(signal.SIGKILL)
        status, complaint = await self.ends()
        assert (status, complaint) == (-signal.SIGKILL, "")

    def memory(self) -> int:
        """Return how many bytes the process holds."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")


async def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    prepare: Callable[[], None] | None = None,
) -> asyncio.subprocess.Process:
    """Start the server with these arguments, and no settings of our own environment."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "server.py",
        *arguments,
        cwd=ROOT,
        env=ours | dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=prepare,
    )


@asynccontextmanager
async def started(
    data: Path | str, *arguments: str, prepare: Callable[[], None] | None = None
) -> AsyncIterator[Program]:
    """Run a server on a free port for as long as the block lasts."""
    process = await run([*LOCAL, "--data", str(data), *arguments], {}, prepare)
    async with aiohttp.ClientSession() as client:
        program = Program(process, client)
        try:
            await program.opens()
            yield program
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def fails(*arguments: str, **environment: str) -> str:
    """Run a server that cannot be opened; return the one line in which it says why."""
    process = await run(arguments, environment)
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, out) == (2, b""), err.decode()
    complaint = err.decode()
    assert complaint.endswith("\n")
    assert complaint.count("\n") == 1, complaint
    assert complaint.startswith("server.py: ")
    return complaint
