"""A chat client: `ChatClient` for programs, and the terminal chat on it (`python client.py`).

A client outlives its connections: it keeps one call open after another until it is closed, and
what happens meanwhile, ends of calls too, it tells as events.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from typing import Self

from calls.events import (
    CaughtUp,
    ConnectionLost,
    Disconnected,
    Entered,
    Event,
    Events,
    Gone,
    LogReplaced,
    Missed,
    NotConnected,
    Page,
    RequestRefused,
    Unreachable,
)
from calls.lifeline import Lifeline, not_understood
from calls.outbox import Outbox
from calls.place import Place, said_of
from terminal.console import console_for, in_colours
from terminal.conversation import Conversation
from terminal.options import Options, parse_options
from terminal.phrases import Phrases
from terminal.visible import visible
from wire.messages import Body, Joined, Left, NickChanged, Reason, Said

__all__ = [
    "CaughtUp",
    "ChatClient",
    "ConnectionLost",
    "Disconnected",
    "Entered",
    "Event",
    "Gone",
    "Joined",
    "Left",
    "LogReplaced",
    "Missed",
    "NickChanged",
    "NotConnected",
    "Page",
    "Reason",
    "RequestRefused",
    "Said",
    "Unreachable",
]

URL_OF_CHAT = "ws://localhost:8080/chat"


class ChatClient:
    """Somebody in a chat room: an async context manager, and an iterator over what happens.

    Outlives its connections: what is asked or said while there is none waits for the next, and
    what was missed is told. One's own messages are events too, at their place among the others.
    Each request raises RequestRefused if the server refuses it, and ConnectionLost if the client
    was closed, or its session goes on elsewhere, before the reply came.
    """

    def __init__(
        self, url: str = URL_OF_CHAT, *, nick: str | None = None, room: str | None = None
    ) -> None:
        self.url = url
        self._events = Events()
        self._place = Place(nick or "", room or "")
        self._lifeline = Lifeline(url, self._place, self._tell)
        self._outbox = Outbox(self._lifeline, self._place)
        self._keeper: asyncio.Task[None] | None = None

    @property
    def nick(self) -> str:
        """The nick one has, or last had."""
        return self._place.nick

    @property
    def room(self) -> str:
        """The room one is in, or last was."""
        return self._place.room

    @property
    def users(self) -> list[str]:
        """Who is in the room, in order of arrival, as far as it was told."""
        return list(self._place.users)

    async def __aenter__(self) -> Self:
        """Enter the room; raise Unreachable if no chat server answers."""
        entered = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep(entered))
        try:
            await asyncio.wait((self._keeper, entered), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.close()
            raise
        if not entered.done():
            self._keeper.result()  # raises
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return await self._events.fetch()

    async def close(self) -> None:
        """Leave politely. Whoever iterates gets the events that are left, and then the end."""
        if self._keeper is None:
            return
        self._keeper.cancel()
        await asyncio.wait((self._keeper,))
        if not self._keeper.cancelled():
            self._keeper.result()  # a mistake in here shows

    async def say(self, text: str) -> Said:
        """Say something in the room, once; return it as it was stored.

        Over a lost connection it goes on until that is so. Whoever says something meanwhile
        waits, so that the order stays. In version 1, and where the server has forgotten us and a
        part of the log, ConnectionLost may also mean that nobody can tell whether it was said.
        """
        return await self._outbox.say(text)

    async def set_nick(self, nick: str) -> None:
        """Change the nick, once what was to be said before is said."""
        async with self._outbox.turn():
            await self._lifeline.ask({"action": "set_nick", "nick": nick})
            self._place.wanted = self.nick

    async def join_room(self, room: str) -> None:
        """Move to another room, once what was to be said before is said."""
        async with self._outbox.turn():
            await self._lifeline.ask({"action": "join_room", "room": room})
            if not self._place.session:  # version 1 tells who is there only if it is asked
                await self._lifeline.ask({"action": "user_list"})

    async def user_list(self, room: str | None = None) -> list[str]:
        """Return who is in a room, by default the current one, in order of arrival."""
        match await self._lifeline.ask({"action": "user_list", **_given(room=room)}):
            case {"users": [*users]} if all(isinstance(user, str) for user in users):
                return users
        raise not_understood("user_list")

    async def room_list(self) -> list[tuple[str, int]]:
        """Return the rooms that have people in them, with how many, largest first."""
        match await self._lifeline.ask({"action": "room_list"}):
            case {"rooms": [*rooms]}:
                with contextlib.suppress(KeyError, TypeError, ValueError):
                    return [(str(each["room"]), int(each["users"])) for each in rooms]
        raise not_understood("room_list")

    async def history(
        self,
        room: str | None = None,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int | None = None,
    ) -> Page:
        """Return a page of a room's log; without `before` or `after` the newest."""
        asked = _given(room=room, before=before, after=after, limit=limit)
        match await self._lifeline.ask({"action": "history", **asked}):
            case {
                "room": str(shown),
                "epoch": str(epoch),
                "messages": [*messages],
                "more": bool(more),
            }:
                said = [said_of(each) for each in messages]
                if None not in said:
                    return Page(shown, epoch, [each for each in said if each], more)
        raise not_understood("history")

    async def _keep(self, entered: asyncio.Future[None]) -> None:
        try:
            await self._lifeline.run(entered)
        finally:
            self._events.close()

    def _tell(self, event: Event) -> None:
        self._outbox.note(event)
        self._events.tell(event)


def _given(**options: object) -> Body:
    return {name: value for name, value in options.items() if value is not None}


# The terminal -------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Chat in this terminal; return the exit status."""
    options = parse_options(arguments, URL_OF_CHAT)
    try:
        return asyncio.run(_chat(options))
    except Unreachable as error:
        sys.stderr.write(
            f"Cannot reach {visible(str(error))}. Start the server (make run),"
            " or say with --url where it is.\n"
        )
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        return 0


async def _chat(options: Options) -> int:
    """Converse until the person leaves; a pipe whose lines came to nothing ends with status 1."""
    async with ChatClient(options.url, nick=options.nick, room=options.room) as client:
        leaving = asyncio.Event()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(sign, leaving.set)
        typed = sys.stdin.isatty()
        conversation = Conversation(client, Phrases(colours=in_colours()), typed=typed)
        async with console_for(conversation.prompt, conversation.complete) as console:
            await conversation.run(console, leaving)
    return 0 if typed or not conversation.failed else 1


if __name__ == "__main__":
    sys.exit(main())
