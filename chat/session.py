"""A session is one person talking: their nick, their room, and what they have under way."""

import asyncio
import secrets
from collections.abc import Callable

from aiohttp import web

import utils
from chat import actions
from chat.feeder import Feeder
from chat.limits import PATIENCE, UNDER_WAY, UNDER_WAY_BYTES, TokenBucket
from lines.line import Line
from rooms.batch import Event
from wire import messages, names
from wire.errors import Code, Refused
from wire.frames import decode_json, json_frame
from wire.messages import Body, Reason

DEFAULT_ROOM = "default"


class WornOut(Exception):  # noqa: N818 - an order to end the connection
    """The limit's patience has ended: the connection is to be closed."""


class Session:
    """Carries out one person's requests, each with one reply, in order.

    Messages may be under way to the store together, to the bounds of chat/limits.py. Any other
    request waits until all before it is answered, and is answered before the next is read.
    """

    def __init__(self, app: web.Application, line: Line, rate: float) -> None:
        self.app = app
        self.line = line
        self.room = ""
        self.nick = ""
        self.gone = False  # once one has left for good, what is still to be done is not done
        self._feeder = Feeder(app[utils.JOURNAL], line)
        self._bucket = TokenBucket(rate, asyncio.get_running_loop().time())
        self._refused_in_a_row = 0
        self._under_way = 0
        self._under_way_bytes = 0
        self._progress = asyncio.Event()

    def enter(self, room: str | None, nick: str | None) -> None:
        """Enter the room and under the nick that were asked for, where they can be had."""
        try:
            self.room = names.room(room)
        except Refused:
            self.room = DEFAULT_ROOM
        try:
            self._enter_as(names.nick(nick))
        except Refused:
            self._enter_as(self._random_nick())

    def _enter_as(self, nick: str) -> None:
        utils.enter(self.app, self.room, nick, self.line, answer=self._connected)
        self.room = utils.rooms_of(self.app)[self.room].name
        self.nick = nick

    def _random_nick(self) -> str:
        """Return `User` and digits, free in the room; the fuller the room, the more digits."""
        taken = utils.rooms_of(self.app).get(self.room, ())
        digits = max(4, len(str(len(taken))) + 1)
        while True:
            nick = f"User{secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1)}"
            if nick not in taken:
                return nick

    def _connected(self, _event: Event, _last_id: int) -> bytes:
        return json_frame(messages.connecting(self.room, self.nick))

    def leave(self, reason: Reason) -> None:
        """Leave for good; the others hear why."""
        if not self.gone:
            self.gone = True
            utils.leave(self.app, self.room, self.nick, reason)
        self._feeder.stop()

    async def perform(self, frame: str | bytes) -> None:
        """Carry out one request; the reply takes its place in the order of replies.

        Raises WornOut where someone goes on after too many refusals in a row.
        """
        action: str | None = None
        ref: Body = {}
        try:
            request = _decode(frame)
            action = _named_action(request)
            ref = messages.reference(request)
            self._allow()
            if action is None or action not in actions.ACTIONS:
                raise Refused(
                    Code.UNKNOWN_ACTION,
                    f'"action" must be one of: {", ".join(sorted(actions.ACTIONS))}.',
                )
            together = action in actions.TOGETHER
            if together:
                await self._settled(UNDER_WAY - 1, UNDER_WAY_BYTES - len(frame))
            else:
                await self._settled()
            if not self.gone:
                await actions.ACTIONS[action](self, request, ref)
            if not together:
                await self._settled()
        except Refused as refused:
            await self._settled(UNDER_WAY - 1)
            self.reply(messages.refusal(action, refused) | ref)
        await self._feeder.done()

    def _allow(self) -> None:
        wait = self._bucket.take(asyncio.get_running_loop().time())
        if not wait:
            self._refused_in_a_row = 0
            return
        self._refused_in_a_row += 1
        if self._refused_in_a_row > PATIENCE:
            raise WornOut
        raise Refused(
            Code.RATE_LIMITED,
            f"You are too fast: wait {wait:.1f} seconds and try again.",
            retry_after=wait,
        )

    def reply(self, body: Body) -> None:
        """Give a reply its place in the order of replies."""
        if self.gone:
            return
        answer = json_frame(body)
        utils.broadcast(
            self.app,
            self.room,
            None,
            author=self.line,
            answer=lambda _event, _last_id: answer,
            settled=self.under_way(len(answer)),
        )

    def under_way(self, size: int) -> Callable[[], None]:
        """Count something as under way until what is returned is called."""
        self._under_way += 1
        self._under_way_bytes += size

        def settle() -> None:
            self._under_way -= 1
            self._under_way_bytes -= size
            self._progress.set()

        return settle

    async def _settled(self, most: int = 0, most_bytes: int = UNDER_WAY_BYTES) -> None:
        """Wait until at most so much is under way."""
        while self._under_way > most or (self._under_way and self._under_way_bytes > most_bytes):
            self._progress.clear()
            await self._progress.wait()


def _decode(frame: str | bytes) -> messages.Request:
    if isinstance(frame, bytes):
        raise Refused(Code.INVALID_JSON, "A request is a text frame with a JSON object in it.")
    request = decode_json(frame)
    if not isinstance(request, dict):
        raise Refused(Code.INVALID_JSON, "A request is a JSON object.")
    return request


def _named_action(request: messages.Request) -> str | None:
    action = request.get("action")
    return action if isinstance(action, str) else None
