"""Work that blocks, in threads that nobody has to wait for.

The threads are daemons: what hangs in the network holds up neither a person nor the stop.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

AT_ONCE = 8
TIME_LIMIT = 15.0  # seconds


class Lookups:
    """Runs at most so many pieces of work at once; one that is given up still counts."""

    def __init__(self, at_once: int = AT_ONCE, time_limit: float = TIME_LIMIT) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._time_limit = time_limit

    async def run(self, work: Callable[[], T]) -> T:
        """Return what the work returns, or raise what it raises; TimeoutError if it takes long."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._time_limit):
            await self._places.acquire()
            outcome: asyncio.Future[T] = loop.create_future()

            def settle(result: T | None, error: BaseException | None) -> None:
                self._places.release()
                if outcome.done():
                    return
                if error is not None:
                    outcome.set_exception(error)
                else:
                    outcome.set_result(result)  # type: ignore[arg-type]

            def perform() -> None:
                result, error = None, None
                try:
                    result = work()
                except Exception as raised:  # noqa: BLE001 - it is raised again, over there
                    error = raised
                with suppress(RuntimeError):  # the loop is gone, and nobody waits
                    loop.call_soon_threadsafe(settle, result, error)

            Thread(target=perform, name="karaoke-lookup", daemon=True).start()
            return await outcome
