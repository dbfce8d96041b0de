"""What the process of a service needs: a fast loop, open files, one stop, and plain words.

Nothing here knows of the chat.
"""

import asyncio
import errno
import gc
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvloop

_STOPPING = (signal.SIGINT, signal.SIGTERM)
# What a connection holds lives long, and a message leaves no cycles behind. Looking for them as
# often as Python does by default took a tenth of the time; see docs/performance.md.
_GC_THRESHOLDS = (100_000, 20, 20)

_log = logging.getLogger("roomful")


class CannotOpen(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """A port cannot be listened at; the text says why and what to do."""


def run(service: Coroutine[None, None, int]) -> int:
    """Run a service to its end, with as many open files as the system lets us have."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    try:
        return uvloop.run(service)
    finally:
        for number in _STOPPING:  # it is ending; there is nothing left that a signal could stop
            signal.signal(number, signal.SIG_IGN)


def stop_signal() -> asyncio.Event:
    """Return what SIGINT and SIGTERM set, the first time and any other."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell(_number: int, _frame: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(told.set)

    for number in _STOPPING:
        signal.signal(number, tell)
    return told


class Vital:
    """The tasks that a service cannot go on without: should one end by itself, it is to end too."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure = asyncio.Event()

    @property
    def failed(self) -> bool:
        """Whether one has ended by itself."""
        return self._failure.is_set()

    @asynccontextmanager
    async def running(self, *works: Coroutine[None, None, None]) -> AsyncIterator[None]:
        """Run some for as long as the block lasts."""
        tasks = {asyncio.create_task(work) for work in works}
        self._tasks |= tasks
        for task in tasks:
            task.add_done_callback(self._ended)
        try:
            yield
        finally:
            self._tasks -= tasks
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task in self._tasks:
            _log.critical("The service cannot go on", exc_info=_fault(task))
            self._failure.set()

    async def until(self, stop: asyncio.Event) -> int:
        """Wait for the stop and return 0, or return 1 once one has failed."""
        waits = {asyncio.create_task(event.wait()) for event in (stop, self._failure)}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return 1 if self.failed else 0


def _fault(task: asyncio.Task[None]) -> BaseException | None:
    return None if task.cancelled() else task.exception()


@contextmanager
def opening(host: str, port: int, option: str) -> Iterator[None]:
    """Raise CannotOpen if the port, which the option can change, cannot be listened at."""
    try:
        yield
    except (socket.gaierror, UnicodeError):
        raise CannotOpen(f"There is no address named {host}; choose another --host.") from None
    except OSError as error:
        where = f"Port {port} on {host}"
        if error.errno == errno.EADDRINUSE:
            raise CannotOpen(f"{where} is taken; choose another with {option}.") from None
        raise CannotOpen(f"{where} cannot be opened: {error.strerror}.") from None


def say(text: str) -> None:
    """Print something; a service goes on when nobody is left to read it."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
