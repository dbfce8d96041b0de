"""Clients of a scripted server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

from client import ChatClient, Entered, Event
from tests.scripted import Caller, ScriptedServer

T = TypeVar("T")


@contextlib.asynccontextmanager
async def scripted(version: int = 2) -> AsyncIterator[ScriptedServer]:
    """Run a server that does what the test says; after the test no task is left."""
    before = asyncio.all_tasks()
    async with ScriptedServer(version) as running:
        yield running
    ours = ("ChatClient", "Lifeline", "Call.", "Outbox")
    left = [repr(task.get_coro()) for task in asyncio.all_tasks() - before]
    assert not [task for task in left if any(each in task for each in ours)]


@contextlib.asynccontextmanager
async def entered(
    server: ScriptedServer, nick: str | None = "ann", room: str | None = None, last: int = 0
) -> AsyncIterator[tuple[ChatClient, Caller]]:
    """Connect a client to a room with `last` messages; both ends are there."""
    chat = ChatClient(server.url, nick=nick, room=room)
    entering = asyncio.create_task(chat.__aenter__())
    caller = await server.called()
    caller.last = last
    await caller.greet(nick or "User1", room or "default")
    await entering
    assert await event(chat) == Entered(chat.nick, chat.room, ("ann", "bob"), last)
    try:
        yield chat, caller
    finally:
        await chat.close()


async def event(chat: ChatClient) -> Event:
    """Return the next event."""
    return await anext(chat)


async def together(first: Awaitable[T], second: Awaitable[object]) -> T:
    """Wait for both, and return what the first came to."""
    return (await asyncio.gather(first, second))[0]
