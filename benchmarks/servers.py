"""Servers to be measured: ours and the peers, each a process of its own on the first core."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

HOUSE = Path(__file__).parent.parent
HERE = Path(__file__).parent
STARTING_TIME = 60.0  # seconds; a log of a million messages may have to be read
PEERS = ("epoll", "socketify", "websockets", "picows", "aiohttp")
STOPPING_TIME = 30.0  # seconds
_CORES = sorted(os.sched_getaffinity(0))
SERVERS_CORE, DRIVERS_CORE = _CORES[0], _CORES[1 % len(_CORES)]


class NotHere(Exception):  # noqa: N818 - a state of this machine
    """A program cannot be run here; the text says why."""


class Server:
    """A running server, on a port of its own."""

    def __init__(self, command: Sequence[str], port: int) -> None:
        self.port = port
        self._complaints = TemporaryFile()  # noqa: SIM115 - it goes with the server
        self._process = subprocess.Popen(  # noqa: S603 - they are our own
            command, cwd=HOUSE, stdout=subprocess.DEVNULL, stderr=self._complaints
        )
        os.sched_setaffinity(self.pid, {SERVERS_CORE})

    @property
    def pid(self) -> int:
        """The process whose CPU time and memory are measured."""
        return self._process.pid

    def await_open(self) -> None:
        """Wait until it lets people in; raise NotHere if it ends instead."""
        end = time.monotonic() + STARTING_TIME
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        self._complaints.seek(0)
        raise NotHere(self._complaints.read().decode(errors="replace")[-500:] or "it hangs")

    def stop(self, number: int = signal.SIGKILL) -> None:
        """End it, by default without a goodbye to its people."""
        self._process.send_signal(number)
        self._process.wait(timeout=STOPPING_TIME)
        self._complaints.close()


@contextmanager
def ours(data: str | Path | None = None, *words: str) -> Iterator[Server]:
    """Run our server with all features on; its log goes to a file that is then thrown away."""
    with TemporaryDirectory(prefix="roomful-bench-") as folder:
        port = free_port()
        path = Path(folder) / "log.db" if data is None else data
        limits = "--messages-per-second", "0", "--connections-per-address", "0"
        command = sys.executable, "server.py", "--port", str(port), "--data", str(path)
        with _running((*command, *limits, "--telnet-port", "0", *words), port) as server:
            yield server


@contextmanager
def in_memory() -> Iterator[Server]:
    """Run our server without a log on disk."""
    with ours(":memory:") as server:
        yield server


@contextmanager
def peer(name: str) -> Iterator[Server]:
    """Run the peer that is `peers/on_NAME`; raise NotHere if it does not run."""
    port = free_port()
    if (HERE / "peers" / f"on_{name}.c").exists():
        with TemporaryDirectory(prefix="roomful-bench-") as folder:
            program = compiled(HERE / "peers" / f"on_{name}.c", Path(folder))
            with _running((str(program), str(port)), port) as server:
                yield server
    else:
        command = sys.executable, "-m", f"benchmarks.peers.on_{name}", str(port)
        with _running(command, port) as server:
            yield server


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[Server]:
    server = Server(command, port)
    try:
        server.await_open()
        yield server
    finally:
        server.stop()


def compiled(source: Path, folder: Path) -> Path:
    """Return the program that a C file makes; raise NotHere without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NotHere("A C compiler (gcc) is needed")
    program = folder / source.stem
    subprocess.run((compiler, "-O2", "-o", program, source), check=True)  # noqa: S603 - our own
    return program


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port
