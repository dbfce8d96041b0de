import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots import math_student
from bots.math_bot import MathBot
from bots.math_student import MathStudent, question
from bots.questions import answer
from client import ChatClient
from tests.bots.conftest import House, Person, Stage

NEVER = 3600.0


@asynccontextmanager
async def student(url: str, every: float = NEVER) -> AsyncIterator[None]:
    """Let a student live in the room `math`."""
    async with ChatClient(url, nick="MathStudent", room="math") as client:
        living = asyncio.create_task(MathStudent(every).live(client))
        yield
        await client.close()
        await living


@given(st.randoms(use_true_random=False))
def test_every_question_has_an_answer(chance: random.Random) -> None:
    """The bot understands whatever the student asks."""
    asked = question(chance)
    answered = answer(asked, "MathBot")
    assert answered is not None, asked
    assert "sorry" not in answered


async def test_the_student_asks_and_the_bot_answers(house: House) -> None:
    """Ann hears the student's questions, each with the bot's answer."""
    said: dict[str, list[str]] = {"MathStudent": [], "MathBot": []}
    async with (
        Person(house.url, "ann") as ann,
        ChatClient(house.url, nick="MathBot", room="math") as client,
    ):
        living = asyncio.create_task(MathBot().live(client))
        async with student(house.url, every=0.01):
            while len(said["MathBot"]) < 3:
                who, what = await ann.hear_said()
                said[who].append(what)
        await client.close()
        await living
    for asked, answered in zip(said["MathStudent"], said["MathBot"], strict=False):
        assert answered == f"@MathStudent: {answer(asked, 'MathBot')}"


async def test_who_leaves_in_shame_is_laughed_at(house: House) -> None:
    """Ann hears a laugh at Bob, whose line broke, and none at Carl, who closed his."""
    async with Person(house.url, "ann") as ann, student(house.url):
        await ann.hear("joined")
        async with Person(house.url, "carl"):
            pass
        async with Person(house.url, "bob") as bob:
            bob.drop()
            assert await ann.hear_said() == ("MathStudent", "Ha ha! bob left in shame!")


async def test_the_student_comes_back_after_a_restart(house: House) -> None:
    """After a restart the student goes on asking, under the same nick."""
    async with student(house.url, every=0.01):
        async with Person(house.url, "ann") as ann:
            assert (await ann.hear_said())[0] == "MathStudent"
        await house.shut()
        await house.open()
        async with Person(house.url, "ann") as ann:
            assert (await ann.hear_said())[0] == "MathStudent"


async def test_a_question_that_cannot_be_said_is_let_go(
    stage: tuple[Stage, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Refusals are told, and do not end the student; a lost connection costs nothing."""
    monkeypatch.setattr(math_student, "PAUSE", 0.0)
    script, url = stage
    script.refusals.append("Slow down.")
    script.cuts = 1
    async with student(url, every=0.01):
        while script.connections < 2:
            await script.said.get()
    told = capsys.readouterr().out
    assert told.count("(Slow down.)\n") == 1


async def test_the_student_asks_nothing_before_it_is_in_the_room(
    stage: tuple[Stage, str],
) -> None:
    """The first question comes after the student has found its nick."""
    script, url = stage
    script.taken = {"MathStudent", *(f"MathStudent{number}" for number in range(2, 20))}
    async with student(url, every=0.0001):
        await script.said.get()
    assert script.requests[:20] == ["set_nick"] * 20
    assert "set_nick" not in script.requests[20:]
