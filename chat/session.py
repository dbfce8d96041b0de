"""A session carries out what one person asks for, one reply a request, in order."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from aiohttp import web
from msgspec import UNSET

import utils
from chat import actions
from chat.feeder import Feeder
from chat.limits import PATIENCE, UNDER_WAY, UNDER_WAY_BYTES, TokenBucket
from chat.person import Person
from lines.line import Line
from rooms.batch import Event
from wire import messages, version2
from wire.errors import Code, Refused
from wire.frames import MAX_FRAME, decode_json, utf8_size
from wire.messages import Acknowledgement, Body, Draft, Reason, Said
from wire.saying import Ref, read_saying

T = TypeVar("T")


class WornOut(Exception):  # noqa: N818 - an order to end the connection
    """The limit's patience has ended: the connection is to be closed."""


class Session:
    """One person's requests and replies.

    Messages may be under way to the store together, to the bounds of chat/limits.py. Any other
    request waits until all before it is answered, and is answered before the next is read.
    """

    def __init__(
        self,
        app: web.Application,
        line: Line,
        version: int,
        rate: float,
        own: "Mapping[str, actions.Action] | None" = None,
    ) -> None:
        """Begin; `own` are the actions that one's door has besides those of the version."""
        self.app = app
        self._known = (actions.ACTIONS if version == 1 else actions.ACTIONS_2) | dict(own or {})
        self.person = Person(app, line, version, rate)
        self.fresh = True  # nothing was asked for yet
        self._now = asyncio.get_running_loop().time
        self._bucket = TokenBucket(rate, self._now()) if rate else None  # without, no limit
        self._refused_in_a_row = 0
        self._under_way: list[int] = []  # bytes of each, in the order in which they are settled
        self._under_way_bytes = 0
        self._progress: asyncio.Future[None] | None = None  # awaited until less is under way
        self._unread = False  # too much is, and so the next request has to wait
        self._feeder = Feeder(app[utils.JOURNAL], line, self._tell_snapshot)

    def arrive(self, room: str | None, nick: str | None) -> None:
        """Enter, as `Person.arrive` does; what is asked for meanwhile waits for the greeting."""
        with self.under_way() as settled:
            self.person.arrive(room, nick, settled)

    def enter(self, room: str, nick: str) -> None:
        """Enter, as `Person.enter` does; what is asked for meanwhile waits for the greeting."""
        with self.under_way() as settled:
            self.person.enter(room, nick, settled=settled)

    async def answered(self) -> None:
        """Wait until all that was asked for is answered, and one who fell behind caught up."""
        await self._settled()
        await self._feeder.done()

    def leave(self, reason: Reason) -> None:
        """Leave for good; what is still to be done is not done."""
        self._feeder.stop()
        self.person.leave(reason)

    def perform(self, frame: str | bytes) -> Coroutine[None, None, None] | None:
        """Carry out the request that is in a frame, as `carry_out` does.

        A message that nothing stands in the way of is said at once: most requests are that.
        What is returned for any other is to be awaited before the next.
        """
        person = self.person
        if (
            len(self._under_way) < UNDER_WAY
            and self._under_way_bytes <= UNDER_WAY_BYTES - MAX_FRAME
            and person.announced
            and not (self._unread or person.gone)
            and type(frame) is str
        ):
            saying = read_saying(frame)
            if saying is not None and not (self._bucket and self._bucket.take(self._now())):
                self._refused_in_a_row = 0
                self.fresh = False
                self.say(saying.message, saying.ref, saying.key)
                self._unread = person.line.unread
                return None
        size = len(frame) if isinstance(frame, bytes) else utf8_size(frame)
        return self.carry_out(_decode, frame, size)

    async def carry_out(self, read: Callable[[T], messages.Request], what: T, size: int) -> None:
        """Carry out one request; the reply takes its place in the order of replies.

        `read` makes a request of `what` came, or raises Refused; `size` is how many bytes it has.
        Raises WornOut where someone goes on after too many refusals in a row.
        """
        action: str | None = None
        ref: Body = {}
        if self._unread:
            await self._feeder.done()
        try:
            try:
                request = read(what)
                named = request.get("action")
                action = named if isinstance(named, str) else None
                ref = messages.reference(request)
            finally:
                self.allow()  # what is no request counts too
            act = self._take_up(action)
            together = action in actions.TOGETHER
            if not together:
                await self._settled()
                await self._feeder.done()
            elif self._under_way:
                await self._settled(UNDER_WAY - 1, UNDER_WAY_BYTES - size)
            if not self.person.gone:
                waiting = act(self, request, ref)
                if waiting is not None:
                    await waiting
            if not together:
                await self._settled()
                self.fresh = False
        except Refused as refused:
            await self._settled(UNDER_WAY - 1)
            self.reply(self.refusal(action, refused) | ref)
        except WornOut:
            await self._settled()
            raise
        self._unread = self.person.line.unread

    def _take_up(self, action: str | None) -> actions.Action:
        """Return what carries an action out; whoever asks for one is here for the others."""
        self.fresh = self.fresh and action == "resume"
        if action not in actions.UNHEARD:
            self.person.announce()
        act = None if action is None else self._known.get(action)
        if act is None:
            known = ", ".join(self._known)
            raise Refused(Code.UNKNOWN_ACTION, f'"action" must be one of: {known}.')
        return act

    def allow(self) -> None:
        """Count one request; raise Refused where it comes too soon, in the end WornOut."""
        wait = self._bucket.take(self._now()) if self._bucket else 0.0
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

    def refusal(self, action: str | None, refused: Refused) -> Body:
        """Return the failing reply in this session's version of the wire."""
        body = messages.refusal(action, refused)
        return body if self.person.version == 1 else body | version2.refusal(refused)

    def say(self, text: str, ref: Ref = UNSET, key: str | None = None) -> None:
        """Say something to the room one is in; the reply is sent once it is stored."""
        person = self.person
        if person.version == 1:
            draft = Draft(person.nick, text)
        else:
            draft = Draft(person.nick, text, person.key, key)
        utils.broadcast(
            self.app,
            person.room,
            draft,
            author=person.line,
            answer=self._acknowledge if ref is UNSET else partial(self._acknowledge, ref=ref),
            settled=self.begin(utf8_size(text)),
        )

    def _acknowledge(self, event: Event, _last_id: int, ref: Ref = UNSET) -> bytes:
        render = self.person.line.render
        said = event.repeats or event.notice
        if type(said) is not Said:
            refused = Refused(Code.NOT_STORED, "The message could not be stored; try again later.")
            body = self.refusal("chat_message", refused)
            return render(body if ref is UNSET else body | {"ref": ref})
        if self.person.version == 1:
            return render(Acknowledgement(success=True, message=said.message, ref=ref))
        return render(
            Acknowledgement(success=True, message=said.message, ref=ref, id=said.id, ts=said.ts)
        )

    def reply(self, body: Body) -> None:
        """Give a reply its place in the order of replies."""
        if self.person.gone:
            return
        answer = self.person.line.render(body)
        utils.broadcast(
            self.app,
            self.person.room,
            None,
            author=self.person.line,
            answer=lambda _event, _last_id: answer,
            settled=self.begin(len(answer)),
        )

    def _tell_snapshot(self) -> None:
        """Tell, at its place in the order, that one has caught up and who is there."""
        if not self.person.gone:
            utils.broadcast(
                self.app,
                self.person.room,
                None,
                author=self.person.line,
                users=utils.retrieve_users(self.app, self.person.room),
                settled=self.begin(),
                answer=lambda event, last: self.person.line.render(
                    version2.caught_up(event.room, last, event.users)
                ),
            )

    def begin(self, size: int = 0) -> Callable[[], None]:
        """Count something as under way until what is returned is called; first in, first out."""
        self._under_way.append(size)
        self._under_way_bytes += size
        return self._settle

    def _settle(self) -> None:
        self._under_way_bytes -= self._under_way.pop(0)
        if self._progress is not None and not self._progress.done():
            self._progress.set_result(None)

    @contextmanager
    def under_way(self) -> Iterator[Callable[[], None]]:
        """Count something as under way until what is yielded is called, or the block fails."""
        settle = self.begin()
        try:
            yield settle
        except BaseException:
            settle()
            raise

    async def _settled(self, most: int = 0, most_bytes: int = UNDER_WAY_BYTES) -> None:
        """Wait until at most so much is under way."""
        while len(self._under_way) > most or (
            self._under_way and self._under_way_bytes > most_bytes
        ):
            self._progress = asyncio.get_running_loop().create_future()
            await self._progress


def _decode(frame: str | bytes) -> messages.Request:
    if isinstance(frame, bytes):
        raise Refused(Code.INVALID_JSON, "A request is a text frame with a JSON object in it.")
    request = decode_json(frame)
    if not isinstance(request, dict):
        raise Refused(Code.INVALID_JSON, "A request is a JSON object.")
    return request
