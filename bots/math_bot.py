"""A bot that answers whoever asks arithmetic: `1 + 1` from ann gets `@ann: 2`.

`bots.questions` says what counts as a question. Each is answered once, also if the connection
was lost meanwhile, or the bot was restarted: `bots.arrears` finds what is still to be answered.
"""

import asyncio
import sys

from bots.arrears import arrears
from bots.questions import answer
from bots.running import parser, run, say, story, tell
from client import ChatClient, ConnectionLost, Entered, RequestRefused, Said
from wire.messages import MAX_PAGE

MAX_DUE = 1000  # answers; who asks more has to wait


class MathBot:
    """Answers in the order of the questions, one at a time, so that it never floods a room."""

    def __init__(self) -> None:
        self._due: asyncio.Queue[str] = asyncio.Queue(MAX_DUE)

    async def live(self, client: ChatClient) -> None:
        """Read on, and answer."""
        answering: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as group:
            async for event in client:
                tell(story(event))
                match event:
                    case Entered(last=last) if answering is None:
                        answering = group.create_task(self._answer(client, last))
                    case Said(user=user, message=message) if user != client.nick:
                        found = answer(message, client.nick)
                        if found is not None:
                            await self._due.put(f"@{user}: {found}")
            if answering is not None:
                answering.cancel()

    async def _answer(self, client: ChatClient, last: int) -> None:
        """Say what was due up to message `last`, and then what is due."""
        for text in await _left_over(client, last):
            await say(client, text)
        while True:
            await say(client, await self._due.get())


async def _left_over(client: ChatClient, last: int) -> list[str]:
    """Return what the bot, before it was restarted, had still to say, up to message `last`."""
    try:
        page = await client.history(before=last + 1, limit=MAX_PAGE)
    except (RequestRefused, ConnectionLost) as error:
        tell(f"What was asked before cannot be read: {error}")
        return []
    return arrears(page.messages, client.nick)


def main() -> int:
    """Run the bot; return the exit status."""
    options = parser("Answers arithmetic in a chat room: 1 + 1 gets 2.", "MathBot").parse_args()
    return run(options.url, nick=options.nick, room=options.room, live=MathBot().live)


if __name__ == "__main__":
    sys.exit(main())
