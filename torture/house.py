"""The server under torture: a real process that is killed and started again on the same log."""

import asyncio
import ctypes
import os
import re
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
OPENING = 30.0  # seconds in which a server must open
STOPPING = 10.0  # seconds in which it must stop when told to
_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


class HouseError(Exception):
    """The server did not open, or did not stop, as it must."""


class House:
    """One server after another, on one log; `port` is that of the present one."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._data = folder / "log.db"
        self._said = folder / "stderr.txt"
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0
        self.starts = 0

    async def open(self) -> None:
        """Start a server on a free port, and wait until it is open."""
        with self._said.open("ab") as said:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(self._program)),
                *("--host", "127.0.0.1", "--port", "0", "--telnet-port", "0"),
                *("--data", str(self._data), "--keep", "0", "--log-level", "warning"),
                *("--messages-per-second", "0", "--connections-per-address", "0"),
                cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=said,
                preexec_fn=_die_with_parent,
            )
        stdout = self._process.stdout
        if stdout is None:
            raise HouseError("The server has no stdout.")
        try:
            async with asyncio.timeout(OPENING):
                banner = await stdout.readuntil(b"stops it.\n")
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            raise HouseError(f"The server did not open: {self.complaints()[-2000:]}") from error
        found = re.search(rb"ws://127\.0\.0\.1:(\d+)/chat", banner)
        if found is None:
            raise HouseError(f"The server opened nowhere: {banner!r}")
        self.port = int(found[1])
        self.starts += 1

    async def kill(self) -> None:
        """End the server at once."""
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.communicate()

    async def stop(self) -> None:
        """Tell the server to stop, and see that it does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOPPING):
                    await self._process.communicate()
            except TimeoutError as error:
                raise HouseError("The server did not stop.") from error
            if self._process.returncode != 0:
                raise HouseError(f"The server stopped with {self._process.returncode}.")

    def memory(self) -> int:
        """Return how many bytes the process holds; 0 if there is none."""
        if self._process is None or self._process.returncode is not None:
            return 0
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        except OSError:
            return 0
        return int(pages) * os.sysconf("SC_PAGESIZE")

    def complaints(self) -> str:
        """Return what the servers have written to stderr."""
        return self._said.read_text(errors="replace") if self._said.exists() else ""


def _die_with_parent() -> None:
    """Let the server be killed by the system when whoever started it is no more."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
