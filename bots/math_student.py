"""A bot that asks arithmetic every few seconds, and laughs at people who leave in shame."""

import argparse
import asyncio
import math
import random
import sys

from bots.running import Seat, parser, run, story, tell
from client import ChatClient, Connected, ConnectionLost, Departed, RequestRefused

EVERY = 10.0  # seconds from one question to the next
PAUSE = 1.0  # seconds of silence after a refusal: we may be too fast


class MathStudent:
    """Asks at a steady pace, whether or not anybody answers."""

    def __init__(self, nick: str, room: str, every: float = EVERY) -> None:
        self._seat = Seat(nick, room)
        self._every = every

    async def live(self, client: ChatClient) -> None:
        """Ask, read on, and laugh."""
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(self._ask(client))
            async for event in client:
                tell(story(event))
                match event:
                    case Connected():
                        await self._seat.settle(client)
                    case Departed(user, shame=True):
                        await _say(client, f"Ha ha! {user} left in shame!")
            asking.cancel()

    async def _ask(self, client: ChatClient) -> None:
        chance = random.Random()  # noqa: S311 - homework, not cryptography
        while True:
            await asyncio.sleep(self._every)
            if self._seat.taken:
                await _say(client, question(chance))


def question(chance: random.Random) -> str:
    """Return an exercise."""
    operator = chance.choice(["+", "-", "*", "/", "//", "%", "**"])
    return f"{chance.randint(0, 20)} {operator} {chance.randint(1, 10)}"


async def _say(client: ChatClient, text: str) -> None:
    """Say something, or tell why that was not possible: there will be other occasions."""
    try:
        await client.say(text)
    except ConnectionLost as lost:
        tell(f"Not said: {text} ({lost})")
    except RequestRefused as refused:
        tell(f"Not said: {text} ({refused.text})")
        await asyncio.sleep(PAUSE)
    else:
        tell(f"{client.nick}: {text}")


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
    student = MathStudent(chosen.nick, chosen.room, chosen.every)
    return run(chosen.url, nick=chosen.nick, room=chosen.room, live=student.live)


if __name__ == "__main__":
    sys.exit(main())
