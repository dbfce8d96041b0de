"""Lines to test with: a transport that sends what one lets it, and the form of one JSON a line."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

from msgspec import to_builtins

from lines import line as bounds
from lines.line import Line
from rooms.batch import Batch, Event
from wire.forms import Form
from wire.messages import Notice, Said, notice_v1


class FakeTransport(asyncio.Transport):
    """A transport whose other side reads as much as `read` says."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""  # all that was written
        self.sent = 0
        self.writes: list[bytes] = []
        self.most_unsent = 0
        self.flows = True  # everything is sent at once
        self.aborted = 0
        self.ended = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes."""
        assert not self.ended, "written after the end"
        self.writes.append(bytes(data))
        self.data += data
        if self.flows:
            self.sent = len(self.data)
        self.most_unsent = max(self.most_unsent, self.get_write_buffer_size())

    def read(self, size: int) -> None:
        """Let the other side read so many bytes."""
        self.sent = min(len(self.data), self.sent + size)

    def get_write_buffer_size(self) -> int:
        """Return what the other side has not read."""
        return len(self.data) - self.sent

    def is_closing(self) -> bool:
        """Return whether it has ended."""
        return self.ended

    def abort(self) -> None:
        """End at once."""
        self.aborted += 1
        self.ended = True

    def close(self) -> None:
        """End."""
        self.ended = True

    @property
    def told(self) -> list[Any]:
        """What was written, line by line."""
        return [json.loads(line) for line in self.data.splitlines()]


class PatientLine(Line):
    """A line whose person reads everything whenever it is waited for."""

    async def drain(self) -> None:
        """Let the person read what is over the bound, and all else with it."""
        if self.unsent > bounds.BOUND and isinstance(self.transport, FakeTransport):
            self.transport.read(self.unsent)


def at_once(work: Coroutine[Any, Any, None]) -> None:
    """Run what need not wait for anything."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def render(room: str, notice: Notice) -> bytes:
    """Render a notice as a line of JSON; messages show their numbers."""
    body = to_builtins(notice_v1(room, notice))
    if isinstance(notice, Said):
        body["id"] = notice.id
    return json.dumps(body).encode() + b"\n"


LINES = Form(notice=render)


def answered(event: Event, last_id: int) -> bytes:
    """Answer an author with what became of the event and the last number at its place."""
    number = event.notice.id if isinstance(event.notice, Said) else None
    return json.dumps({"answer": number, "last_id": last_id}).encode() + b"\n"


def entrance(line: Line, room: str = "tea") -> Event:
    """Return the event by which a line enters a room, told all that follows."""
    return Event(room, author=line, answer=answered, enters=lambda last: last)


def entered(room: str = "tea", before: int = 0) -> tuple[Line, FakeTransport]:
    """Return a line that takes part in a room, and its transport, which has told nothing yet."""
    transport = FakeTransport()
    line = PatientLine(transport, LINES)
    line.deliver(Batch(room, before, [entrance(line, room)]))
    transport.data, transport.sent = b"", 0
    transport.writes.clear()
    return line, transport


def said(number: int, user: str = "ann", size: int = 1) -> Said:
    """Return a message."""
    return Said(number, 0, user, "x" * size)
