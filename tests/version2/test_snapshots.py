"""Events applied to an old snapshot of a room equal a fresh one, whatever happened meanwhile."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from server import SESSIONS
from tests.transcript import Body, House, opened
from tests.version2.guests import Guest, arrives, end_graces
from wire.names import fold

ROOMS = st.sampled_from(["default", "tea", "TEA"])
PEOPLE = st.integers(0, 11)
NICKS = st.sampled_from(["ann", "Ann", "bob", "cem", "dan"])


class Witness:
    """Somebody who knows who is there by a first snapshot, and what was heard since."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.session = guest.session
        self.places: dict[str, int] = {}
        self.users: list[str] = []
        self.room = ""
        self.nick = guest.nick
        self.snapshot(guest.greeting)

    def snapshot(self, body: Body) -> None:
        """Begin anew with a whole list."""
        self.room, self.users = body["room"], list(body["users"])
        self.nick = body.get("user", self.nick)
        self.places.setdefault(self.room.lower(), body["last_id"])

    async def asks(self, action: str, **more: object) -> Body:
        """Make a request, and apply all that is heard up to and with the reply."""
        await self.guest.says(action, **more)
        while "success" not in (body := await self.guest.hears()):
            self.apply(body)
        return body

    def apply(self, body: Body) -> None:
        """Apply one notice to what one knows."""
        assert body["room"] == self.room
        match body["action"]:
            case "joined":
                self.users.append(body["user"])
            case "left":
                self.users.remove(body["user"])
            case "nick_changed":
                self.rename(body["from_user"], body["to_user"])
            case "caught_up":
                self.snapshot(body)
                assert body["last_id"] == self.places[self.room.lower()]
            case "chat_message":
                self.hear(body["id"])

    def rename(self, old: str, new: str) -> None:
        """Give somebody another nick, at their place."""
        self.users[self.users.index(old)] = new

    def hear(self, number: int) -> None:
        """Hear a message: the next one, always."""
        assert number == self.places[self.room.lower()] + 1
        self.places[self.room.lower()] = number

    def since(self, room: str) -> Body:
        """Return from where on one has to recover a room."""
        after = self.places.get(room.lower())
        return {} if after is None else {"epoch": self.guest.epoch, "after": after}

    def enter(self, reply: Body) -> None:
        """Be where a reply says, if it says so; what was missed is still to be heard."""
        if reply["success"]:
            assert reply.get("recovered", True) is True
            assert reply.get("user", self.nick) == self.nick
            if "recovered" not in reply:
                self.places.pop(reply["room"].lower(), None)
            self.snapshot(reply)


class Rooms(RuleBasedStateMachine):
    """People come, go, speak, rename, are lost and resume; now and then the server restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = AsyncExitStack()
        self.here: list[Witness] = []
        self.away: list[Witness] = []
        self.house: House = self.runner.run(self.opens())

    async def opens(self) -> House:
        """Open a house on the one log."""
        data = str(Path(self.folder.name) / "log.db")
        return await self.stack.enter_async_context(opened(data=data))

    def teardown(self) -> None:
        """Close the house."""
        self.runner.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    @rule(nick=NICKS, room=ROOMS)
    def come(self, nick: str, room: str) -> None:
        """Let somebody in."""

        async def run() -> None:
            witness = Witness(await arrives(self.house, nick, room))
            await witness.asks("room_list")
            self.here.append(witness)

        self.runner.run(run())

    @precondition(lambda self: self.here)
    @rule(who=PEOPLE, nick=NICKS)
    def rename(self, who: int, nick: str) -> None:
        """Let somebody take another nick, if it is free."""
        witness = self.here[who % len(self.here)]
        if self.runner.run(witness.asks("set_nick", nick=nick))["success"]:
            witness.rename(witness.nick, nick)
            witness.nick = nick

    @precondition(lambda self: self.here)
    @rule(who=PEOPLE, room=ROOMS, recover=st.booleans())
    def move(self, who: int, room: str, *, recover: bool) -> None:
        """Let somebody move, if their nick is free there; with or without what was missed."""
        witness = self.here[who % len(self.here)]
        since = witness.since(room) if recover else {}
        witness.enter(self.runner.run(witness.asks("join_room", room=room, **since)))

    @precondition(lambda self: self.here)
    @rule(who=PEOPLE)
    def say(self, who: int) -> None:
        """Let somebody speak."""
        witness = self.here[who % len(self.here)]
        witness.hear(self.runner.run(witness.asks("chat_message", message="hello"))["id"])

    @precondition(lambda self: self.here)
    @rule(who=PEOPLE, politely=st.booleans())
    def go(self, who: int, *, politely: bool) -> None:
        """Let somebody close their line, or lose it; wait until the house knows."""
        witness = self.here.pop(who % len(self.here))
        self.away.append(witness)

        async def run() -> None:
            sessions = self.house.app[SESSIONS]
            count = len(sessions)
            if politely:
                await witness.guest.leaves()
            else:
                witness.guest.vanishes()
            while len(sessions) == count:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0)

        self.runner.run(run())

    @precondition(lambda self: self.away)
    @rule(who=PEOPLE, room=st.none() | ROOMS)
    def come_back(self, who: int, room: str | None) -> None:
        """Let somebody who went come back, to where they were or elsewhere, if the nick is free."""
        witness = self.away.pop(who % len(self.away))
        back = self.runner.run(self.resumes(witness, room or witness.room))
        (self.here if back else self.away).append(witness)

    @precondition(lambda self: self.here)
    @rule(who=PEOPLE, room=st.none() | ROOMS)
    def take_over(self, who: int, room: str | None) -> None:
        """Let somebody come back on another line while the old one lives."""
        witness = self.here[who % len(self.here)]
        old = witness.guest
        if not self.runner.run(self.resumes(witness, room or witness.room)):
            witness.guest = old

    async def resumes(self, witness: Witness, room: str) -> bool:
        """Resume, if the nick is free; else leave again."""
        witness.guest = await arrives(self.house)
        place = witness.since(room)
        await witness.guest.says("resume", session=witness.session, room=room, **place)
        while (reply := await witness.guest.hears())["action"] != "resume":
            pass  # what the room of the connecting hears
        witness.enter(reply)
        if not reply["success"]:
            assert reply["code"] == "nick_taken"
            await witness.guest.leaves()
        return bool(reply["success"])

    def lists(self) -> dict[str, list[str]]:
        """Return who has which place in which room."""
        return {fold(room.name): list(room) for room in self.house.rooms.values()}

    @rule()
    def end_graces(self) -> None:
        """Let the grace time of all be over."""
        end_graces(self.house)

    @rule()
    def restart(self) -> None:
        """Restart the server: all are away, and their seats stand in grace, in the old order."""

        async def run() -> House:
            for hook in self.house.app.on_shutdown:
                await hook(self.house.app)
            await self.stack.aclose()
            return await self.opens()

        before = self.lists()
        self.house = self.runner.run(run())
        assert self.lists() == before
        self.away += self.here
        self.here.clear()

    @invariant()
    def what_was_heard_equals_a_fresh_list(self) -> None:
        """Compare what everyone knows with what they are told anew."""

        async def run() -> None:
            for witness in self.here:
                reply = await witness.asks("user_list")
                assert (reply["room"], reply["users"]) == (witness.room, witness.users)

        self.runner.run(run())


def test_what_was_heard_equals_a_fresh_snapshot() -> None:
    """Under any interleaving, lists agree to the last place, and numbers have no hole."""
    run_state_machine_as_test(
        Rooms, settings=settings(max_examples=25, stateful_step_count=30, deadline=None)
    )
