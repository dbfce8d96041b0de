"""People who speak version 2."""

from typing import Any

from chat.seats import SEATS
from tests.program import Program
from tests.transcript import Body, House, Person
from wire.version2 import SUBPROTOCOL

V2 = {"Sec-WebSocket-Protocol": SUBPROTOCOL}  # what a raw socket adds to its handshake
LONG = 10_000.0  # seconds that no test lasts


class Guest(Person):
    """Somebody on one WebSocket of version 2, with what greeted them."""

    greeting: Body

    @property
    def session(self) -> str:
        """The token of the session."""
        token: str = self.greeting["session"]
        return token

    @property
    def epoch(self) -> str:
        """The name of the log."""
        epoch: str = self.greeting["epoch"]
        return epoch

    async def hears_joined(self, user: str, room: str = "default") -> None:
        """Hear that somebody came."""
        assert await self.hears() == {"action": "joined", "room": room, "user": user}

    async def hears_left(self, user: str, reason: str, room: str = "default") -> None:
        """Hear that somebody left, and why; only who was lost is shamed."""
        assert await self.hears() == {
            "action": "left",
            "room": room,
            "user": user,
            "shame": reason == "lost",
            "reason": reason,
        }

    async def hears_said(self, *texts: str) -> list[int]:
        """Hear messages, one after the other, and return their numbers."""
        ids = []
        for text in texts:
            body = await self.hears()
            assert (body["action"], body.get("message")) == ("chat_message", text), body
            ids.append(body["id"])
        return ids

    async def says_all(self, *texts: str, **more: object) -> list[int]:
        """Say texts, one after the other, and return their numbers."""
        replies = [await self.asks("chat_message", message=text, **more) for text in texts]
        assert all(reply["success"] for reply in replies)
        return [reply["id"] for reply in replies]

    async def users(self, room: str = "default") -> list[str]:
        """Ask who is in a room."""
        users: list[str] = (await self.asks("user_list", room=room))["users"]
        return users


async def arrives(
    place: House | Program, nick: str | None = None, room: str | None = None
) -> Guest:
    """Let somebody in whom the others do not hear yet."""
    asked = {"nick": nick, "room": room}
    options: dict[str, Any] = {
        "params": {name: value for name, value in asked.items() if value is not None},
        "protocols": (SUBPROTOCOL,),
    }
    if isinstance(place, House):
        guest = Guest((await place.opens(**options)).ws)
    else:
        url = f"http://127.0.0.1:{place.port}/chat"
        guest = Guest(await place.client.ws_connect(url, **options))
    assert guest.ws.protocol == SUBPROTOCOL
    guest.greeting = await guest.hears()
    assert guest.greeting["action"] == "connecting"
    guest.nick, guest.room = guest.greeting["user"], guest.greeting["room"]
    return guest


async def comes(place: House | Program, nick: str, *others: Guest, room: str = "default") -> Guest:
    """Let somebody in, heard by the others."""
    guest = await arrives(place, nick, room)
    assert (guest.nick, guest.room) == (nick, room)
    await guest.has_heard_all()
    for other in others:
        await other.hears_joined(nick, room)
    return guest


async def gathers(place: House | Program, *nicks: str, room: str = "default") -> list[Guest]:
    """Let people in, one after the other, each heard by those before."""
    people: list[Guest] = []
    for nick in nicks:
        people.append(await comes(place, nick, *people, room=room))
    return people


async def resumes(place: House | Program, old: Guest, **more: object) -> tuple[Guest, Body]:
    """Connect anew and resume somebody's session first of all; return the reply too."""
    guest = await arrives(place)
    return guest, await guest.asks("resume", session=old.session, **more)


def in_grace(house: House) -> bool:
    """Whether a seat stands in grace."""
    return bool(house.app[SEATS]._graces)


async def loses(house: House, guest: Guest, watch: Guest) -> None:
    """Break somebody's line, and wait until the house has noticed."""
    guest.vanishes()
    while not in_grace(house):
        await watch.has_heard_all()


def end_graces(house: House) -> None:
    """Let the grace time of all be over."""
    seats = house.app[SEATS]
    for grace in tuple(seats._graces.values()):
        grace.end._run()
        grace.end.cancel()
