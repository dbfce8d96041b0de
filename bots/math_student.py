"""A bot that asks arithmetic every few seconds, and laughs at people who leave in shame."""

import argparse
import asyncio
import math
import random
import sys

from bots.running import parser, run, say, story, tell
from client import ChatClient, Left, Reason

EVERY = 10.0  # seconds from one question to the next
PAUSE = 1.0  # seconds of silence after a refusal: we may be too fast


class MathStudent:
    """Asks at a steady pace, whether or not anybody answers."""

    def __init__(self, every: float = EVERY) -> None:
        self._every = every

    async def live(self, client: ChatClient) -> None:
        """Ask, read on, and laugh."""
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(self._ask(client))
            async for event in client:
                tell(story(event))
                match event:
                    case Left(user, Reason.LOST):
                        await _say(client, f"Ha ha! {user} left in shame!")
            asking.cancel()

    async def _ask(self, client: ChatClient) -> None:
        chance = random.Random()  # noqa: S311 - homework, not cryptography
        while True:
            await asyncio.sleep(self._every)
            await _say(client, question(chance))


def question(chance: random.Random) -> str:
    """Return an exercise."""
    operator = chance.choice(["+", "-", "*", "/", "//", "%", "**"])
    return f"{chance.randint(0, 20)} {operator} {chance.randint(1, 10)}"


async def _say(client: ChatClient, text: str) -> None:
    """Say something; after a refusal be silent for a while."""
    if not await say(client, text):
        await asyncio.sleep(PAUSE)


def _seconds(text: str) -> float:
    """Return a number of seconds above zero."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above zero")
    return seconds


def main() -> int:
    """Run the bot; return the exit status."""
    options = parser(
        "Asks arithmetic in a chat room, and laughs at people who leave in shame.", "MathStudent"
    )
    options.add_argument(
        "--every",
        type=_seconds,
        default=EVERY,
        metavar="SECONDS",
        help="time from one question to the next",
    )
    chosen = options.parse_args()
    student = MathStudent(chosen.every)
    return run(chosen.url, nick=chosen.nick, room=chosen.room, live=student.live)


if __name__ == "__main__":
    sys.exit(main())
