"""How every bot lives: it enters a room, tells what happens there, and leaves politely.

A bot runs until Ctrl-C or SIGTERM, and outlives restarts of the server: whatever it was to do
in the room when the connection went, `settle` does again with the next one.
"""

import argparse
import asyncio
import contextlib
import io
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from client import (
    URL_OF_CHAT,
    ChatClient,
    Connected,
    ConnectionLost,
    Departed,
    Disconnected,
    Event,
    Heard,
    Joined,
    Missed,
    NickChanged,
    RequestRefused,
    Unreachable,
)
from terminal.visible import visible
from wire import names
from wire.errors import Refused

NUMBERED_NICKS = range(2, 21)

Life = Callable[[ChatClient], Awaitable[None]]


def parser(description: str, nick: str) -> argparse.ArgumentParser:
    """Return a parser of the options that all bots have; `nick` is the default."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    options.add_argument("--url", default=URL_OF_CHAT, help="where the chat server answers")
    options.add_argument("--nick", type=_name(names.nick), default=nick, help="the bot's nick")
    options.add_argument("--room", type=_name(names.room), default="math", help="where it sits")
    return options


def _name(check: Callable[[object], str]) -> Callable[[str], str]:
    """Return a type for an option that has to be a valid name."""

    def name(text: str) -> str:
        try:
            return check(text)
        except Refused as refused:
            raise argparse.ArgumentTypeError(refused.text) from None

    return name


def run(url: str, *, nick: str, room: str, live: Life) -> int:
    """Live in a room until Ctrl-C or SIGTERM; return the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)
    try:
        return asyncio.run(_run(ChatClient(url, nick=nick, room=room), live))
    except KeyboardInterrupt:  # before we listen for it, or after
        return 0


async def _run(client: ChatClient, live: Life) -> int:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, told.set)
    staying = asyncio.create_task(_stay(client, live))
    leaving = asyncio.create_task(told.wait())
    await asyncio.wait((staying, leaving), return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    staying.cancel()  # once only: a second signal does not disturb the leaving
    try:
        await staying
    except asyncio.CancelledError:
        tell("Left.")
    except Unreachable as error:
        sys.stderr.write(f"No chat server there: {visible(str(error))}\n")
        return 1
    return 0


async def _stay(client: ChatClient, live: Life) -> None:
    async with client:
        await live(client)


@dataclass(slots=True)
class Seat:
    """The place that a bot wants in a room; `taken` tells that it has had it once."""

    nick: str
    room: str
    taken: bool = False

    async def settle(self, client: ChatClient) -> None:
        """Enter the room under the nick, or a numbered one, and tell who is there.

        To be called whenever the client is connected. If the connection ends meanwhile, it is
        left for the next time.
        """
        with contextlib.suppress(ConnectionLost):
            if client.room != self.room:
                await _attempt(client.join_room, self.room)
            if not self.taken:
                await self._take_nick(client)
                self.taken = True
            tell(_people(await client.user_list(), client))

    async def _take_nick(self, client: ChatClient) -> None:
        for number in (None, *NUMBERED_NICKS):
            suffix = str(number or "")
            nick = f"{self.nick[: names.NICK_LENGTH - len(suffix)]}{suffix}"
            if client.nick == nick or await _attempt(client.set_nick, nick):
                return
        tell(f"No nick like {self.nick} is free; staying {client.nick}.")


async def _attempt(request: Callable[[str], Awaitable[None]], name: str) -> bool:
    """Make a request about a name; tell why if it was refused."""
    try:
        await request(name)
    except RequestRefused as refused:
        tell(f"Not {name}: {refused.text}")
        return False
    tell(f"Now {name}.")
    return True


def _people(users: Sequence[str], client: ChatClient) -> str:
    listed = [f"{user} (this bot)" if user == client.nick else user for user in users]
    return f"{len(listed)} in {client.room}: {', '.join(listed)}"


def tell(line: str) -> None:
    """Print one line, control characters made visible."""
    sys.stdout.write(f"{visible(line)}\n")


def story(event: Event) -> str:
    """Return what an event tells, as a line to print."""
    match event:
        case Connected(nick, room):
            told = f"Connected: in {room} as {nick}."
        case Disconnected(reason, retry_in):
            told = f"Disconnected: {reason}; trying again in {retry_in:.1f} s."
        case Heard(user, message):
            told = f"{user}: {message}"
        case Joined(user):
            told = f"{user} came in."
        case Departed(user, shame):
            told = f"{user} left in shame." if shame else f"{user} left."
        case NickChanged(old, new):
            told = f"{old} is {new} from now on."
        case Missed(count):
            told = f"{count} events came too fast and were missed."
    return told
