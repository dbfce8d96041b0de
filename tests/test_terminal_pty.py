import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import WSMsgType

from tests.screen import Screen
from tests.scripted import Caller, ScriptedServer

ROOT = Path(__file__).parent.parent
CLIENT = ROOT / "client.py"
ATTACK = "\x1b[2J\x1b[H\x1b[31mowned\x07\x9b2J\u202e\x1b]0;title\x07\r\x7f"


class Terminal:
    """The client in a real pseudo-terminal; `screen` is what a person sees."""

    def __init__(self, process: Process, end: int, kind: str) -> None:
        self.process = process
        self.kind = kind
        self.screen = Screen()
        self._end = end
        self._changed = asyncio.Event()
        asyncio.get_running_loop().add_reader(end, self._read)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._end, keys.encode())

    async def until(self, holds: Callable[[Screen], bool]) -> None:
        """Wait until something holds of the screen."""
        while not holds(self.screen):
            self._changed.clear()
            try:
                await self._changed.wait()
            except asyncio.CancelledError:
                sys.stderr.write("\n".join(self.screen.lines()))
                raise

    async def shows(self, text: str) -> None:
        """Wait until a text is on the screen."""
        await self.until(lambda screen: any(text in line for line in screen.lines()))

    async def prompts(self, line: str) -> None:
        """Wait until the cursor stands behind a line."""
        await self.until(lambda screen: screen.current() == line)

    async def status(self) -> int:
        """Wait for the end of the program, and return its status."""
        return await self.process.wait()

    def hang_up(self) -> None:
        """Close the window."""
        asyncio.get_running_loop().remove_reader(self._end)
        os.close(self._end)

    def _read(self) -> None:
        try:
            written = os.read(self._end, 65536)
        except OSError:  # the program has ended
            written = b""
        if not written:
            asyncio.get_running_loop().remove_reader(self._end)
        self.screen.feed(written)
        self._changed.set()


def _environment(**more: str) -> dict[str, str]:
    """Return what the client runs in: no colours, and no questions to the terminal."""
    return os.environ | {
        "NO_COLOR": "1",
        "PROMPT_TOOLKIT_NO_CPR": "1",
        "PYTHONWARNINGS": "default",
        **more,
    }


def _take_the_terminal() -> None:
    """Make it the one whose keys send signals to this process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@asynccontextmanager
async def terminal(
    server: ScriptedServer, kind: str = "xterm", **environment: str
) -> AsyncIterator[Terminal]:
    """Run the client as ann in a terminal of its own."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(CLIENT), "--url", server.url, "--nick", "ann"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=_environment(TERM=kind, **environment),
        start_new_session=True,
        preexec_fn=_take_the_terminal,
    )
    os.close(theirs)
    shown = Terminal(process, ours, kind)
    try:
        yield shown
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        with suppress(OSError):
            shown.hang_up()


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """Return a server that says what the test says."""
    async with ScriptedServer() as running:
        yield running


async def enter(server: ScriptedServer, ann: Terminal) -> Caller:
    """Greet the client, tell it which rooms there are, and wait until it has shown it."""
    caller = await (await server.called()).greet()
    await looks_around(caller)
    await ann.shows("In default: ann, bob.")
    if ann.kind != "dumb":
        await ann.prompts("[default] ann> ")
    return caller


async def looks_around(caller: Caller) -> None:
    """Tell the client which rooms there are."""
    rooms = [{"room": "default", "users": 2}, {"room": "den", "users": 1}]
    assert (await caller.answer_next(rooms=rooms))["action"] == "room_list"


def clean(terminal: Terminal) -> bool:
    """Tell whether nothing but the chat itself was written."""
    return not any(word in terminal.screen.raw for word in ("Traceback", "Task was", "Warning"))


async def test_a_line_is_said(server: ScriptedServer) -> None:
    """What is typed is said, and stands on the screen once, as everyone sees it."""
    async with terminal(server) as ann:
        caller = await enter(server, ann)
        ann.type("hello bob\r")
        assert (await caller.stores_next())["message"] == "hello bob"
        await ann.shows("ann: hello bob")
        await ann.prompts("[default] ann> ")
        assert sum("hello bob" in line for line in ann.screen.lines()) == 1


async def test_a_half_typed_line_stays_whole(server: ScriptedServer) -> None:
    """A message that arrives while one types appears above, and the line goes on below."""
    async with terminal(server) as ann:
        caller = await enter(server, ann)
        ann.type("hello b")
        await ann.prompts("[default] ann> hello b")
        await caller.says("one\ntwo")
        await ann.shows("bob: one")
        await ann.prompts("[default] ann> hello b")
        *_, first, second, last = ann.screen.lines()
        assert first.endswith(" bob: one")
        assert second == "        two"
        assert last == "[default] ann> hello b"
        ann.type("ob\r")
        assert (await caller.answer_next())["message"] == "hello bob"


async def test_tab_completes(server: ScriptedServer) -> None:
    """Tab completes commands, rooms and nicks, and shows what there is to choose from."""
    async with terminal(server) as ann:
        caller = await enter(server, ann)
        ann.type("/rooms\r")
        await looks_around(caller)
        await ann.shows("Rooms: default (2), den (1).")
        await ann.prompts("[default] ann> ")
        ann.type("/jo\tde\t")
        await ann.shows("default den")
        await ann.prompts("[default] ann> /join de")
        ann.type("n\t\r")
        assert (await caller.answer_next(**caller.place(room="den")))["room"] == "den"
        await ann.shows("In den: ann, bob.")
        ann.type("b\t")
        await ann.prompts("[den] ann> bob: ")


@pytest.mark.parametrize("keys", ["\x03", "\x04", "/quit\r", "half a line\x03"])
@pytest.mark.parametrize("kind", ["xterm", "dumb"])
async def test_leaves_politely(server: ScriptedServer, keys: str, kind: str) -> None:
    """Ctrl-C, Ctrl-D and /quit leave with a close frame, status 0, and nothing to explain."""
    async with terminal(server, kind) as ann:
        caller = await enter(server, ann)
        ann.type(keys)
        assert await caller.ended() is WSMsgType.CLOSE
        assert await ann.status() == 0
        assert clean(ann)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_signals_leave_politely(server: ScriptedServer, sign: signal.Signals) -> None:
    """Whoever is told to end says goodbye."""
    async with terminal(server) as ann:
        caller = await enter(server, ann)
        ann.process.send_signal(sign)
        assert await caller.ended() is WSMsgType.CLOSE
        assert await ann.status() == 0
        assert clean(ann)


@pytest.mark.parametrize("kind", ["xterm", "dumb"])
async def test_closing_the_window_leaves_politely(server: ScriptedServer, kind: str) -> None:
    """A terminal that is gone is no shame."""
    async with terminal(server, kind) as ann:
        caller = await enter(server, ann)
        ann.hang_up()
        assert await caller.ended() is WSMsgType.CLOSE
        await ann.status()


@pytest.mark.parametrize("kind", ["xterm", "dumb"])
async def test_an_attack_is_harmless(server: ScriptedServer, kind: str) -> None:
    """Control characters of others are shown, not obeyed, in messages and in names."""
    async with terminal(server, kind) as ann:
        caller = await enter(server, ann)
        await caller.says(ATTACK)
        await caller.tell({"action": "joined", "room": "default", "user": ATTACK})
        await ann.shows("came in.")
        assert "bob: ␛[2J␛[H␛[31mowned␇<U+009B>2J<U+202E>␛]0;title␇" in "\n".join(
            ann.screen.lines()
        )
        assert "In default: ann, bob." in "\n".join(ann.screen.lines())
        for order in ("\x1b[2J", "\x1b[31m", "\x9b", "\u202e", "\x1b]0;title", "\x07", "\x7f"):
            assert order not in ann.screen.raw


async def test_nicks_are_coloured(server: ScriptedServer) -> None:
    """On a terminal that allows it, colours tell people apart."""
    async with terminal(server, NO_COLOR="") as ann:
        caller = await enter(server, ann)
        await caller.says("hi")
        await ann.shows("bob: hi")
        assert "mbob\x1b[0m: hi" in ann.screen.raw


async def test_a_dumb_terminal_gets_plain_lines(server: ScriptedServer) -> None:
    """A terminal that can do nothing gets text alone, and echoes what is typed by itself."""
    async with terminal(server, "dumb", NO_COLOR="") as ann:
        caller = await enter(server, ann)
        ann.type("hello\n")
        assert (await caller.stores_next())["message"] == "hello"
        await caller.says("hi")
        await ann.shows("bob: hi")
        assert sum("hello" in line for line in ann.screen.lines()) == 1
        assert "\x1b" not in ann.screen.raw


async def test_comes_back_with_what_was_typed(server: ScriptedServer) -> None:
    """An outage is told, what was missed too, and a line typed meanwhile is said on return."""
    async with terminal(server) as ann:
        caller = await enter(server, ann)
        await caller.close(1012, "stopping")
        await ann.shows("Not connected: the server closed the connection (1012: stopping)")
        again = await server.called()  # waits for its greeting
        ann.type("still here\r")
        await ann.shows("Kept until there is a connection again: still here")
        await again.resumes(2)
        await again.says("one", number=1)
        await again.says("two", number=2)
        requests = [await again.answer_next(id=3, ts=5, rooms=[]) for _ in range(2)]
        assert {request["action"] for request in requests} == {"chat_message", "room_list"}
        await ann.shows("ann: still here")
        lines = "\n".join(ann.screen.lines())
        assert lines.index("bob: two") < lines.index("* caught up: 2 messages, nothing missing")
        assert lines.index("nothing missing") < lines.index("ann: still here")


async def test_what_is_gone_is_told(server: ScriptedServer) -> None:
    """What the server has no more is named, and what it still has is shown."""
    async with terminal(server) as ann:
        caller = await enter(server, ann)
        caller.cut()
        again = await server.called()
        await again.resumes(181, recovered=False, gap={"from": 1, "to": 180})
        await again.answer_next(**again.place())
        await again.says("still there", number=181)
        await ann.shows("! messages 1-180 are gone")
        await ann.shows("bob: still there")
        await ann.shows("* caught up: 1 message, 180 missing")


async def test_a_place_that_is_lost_is_told(server: ScriptedServer) -> None:
    """Who has to begin anew, under another nick, is told why."""
    async with terminal(server) as ann:
        caller = await enter(server, ann)
        caller.cut()
        again = await (await server.called()).greet("User1")
        refusal = {"success": False, "code": "nick_taken", "message": "Name already in use."}
        assert (await again.answer_next(**refusal))["action"] == "resume"
        assert (await again.answer_next(**refusal))["nick"] == "ann"
        assert (await again.answer_next())["nick"] == "ann2"
        await again.answer_next(**again.place())
        await ann.shows("! Your place could not be taken back: Name already in use.")
        await ann.shows("* You are ann2 in the room default.")
        await ann.shows("* caught up: 0 messages, nothing missing")
        await ann.prompts("[default] ann2> ")


async def test_a_session_that_goes_on_elsewhere_ends_the_chat(server: ScriptedServer) -> None:
    """Taken over by another connection, the terminal says so and does not come back."""
    async with terminal(server) as ann:
        caller = await enter(server, ann)
        await caller.close(4001, "this session goes on in another connection")
        assert await ann.status() == 0
        shown = " ".join(ann.screen.lines())
        assert "(4001: this session goes" in shown
        assert "This is final." in shown
        assert clean(ann)


# Pipes --------------------------------------------------------------------------------------


async def piped(url: str, *more: str, text: bytes = b"") -> tuple[int, str, str]:
    """Run the client on a pipe; return its status, what it wrote, and what it complained of."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(CLIENT), "--url", url, *more),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=_environment(),
    )
    out, complaints = await process.communicate(text)
    assert process.returncode is not None
    return process.returncode, out.decode(), complaints.decode()


async def test_a_pipe_says_its_lines_and_leaves(server: ScriptedServer) -> None:
    """Every line of a pipe is said, a last one without a line break too, and then it leaves."""
    running = asyncio.create_task(piped(server.url, text="one\n\n//two\nthrée".encode()))
    caller = await (await server.called()).greet()
    said = [(await caller.stores_next())["message"] for _ in range(3)]
    assert said == ["one", "/two", "thrée"]
    assert await caller.ended() is WSMsgType.CLOSE
    status, out, complaints = await running
    assert [re.sub(r"^(\S+ )?\d\d:\d\d ", "", line) for line in out.splitlines()] == [
        "* You are ann in the room default.",
        "ann: one",
        "ann: /two",
        "ann: thrée",
    ]
    assert (status, complaints) == (0, "")


async def test_a_pipe_that_failed_says_so(server: ScriptedServer) -> None:
    """A pipe of which a line came to nothing ends with status 1, and shows the line."""
    running = asyncio.create_task(piped(server.url, text=b"/dance\n"))
    caller = await (await server.called()).greet()
    assert await caller.ended() is WSMsgType.CLOSE
    status, out, _ = await running
    assert status == 1
    assert "There is no command /dance." in out


async def test_a_file_can_be_said(server: ScriptedServer, tmp_path: Path) -> None:
    """Input may come from a file, and output go to one."""
    lines, log = tmp_path / "lines", tmp_path / "log"
    lines.write_text("one\n")
    with lines.open() as source, log.open("w") as sink:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(CLIENT), "--url", server.url),
            stdin=source,
            stdout=sink,
            stderr=PIPE,
            env=_environment(),
        )
    caller = await (await server.called()).greet()
    assert (await caller.stores_next())["message"] == "one"
    _, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")
    assert "ann: one" in log.read_text()


async def test_a_pipe_that_nobody_reads_ends(server: ScriptedServer) -> None:
    """Where the output's reader is gone, the client leaves politely and without a complaint."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(CLIENT), "--url", server.url),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=_environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    caller = await (await server.called()).greet()
    await process.stdout.readline()
    process.stdout._transport.close()  # type: ignore[attr-defined]
    with suppress(ConnectionError):
        while not caller.has_ended:
            await caller.tell({"action": "joined", "room": "default", "user": "bob"})
            await asyncio.sleep(0)
    assert await caller.ended() is WSMsgType.CLOSE
    assert await process.wait() == 0
    assert await process.stderr.read() == b""


async def test_unreachable() -> None:
    """Without a server there is one line that says what to do, and status 1."""
    status, out, complaints = await piped("ws://127.0.0.1:9/chat")
    assert (status, out) == (1, "")
    assert complaints == (
        "Cannot reach ws://127.0.0.1:9/chat: nothing answers there."
        " Start the server (make run), or say with --url where it is.\n"
    )


async def test_help_says_everything() -> None:
    """The help shows every flag and every command."""
    status, out, _ = await piped("ws://127.0.0.1:9/chat", "--help")
    assert status == 0
    for word in ("--url", "--nick", "--room", "/nick", "/history", "//TEXT", "Ctrl-D"):
        assert word in out


@pytest.mark.parametrize("flags", [("--nick", "a b"), ("--room", "\u200b"), ("--room", "")])
async def test_names_that_cannot_be_are_refused(flags: tuple[str, str]) -> None:
    """A nick or a room that no server takes is refused with the rule."""
    status, _, complaints = await piped("ws://127.0.0.1:9/chat", *flags)
    assert status == 2
    assert "visible characters" in complaints
