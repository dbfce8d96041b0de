"""People who talk under torture: they come back, resend what was not acknowledged, and take notes.

They speak by a client of their own, so that a fault of the product's client hides nothing.
"""

import asyncio
import contextlib
from random import Random

import aiohttp

from torture.conversation import BROKEN, Body, Conversation, Lost
from torture.witness import Gap, Said, Witness

ROOMS = ("default", "tea", "attic")
LONG_TEXT = 4000  # characters
LETTERS = 'x"\\\u00e9\u4e16\U0001f600'  # one to four bytes, and some that JSON escapes


class Person:
    """Somebody who talks until it is `quiet`, and looks around a last time at the `end`."""

    protocols: tuple[str, ...] = ()

    def __init__(self, name: str, random: Random, client: aiohttp.ClientSession, port: int) -> None:
        self.witness = Witness(name)
        self.nick = name
        self.room = random.choice(ROOMS)
        self.quiet = asyncio.Event()
        self.silent = asyncio.Event()  # all that was said is acknowledged
        self.end = asyncio.Event()
        self._name = name
        self._random = random
        self._client = client
        self._url = f"http://127.0.0.1:{port}/chat"
        self._counter = 0
        self.state = "away"

    async def live(self) -> None:
        """Talk over one link after another, until all is over."""
        while True:
            with contextlib.suppress(Lost, *BROKEN):
                if await self._visit():
                    return
            await asyncio.sleep(self._random.uniform(0, 0.3))

    async def _visit(self) -> bool:
        """Talk over one link; return whether all is over."""
        ws = await self._client.ws_connect(
            self._url,
            params=self.asked(),
            protocols=self.protocols,
            max_msg_size=0,
            timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
        )
        self.witness.counts["connections"] += 1
        talk = Conversation(ws, self.hear, self.witness)
        politely = False
        try:
            self.state = "awaits the greeting"
            await talk.awaited(talk.greeted)
            self.state = "begins"
            await self.begin(talk)
            self.state = "talks"
            while not self.quiet.is_set():
                await self.act(talk)
                if self._random.random() < 0.01:  # noqa: PLR2004 - now and then
                    politely = self._random.random() < 0.5  # noqa: PLR2004
                    return False
                await asyncio.sleep(self._random.expovariate(20))
            politely = True
            self.state = "finishes"
            return await self.finish(talk)
        finally:
            await talk.end(politely=politely)

    def asked(self) -> dict[str, str]:
        """Return where, and as whom, to connect."""
        return {"nick": self.nick, "room": self.room}

    def text(self) -> tuple[str, str]:
        """Return something new to say, and a key for it."""
        self._counter += 1
        key = f"{self._name}-{self._counter}"
        size = LONG_TEXT if self._random.random() < 0.1 else self._random.randrange(200)  # noqa: PLR2004
        text = f"{key} {self._random.choice(LETTERS) * size}".rstrip()
        self.witness.sent.add(text)
        return key, text

    def hear(self, body: Body, request: Body) -> None:
        """Take note of a body and, if it is a reply, of the request that it answers."""
        raise NotImplementedError

    async def begin(self, talk: Conversation) -> None:
        """Do what comes first on a new link."""

    async def act(self, talk: Conversation) -> None:
        """Do something or other."""
        raise NotImplementedError

    async def finish(self, talk: Conversation) -> bool:
        """Do what remains when it is quiet; return whether all is over."""
        raise NotImplementedError


class Oldtimer(Person):
    """Somebody of version 1: what was not acknowledged stays uncertain."""

    def hear(self, body: Body, request: Body) -> None:
        """Note the texts of each stay, one's own at the place of the reply."""
        witness = self.witness
        match body:
            case {"action": "connecting"}:
                witness.stays.append((body["room"], []))
                self.room = body["room"]
            case {"success": False, "action": "join_room"}:
                witness.counts["nick taken by one's own dead line"] += 1
            case {"success": False}:
                witness.complain(f"refused: {str(body)[:200]}")
            case {"success": True, "action": "join_room"}:
                self.room = request["room"]
                witness.stays.append((self.room, []))
            case {"success": True, "action": "chat_message"}:
                witness.stays[-1][1].append(body["message"])
                witness.confirmed.append((self.room, body["message"]))
            case {"success": True}:
                pass
            case {"action": "chat_message"}:
                witness.stays[-1][1].append(body["message"])

    async def act(self, talk: Conversation) -> None:
        """Say something, or move."""
        if self._random.random() < 0.9:  # noqa: PLR2004 - mostly
            for _ in range(self._random.randrange(1, 10)):
                await talk.say("chat_message", message=self.text()[1])
        else:
            await talk.ask("join_room", room=self._random.choice(ROOMS))

    async def finish(self, talk: Conversation) -> bool:
        """Wait for the last reply."""
        await talk.ask("room_list")
        self.silent.set()
        return True


class Newcomer(Person):
    """Somebody of version 2: resumes, resends under the same key, and knows what is missing."""

    protocols = ("chat.v2",)

    def __init__(self, name: str, random: Random, client: aiohttp.ClientSession, port: int) -> None:
        super().__init__(name, random, client, port)
        self._session: str | None = None
        self._epoch = ""
        self._places: dict[str, int] = {}  # the last number that one has of each room
        self._users: list[str] | None = None
        self._strangers: list[str] = []  # who left unknown; a `caught_up` has to follow
        self._outbox: dict[str, str] = {}  # key -> text, of the room one is in
        self._took: str | None = None  # the session of the greeting
        self._resuming = False  # what is heard meanwhile is for whom the greeting names

    def hear(self, body: Body, request: Body) -> None:
        """Take note, and see that it follows from what was heard before."""
        match body:
            case {"action": "connecting"}:
                self._greeted(body)
            case {"success": False, "action": "join_room", "code": "nick_taken"}:
                self.witness.counts["nick taken by one's own dead line"] += 1
            case {"success": False}:
                self.witness.complain(f"refused: {str(body)[:200]}")
            case {"success": True}:
                self._answered(body, request)
            case _ if self._resuming:
                pass
            case {"action": "chat_message"}:
                self._heard(body["room"], Said(body["id"], body["message"]))
            case _:
                self._noticed(body)

    def _greeted(self, body: Body) -> None:
        self._took = body["session"]
        if self._epoch not in ("", body["epoch"]):
            self.witness.complain("the log has another name")
        self._epoch = body["epoch"]
        self._resuming = self._session is not None
        if self._session is None:
            self._session, self.nick = body["session"], body["user"]
            self._enter(body)

    def _enter(self, body: Body, request: Body | None = None) -> None:
        """Be somewhere, from this place in the log on."""
        self.room = room = body["room"]
        self._users, self._strangers = list(body["users"]), []
        if request is not None and "after" in request:
            if body["recovered"]:
                self.witness.counts["recovered"] += body["last_id"] > request["after"]
                return
            gap = body["gap"]
            self.witness.gaps.append(Gap(room, gap["from"], gap["to"]))
        self.witness.since.setdefault(room, body["last_id"])
        self._places[room] = body["last_id"]

    def _answered(self, body: Body, request: Body) -> None:
        match body["action"]:
            case "chat_message":
                said = Said(body["id"], body["message"])
                if request["message"] != said.text:
                    self.witness.complain(f"{request['key']} was answered with another text")
                if self._outbox.pop(request["key"], None) is None:
                    return
                self.witness.acknowledged.append((self.room, said))
                if said.id > self._places[self.room]:
                    self._heard(self.room, said)
            case "join_room" | "resume":
                self._resuming = False
                self.nick = body.get("user", self.nick)
                self._enter(body, request)
            case "set_nick":
                self._rename(self.nick, request["nick"])
                self.nick = request["nick"]
            case "user_list":
                if self._strangers:
                    self.witness.complain(f"{self._strangers} left, and never came")
                if sorted(body["users"]) != sorted(self._users or ()):
                    self.witness.complain(
                        f"people of {body['room']}: {sorted(body['users'])} are there,"
                        f" {sorted(self._users or ())} follow from what was heard"
                    )
                self._users = list(body["users"])

    def _heard(self, room: str, said: Said) -> None:
        place = self._places[room]
        if room != self.room or said.id != place + 1:
            self.witness.complain(f"heard {room} {said.id} after {self.room} {place}")
        self._places[room] = said.id
        self.witness.heard.setdefault(room, []).append(said)

    def _noticed(self, body: Body) -> None:
        users = self._users if self._users is not None else []
        match body["action"]:
            case "joined":
                users.append(body["user"])
            case "left":
                if body["user"] in users:
                    users.remove(body["user"])
                else:
                    self._strangers.append(body["user"])
            case "nick_changed":
                self._rename(body["from_user"], body["to_user"])
            case "lagging":
                self.witness.counts["lagging"] += 1
                if body["from"] != self._places[self.room] + 1:
                    self.witness.complain(f"lags from {body['from']}, not from the next")
            case "caught_up":
                self._users, self._strangers = list(body["users"]), []
                if body["last_id"] != self._places[self.room]:
                    self.witness.complain(f"caught up with {body['last_id']}, not the last heard")
            case "gap":
                self.witness.gaps.append(Gap(body["room"], body["from"], body["to"]))
                self._places[body["room"]] = body["to"]
            case action:
                self.witness.complain(f"heard an unexpected {action} {body.get('user')}")

    def _rename(self, old: str, new: str) -> None:
        self._users = [new if user == old else user for user in self._users or ()]

    def asked(self) -> dict[str, str]:
        """Return where, and as whom; who resumes must not take the own nick from themselves."""
        return super().asked() if self._session is None else {"room": self.room}

    async def begin(self, talk: Conversation) -> None:
        """Resume, and send again what was not acknowledged, under the same keys."""
        if self._session != self._took:
            place = {"epoch": self._epoch, "after": self._places[self.room]}
            await talk.ask("resume", session=self._session, room=self.room, **place)
            self.witness.counts["resumed"] += 1
        for key, text in tuple(self._outbox.items()):
            self.witness.counts["resent"] += 1
            await talk.say("chat_message", message=text, key=key)

    async def act(self, talk: Conversation) -> None:
        """Say something, rename, move, or look around."""
        choice = self._random.random()
        if choice < 0.8:  # noqa: PLR2004 - the shares of what people do
            for _ in range(self._random.randrange(1, 16)):
                await self._speak(talk)
        elif choice < 0.86:  # noqa: PLR2004
            self._counter += 1
            await talk.ask("set_nick", nick=f"{self._name}.{self._counter}")
        elif choice < 0.93:  # noqa: PLR2004
            await self._move(talk, self._random.choice(ROOMS))
        else:
            await talk.ask("user_list")

    async def _speak(self, talk: Conversation) -> None:
        key, text = self.text()
        self._outbox[key] = text
        await talk.say("chat_message", message=text, key=key)
        if self._random.random() < 0.05:  # noqa: PLR2004 - again, without need
            await talk.say("chat_message", message=text, key=key)

    async def _move(self, talk: Conversation, room: str) -> None:
        """Move once all that was said here is acknowledged, as a key counts in its room."""
        await talk.ask("room_list")
        place = {}
        if room in self._places and room != self.room:
            place = {"epoch": self._epoch, "after": self._places[room]}
        await talk.ask("join_room", room=room, **place)

    async def finish(self, talk: Conversation) -> bool:
        """Wait for the last replies, then go through all rooms once more."""
        await talk.ask("room_list")
        if self._outbox:
            self.witness.complain(f"{len(self._outbox)} messages are not acknowledged")
        self.silent.set()
        await self.end.wait()
        for room in tuple(self._places):
            await self._move(talk, room)
            await talk.ask("user_list")
        return True
