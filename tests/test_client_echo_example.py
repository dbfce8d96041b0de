import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web

import client_echo_example
from server import init_app

EXAMPLE = Path(client_echo_example.__file__)


class Echo:
    """An echo server that notes what came, and how the connection ended."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[object] = asyncio.Queue()
        self.ended: asyncio.Queue[WSMsgType] = asyncio.Queue()
        self.url = ""
        self._ws: web.WebSocketResponse

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Echo until the end."""
        self._ws = ws = web.WebSocketResponse()
        await ws.prepare(request)
        while (received := await ws.receive()).type is WSMsgType.TEXT:
            await ws.send_json({"echo": received.json()})
            self.came.put_nowait(received.json())
        self.ended.put_nowait(received.type)
        return ws

    async def close(self) -> None:
        """Close as a server that stops."""
        await self._ws.close(code=1012)


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    """Return an echo server that runs."""
    serving = Echo()
    app = web.Application()
    app.router.add_get("/echo", serving.serve)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    serving.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/echo"
    yield serving
    await runner.cleanup()


async def test_says_hello_and_prints_the_answer(
    echo: Echo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says hello after every pause, prints each answer, and ends when the server closes."""
    pauses: asyncio.Queue[float] = asyncio.Queue()
    over = asyncio.Semaphore(0)

    async def pause(seconds: float) -> None:
        pauses.put_nowait(seconds)
        await over.acquire()

    monkeypatch.setattr(asyncio, "sleep", pause)
    running = asyncio.create_task(client_echo_example.main(echo.url))
    for _ in range(3):
        assert await echo.came.get() == {"message": "Hello world!"}
        assert await pauses.get() == 15
        over.release()
    await echo.came.get()
    await pauses.get()
    await echo.close()
    await running
    assert capsys.readouterr().out == '{"echo": {"message": "Hello world!"}}\n' * 4


async def test_ctrl_c_leaves_politely(echo: Echo) -> None:
    """Ctrl-C ends both tasks, with a close frame and without a traceback."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "default", EXAMPLE, echo.url), stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b'{"echo": {"message": "Hello world!"}}\n'
    process.send_signal(signal.SIGINT)
    assert await echo.ended.get() is WSMsgType.CLOSE
    _, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")


async def test_tells_that_nothing_answers() -> None:
    """Without a server it says so in a line, with status 1."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, EXAMPLE, "ws://127.0.0.1:9/echo"), stdout=PIPE, stderr=PIPE
    )
    _, complaints = await process.communicate()
    assert process.returncode == 1
    assert complaints.startswith(b"No connection: ")
    assert complaints.count(b"\n") == 1


async def test_the_real_server_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """It speaks with the real server, and ends when that stops."""
    runner = web.AppRunner(await init_app(), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"ws://127.0.0.1:{runner.addresses[0][1]}/echo"
    running = asyncio.create_task(client_echo_example.main(url))
    shown = ""
    while "Hello world!" not in shown:
        shown += capsys.readouterr().out
        await asyncio.sleep(0)
    await runner.cleanup()
    await running
    assert "echo" in shown
