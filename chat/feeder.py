"""Feeds a person who fell behind from the journal, at the person's own pace."""

import asyncio
import logging
from collections.abc import Callable

from journal.spine import Journal
from lines.line import Line
from utils import Happening
from wire.messages import MAX_PAGE, Reason

_log = logging.getLogger(__name__)


class Feeder:
    """At most one task for one line, and only for as long as the line is behind.

    `tell_snapshot` is called where, after that, the person is to be told who is there.
    """

    def __init__(
        self, journal: Journal[Happening], line: Line, tell_snapshot: Callable[[], None]
    ) -> None:
        self._journal = journal
        self._line = line
        self._tell_snapshot = tell_snapshot
        self._task: asyncio.Task[None] | None = None
        line.fell_behind = self._start
        line.departed = self.stop

    def _start(self) -> None:
        self._task = asyncio.create_task(self._feed())

    async def done(self) -> None:
        """Wait until the person has caught up and has not too much unread, or is gone."""
        while self._task is not None and not self._task.done():
            await asyncio.wait((self._task,))
        await self._line.drain()

    def stop(self) -> None:
        """Feed no more; what was not fed is not told."""
        if self._task is not None:
            self._task.cancel()

    async def _feed(self) -> None:
        line, journal = self._line, self._journal
        if not line.lagging:
            journal.hold(self)
        try:
            while line.behind and line.open and line.room is not None:
                last = journal.last_id(line.room)
                page = await journal.page(line.room, after=line.place, limit=MAX_PAGE)
                await line.feed(page.messages, page.messages[-1].id if page.more else last)
                if line.place == journal.last_id(line.room) and line.catch_up():
                    self._tell_snapshot()
        except Exception:  # noqa: BLE001 - who cannot be told everything is not left half told
            _log.exception("A reader who fell behind cannot be fed")
            line.abort(Reason.KICKED)
        finally:
            journal.release(self)
