"""The terminal chat: three tasks that end together. One listens, one reads, one performs.

Commands are performed one after the other. While there is no connection they are kept, so
that nothing typed is lost: it is done later, or given back.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from calls.backoff import backoff
from calls.events import (
    Connected,
    ConnectionLost,
    Departed,
    Disconnected,
    Event,
    Heard,
    Joined,
    Missed,
    NickChanged,
    NotConnected,
    Page,
    RequestRefused,
)
from terminal.commands import (
    Help,
    History,
    Join,
    Mistake,
    Nick,
    Quit,
    Request,
    Rooms,
    Say,
    Who,
    help_text,
    parse,
)
from terminal.completion import completions
from terminal.console import Console
from terminal.phrases import Phrases
from terminal.visible import visible
from wire.errors import Refused
from wire.messages import message_text

PATIENCE = 10  # attempts at a line from a pipe; the limit on requests allows it sooner


class Chat(Protocol):
    """Whom the terminal speaks through; see `ChatClient`."""

    nick: str
    room: str

    def __aiter__(self) -> AsyncIterator[Event]: ...

    async def set_nick(self, nick: str) -> None:
        """Change the nick."""
        ...

    async def join_room(self, room: str) -> None:
        """Move to another room."""
        ...

    async def say(self, text: str) -> None:
        """Say something; return once it is stored."""
        ...

    async def user_list(self, room: str | None = None) -> list[str]:
        """Return who is in a room."""
        ...

    async def room_list(self) -> list[tuple[str, int]]:
        """Return the rooms, with how many are in them."""
        ...

    async def history(self, *, limit: int | None = None) -> Page:
        """Return the newest messages."""
        ...


@dataclass(frozen=True, slots=True)
class _Look:
    """See who and which rooms there are, on entering a room; nobody typed this."""


class Conversation:
    """One person's terminal, or a pipe's; `failed` counts the lines that came to nothing."""

    def __init__(self, chat: Chat, phrases: Phrases, *, typed: bool) -> None:
        self.failed = 0
        self._chat = chat
        self._phrases = phrases
        self._console: Console
        self._typed = typed  # by a person, who reads what is answered
        self._todo: asyncio.Queue[Request | _Look] = asyncio.Queue()
        self._doing: Request | _Look | None = None
        self._online = asyncio.Event()
        self._online.set()  # a client that was entered is connected
        self._offline = asyncio.Event()
        self._why_offline: str | None = None  # told once, not with every attempt
        self._nicks: set[str] = set()
        self._rooms: set[str] = set()

    def prompt(self) -> str:
        """Return what stands before the line that is typed."""
        where = self._chat.room if self._online.is_set() else "not connected"
        return visible(f"[{where}] {self._chat.nick}> ")

    def complete(self, before: str) -> list[tuple[int, str]]:
        """Return what Tab may put in; see terminal.completion."""
        return completions(before, self._nicks - {self._chat.nick}, self._rooms)

    async def run(self, console: Console, leaving: asyncio.Event) -> None:
        """Converse until input ends or `leaving` is set.

        Raises BrokenPipeError if nobody reads any more what is shown.
        """
        self._console = console
        reading = asyncio.create_task(self._read())
        finishing = asyncio.create_task(self._finish(reading))
        tasks = (
            finishing,
            reading,
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._perform_all()),
            asyncio.create_task(leaving.wait()),
        )
        try:
            await asyncio.wait((finishing, *tasks[2:]), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end
        self._give_back()

    # Reading

    async def _read(self) -> None:
        async for line in self._console.lines():
            match parse(line):
                case None:
                    pass
                case Quit():
                    return
                case Help():
                    self._console.show(help_text())
                case Mistake(text):
                    self._fail(text)
                case request:
                    self._todo.put_nowait(request)
                    if not self._online.is_set():
                        self._notice(f"Kept until there is a connection again: {line}")

    async def _finish(self, reading: asyncio.Task[None]) -> None:
        """Wait until all that was typed is done; a person does not wait for a connection."""
        await reading
        done = asyncio.create_task(self._todo.join())
        broken = asyncio.create_task(self._offline.wait())
        try:
            ends = (done, broken) if self._typed else (done,)
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            done.cancel()
            broken.cancel()

    def _give_back(self) -> None:
        """Show the lines that were typed and could not be said, so that none is lost."""
        left = [self._doing]
        while not self._todo.empty():
            left.append(self._todo.get_nowait())
        for request in left:
            if isinstance(request, Say):
                self._fail(f"Not said: {request.text}")

    # Performing

    async def _perform_all(self) -> None:
        while True:
            self._doing = await self._todo.get()
            await self._perform(self._doing)
            self._doing = None
            self._todo.task_done()

    async def _perform(self, request: Request | _Look) -> None:
        """Do what was asked once there is a connection, and show what comes of it."""
        for attempt in itertools.count():
            await self._online.wait()
            try:
                await self._do(request)
            except NotConnected:
                self._set_online(online=False)  # the event that tells it is on its way
            except ConnectionLost:
                self._set_online(online=False)
                if isinstance(request, Say):
                    self._fail(f"The connection ended; this may not have been said: {request.text}")
                    return
            except RequestRefused as refused:
                if not self._insists(request, attempt):
                    self._fail(_refusal(request, refused))
                    return
                await asyncio.sleep(backoff(attempt))
            else:
                return

    def _insists(self, request: Request | _Look, attempt: int) -> bool:
        """Tell whether to ask again. A person sees the refusal; a pipe may just be too fast."""
        if self._typed or attempt >= PATIENCE or not isinstance(request, Say):
            return False
        try:
            message_text({"message": request.text})
        except Refused:
            return False  # no server will ever take it
        return True

    async def _do(self, request: Request | _Look) -> None:
        chat, phrases = self._chat, self._phrases
        match request:
            case Say(text):
                await chat.say(text)
                if not self._console.echoes:
                    self._console.show(phrases.said(chat.nick, text))
            case Nick(nick):
                await chat.set_nick(nick)
                self._notice(f"You are {chat.nick} now.")
            case Join(room):
                await chat.join_room(room)
                self._enter()
            case Who(room):
                users = await chat.user_list(room)
                self._console.show(phrases.people(room or chat.room, users))
            case Rooms():
                rooms = await chat.room_list()
                self._rooms = {room for room, _ in rooms}
                self._console.show(phrases.rooms(rooms))
            case History(limit):
                page = await chat.history(limit=limit)
                self._console.show(phrases.history(page.room, page.messages))
            case _Look():
                await self._look()

    async def _look(self) -> None:
        users = await self._chat.user_list()
        self._nicks = set(users)
        self._console.show(self._phrases.people(self._chat.room, users))
        with suppress(RequestRefused):  # for Tab only
            self._rooms = {room for room, _ in await self._chat.room_list()}

    # Listening

    async def _listen(self) -> None:
        async for event in self._chat:
            self._show(event)

    def _show(self, event: Event) -> None:
        show, phrases = self._console.show, self._phrases
        match event:
            case Connected():
                self._set_online(online=True)
                self._why_offline = None
                self._enter()
            case Disconnected(reason, retry_in):
                self._set_online(online=False)
                if reason != self._why_offline:
                    show(phrases.disconnected(reason, retry_in))
                self._why_offline = reason
            case Heard(user, message):
                show(phrases.said(user, message))
            case Joined(user):
                self._nicks.add(user)
                show(phrases.joined(user))
            case Departed(user, shame):
                self._nicks.discard(user)
                show(phrases.left(user, shame=shame))
            case NickChanged(old, new):
                self._nicks = self._nicks - {old} | {new}
                show(phrases.nick_changed(old, new))
            case Missed(count):
                self._fail(f"{count} events came too fast to be shown.")

    def _enter(self) -> None:
        """Say who and where one is, and have a look around."""
        self._console.show(self._phrases.here(self._chat.nick, self._chat.room))
        if self._typed:
            self._todo.put_nowait(_Look())

    def _set_online(self, *, online: bool) -> None:
        for event, holds in ((self._online, online), (self._offline, not online)):
            if holds:
                event.set()
            else:
                event.clear()

    def _notice(self, text: str) -> None:
        self._console.show(self._phrases.notice(text))

    def _fail(self, text: str) -> None:
        self.failed += 1
        self._console.show(self._phrases.trouble(text))


def _refusal(request: Request | _Look, refused: RequestRefused) -> str:
    return f"{refused.text} Not said: {request.text}" if isinstance(request, Say) else refused.text
