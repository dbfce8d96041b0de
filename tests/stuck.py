"""People who have stopped reading, and those who speak to them meanwhile."""

import asyncio
from collections.abc import Callable, Iterable

from lines.line import BOUND
from server import LINES
from tests.strangers import Stranger
from tests.transcript import House, Person

SMALL = 4096  # bytes that a stuck person's kernel takes
LONG = "\U0001f600" * 4000  # a text of 16 KB


def most_unsent(house: House) -> int:
    """Return how many bytes the person holds who holds most."""
    return max(line.unsent for line in house.app[LINES])


async def speak(person: Person, texts: Iterable[str], *listeners: Person) -> None:
    """Say texts one behind the other; every one is answered, and heard by the listeners."""
    texts = list(texts)

    async def say() -> None:
        for text in texts:
            await person.says("chat_message", message=text)

    async def hear(listener: Person) -> None:
        for text in texts:
            assert (await listener.hears())["message"] == text

    await asyncio.gather(say(), hear(person), *(hear(listener) for listener in listeners))


async def fill(house: House, person: Person, *listeners: Person) -> list[str]:
    """Speak to somebody who has just come until they are behind; return what was said."""
    return await _speak_until(lambda: someone_is_behind(house), person, *listeners)


async def almost_fill(house: House, person: Person, *listeners: Person) -> list[str]:
    """Speak to somebody who has just come until the next message would put them behind."""
    said = await _speak_until(lambda: most_unsent(house) > BOUND, person, *listeners)
    assert not someone_is_behind(house)
    return said


async def _speak_until(full: Callable[[], bool], person: Person, *listeners: Person) -> list[str]:
    for listener in (person, *listeners):
        assert (await listener.hears())["action"] == "joined"
    said: list[str] = []
    while not full():
        text = f"{len(said)} {LONG}"
        await speak(person, [text], *listeners)
        said.append(text)
        assert len(said) < 1000
    return said


def someone_is_behind(house: House) -> bool:
    """Whether the room has stopped writing to somebody."""
    return any(line.behind for line in house.app[LINES])


async def hear_texts(person: Stranger, texts: Iterable[str], user: str = "ann") -> None:
    """Hear what was said, in order, and nothing else."""
    for text in texts:
        body = await person.hears()
        assert body.get("message", "")[:20] == text[:20]
        assert body == {"action": "chat_message", "message": text, "user": user}
