"""Real clients at the door of a real server; the packages are in .ci/run."""

import asyncio
import os
import pty
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.doors.visitors import Visitor, visitor
from tests.program import fails, started
from tests.transcript import PATIENCE

CTRL_C = "\x03"


@pytest.fixture
async def street() -> AsyncIterator[int]:
    """Start a server whose telnet door is open, and return its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    async with started(":memory:", "--telnet-port", str(number)) as program:
        assert f"  telnet 127.0.0.1 {number}\n" in program.banner
        yield number


class Terminal:
    """A client in a terminal of its own."""

    def __init__(self, master: int, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._master = master
        self._shown = b""
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._reads)

    def _reads(self) -> None:
        try:
            self._shown += os.read(self._master, 1 << 16)
        except OSError:  # the client has ended
            asyncio.get_running_loop().remove_reader(self._master)
        self._more.set()

    def types(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    async def shows(self, text: str) -> None:
        """Wait until a text is shown that was not shown before."""
        async with asyncio.timeout(PATIENCE):
            while text.encode() not in self._shown:
                self._more.clear()
                await self._more.wait()
        self._shown = self._shown.partition(text.encode())[2]


@asynccontextmanager
async def terminal(*command: str) -> AsyncIterator[Terminal]:
    """Run a client for as long as the block lasts."""
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=os.environ | {"TERM": "xterm", "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        asyncio.get_running_loop().remove_reader(master)
        if process.returncode is None:
            process.kill()
        await process.wait()
        os.close(master)


async def test_inetutils_telnet(street: int) -> None:
    """Ann talks with telnet; after Ctrl-C she still sees what is said, and logs out politely."""
    async with visitor(street, "bob") as bob, terminal("telnet", "127.0.0.1", str(street)) as ann:
        await ann.shows("Welcome to TestChat")
        ann.types("login ann\n")
        await ann.shows("You are ann in the room default.")
        await bob.sees("ann has entered the room.")
        ann.types("say é 😀\n")
        await bob.sees("ann: é 😀")
        await ann.shows("ann: é 😀")
        ann.types(CTRL_C)
        ann.types("say on\n")
        await bob.sees("ann: on")
        await ann.shows("ann: on")
        await bob.types("say bye")
        await ann.shows("bob: bye")
        ann.types("logout\n")
        await ann.shows("Connection closed by foreign host.")
        await bob.sees("bob: bye", "ann has left the room.")


async def test_tinyfugue(street: int) -> None:
    """Ann talks with TinyFugue, in ASCII, which is all that it lets through."""
    async with visitor(street, "bob") as bob, terminal("tf", "-n", "127.0.0.1", str(street)) as ann:
        await ann.shows("Welcome to TestChat")
        ann.types("login ann\n")
        await bob.sees("ann has entered the room.")
        ann.types("say hello\n")
        await bob.sees("ann: hello")
        await ann.shows("ann: hello")
        await bob.types("say bye")
        await ann.shows("bob: bye")
        ann.types("logout\n")
        await bob.sees("bob: bye", "ann has left the room.")
        await ann.shows("closed by foreign host")


@pytest.mark.parametrize("last", ["logout\n", ""])
async def test_netcat(street: int, last: str) -> None:
    """`nc -N` closes its half behind its last lines: they count, and are answered."""
    async with visitor(street, "bob") as bob:
        process = await asyncio.create_subprocess_exec(
            *("nc", "-N", "127.0.0.1", str(street)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(PATIENCE):
            shown, _ = await process.communicate(f"login ann\nsay hi\nlook\n{last}".encode())
        assert shown.decode().split("\r\n") == [
            "Welcome to TestChat",
            "You are ann in the room default.",
            "ann: hi",
            "The following are in this room:",
            "bob",
            "ann",
            "",
        ]
        assert process.returncode == 0
        await bob.sees("ann has entered the room.", "ann: hi", "ann has left the room.")


async def test_a_telnet_port_that_is_taken_is_said_in_one_line(street: int) -> None:
    """The second server says which port is taken and how to choose another, and ends with 2."""
    wanted = ("--host", "127.0.0.1", "--port", "0", "--data", ":memory:")
    complaint = await fails(*wanted, "--telnet-port", str(street))
    assert f"Port {street} on 127.0.0.1 is taken; choose another with --telnet-port." in complaint


async def test_a_crowd_at_a_real_server(street: int) -> None:
    """Fifty visitors of the event loop that the service runs on talk to each other."""
    people: list[Visitor] = []
    try:
        for number in range(50):
            person = Visitor(street)
            people.append(person)
            await person.__aenter__()
            await person.logs_in(f"p{number}")
            for other in people[:-1]:
                await other.sees(f"p{number} has entered the room.")
        await people[0].types("say hi")
        for person in people:
            await person.sees("p0: hi")
    finally:
        for person in people:
            person.hangs_up()
