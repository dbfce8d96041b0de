"""A bot that answers whoever asks arithmetic: `1 + 1` from ann gets `@ann: 2`.

`bots.questions` says what counts as a question.
"""

import asyncio
import sys
from collections import deque

from bots.questions import answer
from bots.running import Seat, parser, run, story, tell
from client import ChatClient, Connected, ConnectionLost, Heard, RequestRefused

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)  # seconds before an answer that was refused is tried again


class MathBot:
    """Answers in the order of the questions, one at a time, so that it never floods a room."""

    def __init__(self, nick: str, room: str) -> None:
        self._seat = Seat(nick, room)
        self._owed: deque[str] = deque()  # answers that the room has not heard yet

    async def live(self, client: ChatClient) -> None:
        """Read on, and answer."""
        async for event in client:
            tell(story(event))
            match event:
                case Connected():
                    await self._seat.settle(client)
                case Heard(user, message) if user != client.nick:
                    found = answer(message, client.nick)
                    if found is not None:
                        self._owed.append(f"@{user}: {found}")
            await self._pay(client)

    async def _pay(self, client: ChatClient) -> None:
        """Say what is owed; what a lost connection swallows is said over the next one."""
        while self._owed:
            try:
                await _say_patiently(client, self._owed[0])
            except ConnectionLost:
                return
            self._owed.popleft()


async def _say_patiently(client: ChatClient, text: str) -> None:
    """Say something, more than once if it is refused (we may be too fast); raise ConnectionLost."""
    for pause in (*PAUSES, None):
        try:
            await client.say(text)
        except RequestRefused as refused:
            if pause is None:
                tell(f"Not said: {text} ({refused.text})")
                return
            tell(f"Refused: {refused.text} Trying again in {pause:g} s.")
            await asyncio.sleep(pause)
        else:
            tell(f"{client.nick}: {text}")
            return


def main() -> int:
    """Run the bot; return the exit status."""
    options = parser("Answers arithmetic in a chat room: 1 + 1 gets 2.", "MathBot").parse_args()
    bot = MathBot(options.nick, options.room)
    return run(options.url, nick=options.nick, room=options.room, live=bot.live)


if __name__ == "__main__":
    sys.exit(main())
