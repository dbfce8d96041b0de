"""The smallest useful client: says hello every 15 seconds, and prints what the server answers.

Run it beside the server: python client_echo_example.py [URL]
"""

import asyncio
import contextlib
import sys

import aiohttp

URL = "ws://localhost:8080/echo"
PAUSE = 15  # seconds


async def say_hello(ws: aiohttp.ClientWebSocketResponse) -> None:
    """Send the same message again and again."""
    while True:
        await ws.send_json({"message": "Hello world!"})
        await asyncio.sleep(PAUSE)


async def print_answers(ws: aiohttp.ClientWebSocketResponse) -> None:
    """Print every text that comes, until the server closes the connection."""
    async for received in ws:
        if received.type is aiohttp.WSMsgType.TEXT:
            print(received.data, flush=True)  # noqa: T201 - this is what it is for


async def main(url: str = URL) -> None:
    """Connect, and do both side by side until either ends."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url) as ws,  # says goodbye at the end: it sends a close frame
        asyncio.TaskGroup() as tasks,
    ):
        hello = tasks.create_task(say_hello(ws))
        answers = tasks.create_task(print_answers(ws))
        await asyncio.wait((hello, answers), return_when=asyncio.FIRST_COMPLETED)
        hello.cancel()
        answers.cancel()


if __name__ == "__main__":
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(main(*sys.argv[1:2]))
    except* aiohttp.ClientError as errors:
        sys.exit(f"No connection: {errors.exceptions[0]}")
