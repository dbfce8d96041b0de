"""The whole program in the hands of fate: killed under load, its disk full, restarted."""

import asyncio
import resource
import signal
from pathlib import Path

import pytest

from tests.program import FREE, Program, started
from tests.test_server_shutdown import whole_log
from tests.transcript import Body, Person

ROOMS = ("tea", "den")
ENOUGH = 300  # messages of one person that are acknowledged before the end comes


class Talker:
    """Somebody who speaks without a pause, and notes what was acknowledged and what was heard."""

    def __init__(self, person: Person, tag: str) -> None:
        self.person = person
        self.tag = tag
        self.has_said_enough = asyncio.Event()
        self.acknowledged: list[str] = []
        self.told: list[str] = []  # all messages of the room in the order they came, one's own too

    async def talks(self) -> None:
        """Speak until the line breaks, with a hundred messages under way."""
        try:
            for number in range(100):
                await self._says(number)
            number = 100
            while True:
                body = await self.person.ws.receive_json()
                if body["action"] != "chat_message":
                    continue
                self.told.append(body["message"])
                if "ref" in body:
                    assert body["success"] is True
                    self.acknowledged.append(body["message"])
                    if len(self.acknowledged) == ENOUGH:
                        self.has_said_enough.set()
                    await self._says(number)
                    number += 1
        except (TypeError, ConnectionError):
            pass  # the end of the line

    async def _says(self, number: int) -> None:
        message = f"{self.tag} {self.person.nick} {number}"
        await self.person.says("chat_message", message=message, ref=number)


async def talk_until_killed(program: Program, life: int) -> list[Talker]:
    """Let people talk in two rooms until everybody has said enough; then kill the server."""
    talkers = [
        Talker(await program.lets_in(f"p{number}", ROOMS[number % 2]), str(life))
        for number in range(6)
    ]
    talking = [asyncio.create_task(talker.talks()) for talker in talkers]
    await asyncio.gather(*(talker.has_said_enough.wait() for talker in talkers))
    await program.is_killed()
    await asyncio.gather(*talking)
    return talkers


def sees_all(log: list[str], talker: Talker) -> None:
    """See that a log has what somebody was told, in that order, once."""
    place = {text: index for index, text in enumerate(log)}
    assert len(place) == len(log)
    told = [place[text] for text in talker.told]
    assert told == list(range(told[0], told[0] + len(told)))


async def test_a_kill_under_load_loses_nothing_that_anybody_was_told(tmp_path: Path) -> None:
    """Killed four times in the midst of talk, the log has all that was acknowledged or heard.

    It has it once, in the order in which people heard it, without holes in the numbers.
    """
    path = tmp_path / "log.db"
    talkers: list[Talker] = []
    epochs = set()
    for life in range(4):
        async with started(path, *FREE) as program:
            talkers += await talk_until_killed(program, life)
        async with started(path, *FREE) as program:
            ann = await program.lets_in("ann")
            logs = {room: await whole_log(ann, room) for room in ROOMS}
            for talker in talkers:
                assert set(talker.acknowledged) <= set(talker.told)
                sees_all(logs[talker.person.room], talker)
            epochs.add((await ann.asks("history"))["epoch"])
            await ann.leaves()
            await program.is_killed()
    assert len(epochs) == 1


async def test_a_restart_keeps_names_and_numbers(tmp_path: Path) -> None:
    """After a clean stop the log goes on where it was, and rooms are called as before."""
    path = tmp_path / "log.db"
    before: Body = {}
    for life in range(3):
        async with started(path) as program:
            ann = await program.lets_in("ann", "Tea")
            reply = await ann.asks("history", room="tEA")
            assert reply["room"] == "Tea" if life else "tEA"
            if life:
                assert reply == before
            await ann.does("chat_message", message=f"hello {life}")
            before = await ann.asks("history", room="TEA")
            assert [said["id"] for said in before["messages"]] == list(range(1, life + 2))
            program.is_told(signal.SIGTERM)
            assert await ann.hears_end() == 1012
            assert await program.ends() == (0, "")


async def test_in_memory_nothing_is_kept() -> None:
    """With `--data :memory:` a restart begins another log."""
    epochs = set()
    for _ in range(2):
        async with started(":memory:") as program:
            ann = await program.lets_in("ann")
            reply = await ann.asks("history")
            assert reply["messages"] == []
            epochs.add(reply["epoch"])
            await ann.does("chat_message", message="hello")
            program.is_told(signal.SIGTERM)
            assert await ann.hears_end() == 1012
            assert await program.ends() == (0, "")
    assert len(epochs) == 2


def limit_files(size: int) -> None:
    """Let this process write no file longer than this."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.parametrize("freed", [True, False])
async def test_a_full_disk_refuses_messages_and_nothing_else(tmp_path: Path, freed: bool) -> None:  # noqa: FBT001 - a case
    """With the disk full a message is refused, all else works; with space again it is stored.

    Numbers have no hole, and the service stops with status 0 in either case.
    """
    path = tmp_path / "log.db"
    async with started(path, *FREE, prepare=lambda: limit_files(1_000_000)) as program:
        ann = await program.lets_in("ann")
        bob = await program.lets_in("bob")
        await ann.hears()
        stored: list[str] = []
        while (reply := await ann.asks("chat_message", message=f"{len(stored)} " + "x" * 4000))[
            "success"
        ]:
            stored.append((await bob.hears())["message"])
        assert reply.pop("message")
        assert reply == {"action": "chat_message", "success": False}
        await ann.does("set_nick", nick="eve")
        assert (await bob.hears())["action"] == "nick_changed"
        assert await whole_log(ann, "default") == stored
        if freed:
            resource.prlimit(
                program.process.pid,
                resource.RLIMIT_FSIZE,
                (resource.RLIM_INFINITY, resource.RLIM_INFINITY),
            )
            await ann.does("chat_message", message="at last")
            assert (await bob.hears())["message"] == "at last"
            stored.append("at last")
            assert await whole_log(bob, "default") == stored
        program.is_told(signal.SIGTERM)
        assert await ann.hears_end() == 1012
        status, complaint = await program.ends(5)
        assert status == 0
        assert "Traceback" not in complaint
    async with started(path) as program:
        ann = await program.lets_in("ann")
        assert await whole_log(ann, "default") == stored


async def test_the_settings_come_from_flags_and_environment(tmp_path: Path) -> None:
    """A name given on the command line is in the banner."""
    async with started(tmp_path / "log.db", "--name", "Käfig") as program:
        assert program.banner.startswith("Käfig is open.\n")
