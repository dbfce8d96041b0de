"""The terminal chat: three tasks that end together. One listens, one reads, one performs.

Commands are performed one after the other. While there is no connection they wait, so that
nothing typed is lost: it is done later, or given back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from calls.events import (
    CaughtUp,
    ConnectionLost,
    Disconnected,
    Entered,
    Event,
    Gone,
    LogReplaced,
    Missed,
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
from wire.messages import Joined, Left, NickChanged, Reason, Said


class Chat(Protocol):
    """Whom the terminal speaks through; see `ChatClient`."""

    @property
    def nick(self) -> str:
        """The nick one has."""
        ...

    @property
    def room(self) -> str:
        """The room one is in."""
        ...

    @property
    def users(self) -> list[str]:
        """Who is in it."""
        ...

    def __aiter__(self) -> AsyncIterator[Event]: ...

    async def close(self) -> None:
        """Leave; the events that are left are still told."""
        ...

    async def set_nick(self, nick: str) -> None:
        """Change the nick."""
        ...

    async def join_room(self, room: str) -> None:
        """Move to another room."""
        ...

    async def say(self, text: str) -> Said:
        """Say something; return it once it is stored."""
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
    """See which rooms there are, for Tab; nobody typed this."""


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
        self._offline = asyncio.Event()  # not set: a client that was entered is connected
        self._why_offline: str | None = None  # told once, not with every attempt
        self._rooms: set[str] = set()

    def prompt(self) -> str:
        """Return what stands before the line that is typed."""
        where = "not connected" if self._offline.is_set() else self._chat.room
        return visible(f"[{where}] {self._chat.nick}> ")

    def complete(self, before: str) -> list[tuple[int, str]]:
        """Return what Tab may put in; see terminal.completion."""
        return completions(before, set(self._chat.users) - {self._chat.nick}, self._rooms)

    async def run(self, console: Console, leaving: asyncio.Event) -> None:
        """Converse until input or the chat ends, or `leaving` is set.

        Raises BrokenPipeError if nobody reads any more what is shown.
        """
        self._console = console
        reading = asyncio.create_task(self._read())
        listening = asyncio.create_task(self._listen())
        ending = (
            asyncio.create_task(self._finish(reading, listening)),
            asyncio.create_task(self._perform_all()),
            asyncio.create_task(leaving.wait()),
        )
        tasks = (reading, listening, *ending)
        try:
            await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
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
                    if self._offline.is_set():
                        self._notice(f"Kept until there is a connection again: {line}")

    async def _finish(self, reading: asyncio.Task[None], listening: asyncio.Task[None]) -> None:
        """Leave once all that was typed is done; a person does not wait for a connection."""
        await asyncio.wait((reading, listening), return_when=asyncio.FIRST_COMPLETED)
        done = asyncio.create_task(self._todo.join())
        broken = asyncio.create_task(self._offline.wait())
        try:
            if reading.done():
                reading.result()
                ends = (done, listening, broken) if self._typed else (done, listening)
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            await self._chat.close()
            await listening  # until all is shown
            await done  # what is left comes to nothing, and that is said
        finally:
            done.cancel()
            broken.cancel()

    def _give_back(self) -> None:
        """Show the lines that were typed and not done, so that none is lost."""
        if isinstance(self._doing, Say):
            self._fail(f"This may not have been said: {self._doing.text}")
        while not self._todo.empty():
            request = self._todo.get_nowait()
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
        """Do what was asked, and show what comes of it."""
        said = f": {request.text}" if isinstance(request, Say) else ""
        try:
            await self._do(request)
        except NotConnected:
            if said:
                self._fail(f"Not said{said}")
        except ConnectionLost:
            if said:
                self._fail(f"The connection ended; this may not have been said{said}")
        except RequestRefused as refused:
            self._fail(f"{refused.text} Not said{said}" if said else refused.text)

    async def _do(self, request: Request | _Look) -> None:
        chat, phrases = self._chat, self._phrases
        match request:
            case Say(text):
                await chat.say(text)
            case Nick(nick):
                await chat.set_nick(nick)
                self._notice(f"You are {chat.nick} now.")
            case Join(room):
                await chat.join_room(room)
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
                with suppress(RequestRefused):
                    self._rooms = {room for room, _ in await chat.room_list()}

    # Listening

    async def _listen(self) -> None:
        async for event in self._chat:
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case Entered():
                self._enter(event)
            case Disconnected(reason, retry_in):
                self._offline.set()
                if reason != self._why_offline:
                    self._console.show(self._phrases.disconnected(reason, retry_in))
                self._why_offline = reason
            case Said(user=user) if user == self._chat.nick and self._console.echoes:
                pass  # the terminal has shown it
            case Missed(count):
                self._fail(f"{count} events came too fast to be shown.")
            case _:
                self._console.show(self._phrase(event))

    def _phrase(self, event: Event) -> str:
        told, phrases = "", self._phrases
        match event:
            case Said(_, ts, user, message):
                told = phrases.said(user, message, ts)
            case Joined(user):
                told = phrases.joined(user)
            case Left(user, reason):
                told = phrases.left(user, shame=reason is Reason.LOST)
            case NickChanged(old, new):
                told = phrases.nick_changed(old, new)
            case CaughtUp(count, gone):
                told = phrases.caught_up(count, gone)
            case Gone(first, last):
                told = phrases.gone(first, last)
            case LogReplaced():
                told = phrases.log_replaced()
        return told

    def _enter(self, entered: Entered) -> None:
        """Say who and where one is, and have a look around."""
        self._offline.clear()
        self._why_offline = None
        if entered.lost:
            self._console.show(self._phrases.lost(entered.lost))
        self._console.show(self._phrases.here(entered.nick, entered.room))
        if self._typed:
            self._console.show(self._phrases.people(entered.room, entered.users))
            self._todo.put_nowait(_Look())

    def _notice(self, text: str) -> None:
        self._console.show(self._phrases.notice(text))

    def _fail(self, text: str) -> None:
        self.failed += 1
        self._console.show(self._phrases.trouble(text))
