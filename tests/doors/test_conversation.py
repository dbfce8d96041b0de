"""One conversation through every pair of doors: the same order, and the same names."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, TypeAlias

import pytest

from doors.telnet_texts import EARLIER
from tests.doors.visitors import WELCOME, Visitor, visitor
from tests.transcript import House, Person
from wire.version2 import SUBPROTOCOL

Heard: TypeAlias = tuple[str, ...]


class Talker(Protocol):
    """Somebody in the conversation, through whatever door."""

    async def says(self, text: str) -> None:
        """Say something, and wait for nothing."""

    async def hears(self) -> Heard:
        """Return what comes next, in the words of this test; one's own words come too."""

    async def sees(self) -> list[str]:
        """Return who is in one's room."""

    async def becomes(self, nick: str) -> None:
        """Take another nick."""

    async def moves(self, room: str) -> None:
        """Go to another room."""

    async def leaves(self) -> None:
        """Leave politely."""


class JsonTalker:
    """Somebody at /chat."""

    def __init__(self, person: Person, nick: str) -> None:
        self._person = person
        self._nick = nick

    async def says(self, text: str) -> None:
        """Send a message."""
        await self._person.says("chat_message", message=text)

    async def hears(self) -> Heard:
        """Return a notice, or the reply to one's own message."""
        body: dict[str, Any] = await self._person.hears()
        match body["action"]:
            case "chat_message":
                return "said", body.get("user", self._nick), body["message"]
            case "nick_changed":
                return "renamed", body["from_user"], body["to_user"]
            case action:
                assert not body.get("shame")
                return action, body["user"]

    async def sees(self) -> list[str]:
        """Ask who is there."""
        users: list[str] = (await self._person.asks("user_list"))["users"]
        return users

    async def becomes(self, nick: str) -> None:
        """Ask for a nick."""
        await self._person.does("set_nick", nick=nick)
        self._nick = nick

    async def moves(self, room: str) -> None:
        """Ask for a room."""
        await self._person.does("join_room", room=room)

    async def leaves(self) -> None:
        """Send a close frame."""
        await self._person.leaves()


class TelnetTalker:
    """Somebody at the telnet door."""

    def __init__(self, person: Visitor, nick: str) -> None:
        self._person = person
        self._nick = nick

    async def says(self, text: str) -> None:
        """Type a message."""
        await self._person.types(f"say {text}")

    async def hears(self) -> Heard:
        """Return what the next line tells that is not of earlier times."""
        line = await self._person.reads_line()
        while line.startswith(EARLIER):
            line = await self._person.reads_line()
        nick, _, rest = line.partition(" ")
        if nick.endswith(":"):
            return "said", nick[:-1], rest
        if rest.startswith("is now called"):
            return "renamed", nick, rest.split()[-1].rstrip(".")
        told = {"has entered the room.": "joined", "has left the room.": "left"}
        return told[rest], nick

    async def sees(self) -> list[str]:
        """Look; the lines after the heading are nicks until the answer to something else."""
        await self._person.types("look", "end")
        await self._person.sees("The following are in this room:")
        nicks: list[str] = []
        while (line := await self._person.reads_line()) != "Unknown command: end":
            nicks.append(line)
        return nicks

    async def becomes(self, nick: str) -> None:
        """Type the nick."""
        await self._person.types(f"nick {nick}")
        self._nick = nick
        assert (await self._person.reads_line()).startswith(f"You are {nick} in the room ")

    async def moves(self, room: str) -> None:
        """Type the room."""
        await self._person.types(f"join {room}")
        await self._person.sees(f"You are {self._nick} in the room {room}.")

    async def leaves(self) -> None:
        """Log out."""
        await self._person.types("logout")
        await self._person.reads_to_end()


Door: TypeAlias = Callable[[House, int, str], AbstractAsyncContextManager[Talker]]


@asynccontextmanager
async def json_1(house: House, _port: int, nick: str) -> AsyncIterator[Talker]:
    """Let somebody in who speaks version 1."""
    yield JsonTalker(await house.lets_in(nick, "default"), nick)


@asynccontextmanager
async def json_2(house: House, _port: int, nick: str) -> AsyncIterator[Talker]:
    """Let somebody in who speaks version 2; the others know of them with the first request."""
    person = await house.opens(params={"nick": nick}, protocols=[SUBPROTOCOL])
    assert (await person.hears())["user"] == nick
    await person.does("room_list")
    yield JsonTalker(person, nick)


@asynccontextmanager
async def telnet(_house: House, port: int, nick: str) -> AsyncIterator[Talker]:
    """Let somebody in who types."""
    async with visitor(port) as person:
        await person.sees(WELCOME)
        await person.types(f"login {nick}")
        await person.sees(f"You are {nick} in the room default.")
        yield TelnetTalker(person, nick)


DOORS = [json_1, json_2, telnet]


@pytest.mark.parametrize("second", DOORS)
@pytest.mark.parametrize("first", DOORS)
async def test_a_conversation(house: House, port: int, first: Door, second: Door) -> None:
    """Ann and Bob come, talk both at once, rename, move, come back and leave."""
    async with first(house, port, "ann") as ann, second(house, port, "Böb") as bob:
        assert await ann.hears() == ("joined", "Böb")
        assert await ann.sees() == await bob.sees() == ["ann", "Böb"]
        await ann.says("Hello, é 😀!")
        assert await ann.hears() == await bob.hears() == ("said", "ann", "Hello, é 😀!")
        await asyncio.gather(
            *(talker.says(str(number)) for number in range(50) for talker in (ann, bob))
        )
        heard = [await ann.hears() for _ in range(100)]
        assert [await bob.hears() for _ in range(100)] == heard
        for nick in ("ann", "Böb"):
            texts = [text for _, user, text in heard if user == nick]
            assert sorted(texts, key=int) == texts == [str(number) for number in range(50)]
        await bob.becomes("rob")
        assert await ann.hears() == ("renamed", "Böb", "rob")
        await bob.says("It is me.")
        assert await ann.hears() == await bob.hears() == ("said", "rob", "It is me.")
        await bob.moves("tea room")
        assert await ann.hears() == ("left", "rob")
        assert (await ann.sees(), await bob.sees()) == (["ann"], ["rob"])
        await ann.says("Nobody hears this.")
        assert await ann.hears() == ("said", "ann", "Nobody hears this.")
        await bob.moves("default")
        assert await ann.hears() == ("joined", "rob")
        await ann.says("Bye.")
        assert await ann.hears() == await bob.hears() == ("said", "ann", "Bye.")
        await bob.leaves()
        assert await ann.hears() == ("left", "rob")
        assert await ann.sees() == ["ann"]
