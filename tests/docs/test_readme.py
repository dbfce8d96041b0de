import asyncio
import sys

from pytest_aiohttp.plugin import AiohttpClient

from server import init_app
from tests.docs.pages import HOME, README, blocks

PAGE = README.read_text()


async def test_python_example(aiohttp_client: AiohttpClient) -> None:
    """The README's example in Python says something, which others in the room hear."""
    (example,) = blocks(PAGE, "python")
    client = await aiohttp_client(await init_app())
    ann = await client.ws_connect("/chat?room=garden&nick=ann")
    await ann.receive_json(timeout=5)
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", example.replace("localhost:8080", f"{client.host}:{client.port}")
    )
    try:
        assert await ann.receive_json(timeout=20) == {
            "action": "joined",
            "room": "garden",
            "user": "pat",
        }
        assert await ann.receive_json(timeout=5) == {
            "action": "chat_message",
            "message": "Hello from Python!",
            "user": "pat",
        }
    finally:
        program.kill()
        await program.wait()


def test_files() -> None:
    """Every program of the project that the README's commands start is there."""
    for block in blocks(PAGE, "sh"):
        for word in block.split():
            if word.endswith(".py"):
                assert (HOME / word).is_file(), word
            if word.startswith("bots."):
                assert (HOME / (word.replace(".", "/") + ".py")).is_file(), word
