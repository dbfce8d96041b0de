"""The load on a server: `driver.c`, which holds the people, on the second core."""

import atexit
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from benchmarks.servers import DRIVERS_CORE, HERE, Server, compiled

Numbers = Mapping[str, float]
"""What the driver counted; its names are those of the driver's JSON."""


@cache
def driver() -> Path:
    """Return the driver, compiled into a folder that goes when the process ends."""
    folder = Path(mkdtemp(prefix="roomful-bench-"))
    atexit.register(rmtree, folder)
    return compiled(HERE / "driver.c", folder)


class GaveUp(Exception):  # noqa: N818 - it is what the driver did
    """The driver has ended before its time; it says why on stderr."""


class Load:
    """People who have joined a server, and speak when told to."""

    def __init__(self, server: Server, options: Mapping[str, float]) -> None:
        words = [word for name, value in options.items() for word in (f"--{name}", f"{value:g}")]
        self._process = subprocess.Popen(  # noqa: S603 - our own
            (driver(), "--port", str(server.port), "--pid", str(server.pid), "--wait", *words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.sched_setaffinity(self._process.pid, {DRIVERS_CORE})
        self.joined = self._read()  # how the joining went

    def measure(self) -> Numbers:
        """Let them speak for one window, and return what was counted."""
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Numbers:
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        line = self._process.stdout.readline()
        if not line:
            raise GaveUp("The driver gave up; it says why above")
        numbers: Numbers = json.loads(line)
        return numbers

    def stop(self) -> None:
        """Let them all hang up."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def load(server: Server, **options: float) -> Iterator[Load]:
    """Let people join a server; the options are those of the driver, `_` for `-`."""
    people = Load(server, {name.replace("_", "-"): value for name, value in options.items()})
    try:
        yield people
    finally:
        people.stop()
