"""Feeds: every message goes, as it came, to everyone in the same feed, the sender included.

A feed is a room whose people have numbers, and it keeps nothing.
"""

from collections.abc import Awaitable
from itertools import count

from aiohttp import web
from aiohttp.typedefs import Handler

from doors.gate import Gate
from lines.heartbeat import Lines
from lines.line import BOUND
from lines.websocket import WebSocketLine
from rooms.batch import Batch, Event, Single
from rooms.room import Room
from wire.errors import Disconnect
from wire.forms import Form
from wire.frames import BINARY, TEXT, frame

# RFC 6455, section 7.4.1: these are never sent; they stand for what happened to the sender.
_RESERVED_CODES = frozenset({1005, 1006, 1015})
_AS_IT_CAME = Form(notice=lambda _room, _told: b"")  # a feed has no notices


class Relayed(Single):
    """A message as one frame, written to everyone."""

    def __init__(self, feed: str, message: str | bytes) -> None:
        super().__init__(feed, 0, [Event(feed)])
        if isinstance(message, str):
            self._frame = frame(TEXT, message.encode())
        else:
            self._frame = frame(BINARY, message)

    def whole(self, _form: Form) -> bytes:
        """Return the frame; nobody is told anything else."""
        return self._frame


class FeedLine(WebSocketLine):
    """One connection to a feed; `fell_behind` is called when it has too much unsent."""

    def deliver(self, batch: Batch) -> None:
        """Write a message, unless earlier ones are still unsent: a feed cannot repeat it later."""
        for frames, _end in batch.cuts(self.form):
            if self.unsent > BOUND:
                self.fell_behind()
                return
            self.write(frames)


class Feed(Room):
    """Everyone connected to one feed, in order of arrival."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._numbers = count(1)

    def enter(self, line: FeedLine) -> str:
        """Let a line in, and return its number; who falls behind is put out."""
        number = str(next(self._numbers))

        def put_out() -> None:
            self.discard(number)
            line.end(Disconnect.TOO_SLOW)

        line.fell_behind = put_out
        self.join(number, line)
        return number

    def discard(self, number: str) -> None:
        """Take a line out, if it is still in."""
        if number in self:
            self.leave(number)

    def relay(self, message: str | bytes) -> None:
        """Send a message to everyone; wait for nobody."""
        self.send_message(Relayed(self.name, message))


def feed_door(gate: Gate, lines: Lines, max_message: int) -> Handler:
    """Return the view of /feed and /feed/{name}; `max_message` is in bytes.

    `lines` are those that are watched for signs of life.
    """
    feeds: dict[str, Feed] = {}

    async def ws_feed(request: web.Request) -> web.WebSocketResponse:
        with gate.admit(request):
            line = FeedLine(request, _AS_IT_CAME, max_message=max_message, compress=True)
            response = await line.open_up()
            name = request.match_info.get("name", "")
            feed = feeds.setdefault(name, Feed(name))
            number = feed.enter(line)
            lines.add(line)

            def relay(received: str | bytes) -> Awaitable[None]:
                feed.relay(received)
                return line.drain()  # who does not read is not read either

            try:
                await line.listen(relay)
            finally:
                lines.discard(line)
                feed.discard(number)
                if not feed and feeds.get(name) is feed:
                    del feeds[name]
            reserved = line.close_code in _RESERVED_CODES
            await line.hang_up(Disconnect.INVALID_CLOSE if reserved else Disconnect.POLITE)
            return response

    return ws_feed
