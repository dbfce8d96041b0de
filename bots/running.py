"""How every bot lives: it enters a room, tells what happens there, and leaves politely.

A bot runs until Ctrl-C or SIGTERM, and outlives restarts of the server.
"""

import argparse
import asyncio
import io
import signal
import sys
from collections.abc import Awaitable, Callable

from client import (
    URL_OF_CHAT,
    CaughtUp,
    ChatClient,
    ConnectionLost,
    Disconnected,
    Entered,
    Event,
    Gone,
    Joined,
    Left,
    LogReplaced,
    Missed,
    NickChanged,
    Reason,
    RequestRefused,
    Said,
    Unreachable,
)
from terminal.options import a_name
from terminal.visible import visible
from wire import names

Life = Callable[[ChatClient], Awaitable[None]]


def parser(description: str, nick: str) -> argparse.ArgumentParser:
    """Return a parser of the options that all bots have; `nick` is the default."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    options.add_argument("--url", default=URL_OF_CHAT, help="where the chat server answers")
    options.add_argument("--nick", type=a_name(names.nick), default=nick, help="the bot's nick")
    options.add_argument("--room", type=a_name(names.room), default="math", help="where it sits")
    return options


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


async def say(client: ChatClient, text: str) -> bool:
    """Say something, or tell why that was not possible; return whether it was said."""
    try:
        await client.say(text)
    except (ConnectionLost, RequestRefused) as error:
        tell(f"Not said: {text} ({error})")
        return False
    return True


def tell(line: str) -> None:
    """Print one line, control characters made visible."""
    sys.stdout.write(f"{visible(line)}\n")


def story(event: Event) -> str:
    """Return what an event tells, as a line to print."""
    match event:
        case Entered():
            told = _arrival(event)
        case Disconnected(reason, None):
            told = f"Disconnected: {reason}; this is final."
        case Disconnected(reason, retry_in):
            told = f"Disconnected: {reason}; trying again in {retry_in:.1f} s."
        case Said(user=user, message=message):
            told = f"{user}: {message}"
        case Joined(user):
            told = f"{user} came in."
        case Left(user, reason):
            told = f"{user} left in shame." if reason is Reason.LOST else f"{user} left."
        case NickChanged(old, new):
            told = f"{old} is {new} from now on."
        case _:
            told = _missing(event)
    return told


def _arrival(entered: Entered) -> str:
    users = [f"{user} (this bot)" if user == entered.nick else user for user in entered.users]
    anew = f" The former place is lost: {entered.lost}" if entered.lost else ""
    return f"{len(users)} in {entered.room}: {', '.join(users)}.{anew}"


def _missing(event: CaughtUp | Gone | LogReplaced | Missed) -> str:
    match event:
        case CaughtUp(count, gone):
            return f"Caught up: {count} messages, {gone or 'nothing'} missing."
        case Gone(first, last):
            return f"Messages {first} to {last} are gone."
        case LogReplaced():
            return "The server has another log; what was said meanwhile is missing."
        case Missed(count):
            return f"{count} events came too fast and were missed."
