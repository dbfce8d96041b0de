import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bots.math_bot import MathBot
from client import ChatClient
from tests.bots.conftest import House, Person, Stage


@asynccontextmanager
async def bot(url: str, nick: str = "MathBot") -> AsyncIterator[None]:
    """Let a bot live in the room `math`."""
    async with ChatClient(url, nick=nick, room="math") as client:
        living = asyncio.create_task(MathBot().live(client))
        yield
        await client.close()
        await living


async def test_whoever_asks_is_answered(house: House) -> None:
    """Ann asks in the room, and hears the bot answer her by name."""
    async with bot(house.url), Person(house.url, "ann") as ann:
        await ann.say("1 + 1")
        assert await ann.hear_said() == ("MathBot", "@ann: 2")
        await ann.say("hello")
        await ann.say("what is 1/3?")
        assert await ann.hear_said() == ("MathBot", "@ann: ≈ 0.333333333333")


async def test_two_bots_never_talk_to_each_other(house: House) -> None:
    """Each bot answers Ann once, and neither answers the other."""
    async with bot(house.url), Person(house.url, "ann") as ann:
        async with bot(house.url):
            await ann.hear("joined")
            while "MathBot2" not in (await ann.ask("user_list"))["users"]:
                await ann.hear("nick_changed")
            for place in range(3):
                await ann.say(f"{place} + 1")
                both = {await ann.hear_said(), await ann.hear_said()}
                answer = f"@ann: {place + 1}"
                assert both == {("MathBot", answer), ("MathBot2", answer)}
        assert len((await ann.ask("history"))["messages"]) == 9


async def test_a_restart_of_the_server_is_survived(house: House) -> None:
    """After a restart the bot is back in the room under its nick, and answers."""
    async with bot(house.url):
        async with Person(house.url, "ann") as ann:
            await ann.say("1 + 1")
            assert await ann.hear_said() == ("MathBot", "@ann: 2")
        await house.shut()
        await house.open()
        async with Person(house.url, "ann") as ann:
            if "MathBot" not in (await ann.ask("user_list"))["users"]:
                assert (await ann.hear("joined"))["user"] == "MathBot"
            await ann.say("2 + 2")
            assert await ann.hear_said() == ("MathBot", "@ann: 4")


async def test_a_taken_nick_gets_a_number(
    stage: tuple[Stage, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Where its nick is taken the bot takes a numbered one, and says so."""
    script, url = stage
    script.taken = {"MathBot", "MathBot2"}
    async with bot(url):
        await script.ask("MathBot3: 1 + 1")
        assert await script.said.get() == "@ann: 2"
    assert "2 in math: ann, MathBot3 (this bot).\n" in capsys.readouterr().out


async def test_a_bot_without_any_free_nick_stays_who_it_is(
    stage: tuple[Stage, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Where all its nicks are taken the bot answers under the one that the server gave it."""
    script, url = stage
    nick = "M" * 32
    script.taken = {nick, *(f"{nick[: 32 - len(str(n))]}{n}" for n in range(2, 21))}
    async with bot(url, nick):
        await script.ask("1 + 1")
        assert await script.said.get() == "@ann: 2"
    assert "ann, User1 (this bot).\n" in capsys.readouterr().out


async def test_who_is_there_is_told(
    stage: tuple[Stage, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Once in the room, the bot tells who is there."""
    script, url = stage
    async with bot(url):
        await script.tell({"action": "joined", "room": "math", "user": "bob"})
        await script.ask("1 + 1")
        await script.said.get()
    told = capsys.readouterr().out
    assert "2 in math: ann, MathBot (this bot).\nbob came in.\nann: 1 + 1\n" in told


async def test_what_others_wrote_does_not_reach_the_terminal_raw(
    stage: tuple[Stage, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters of others are made visible."""
    script, url = stage
    async with bot(url):
        await script.ask("\x1b[2J\r\n\u202e", user="\x07eve")
        await script.ask("1 + 1", user="\x07eve")
        assert await script.said.get() == "@\x07eve: 2"
    told = capsys.readouterr().out
    assert "[2J" in told
    assert not set(told) & set("\x1b\x07\r\u202e")


async def test_an_answer_that_is_refused_is_given_up(
    stage: tuple[Stage, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What the server does not take does not keep the bot from what comes next."""
    script, url = stage
    script.refusals.append("No.")
    async with bot(url):
        await script.ask("1 + 1")
        await script.ask("2 + 2")
        assert await script.said.get() == "@ann: 4"
    assert "Not said: @ann: 2 (No.)\n" in capsys.readouterr().out


async def test_an_answer_outlives_its_connection(stage: tuple[Stage, str]) -> None:
    """Stored, but the reply is lost again and again: the answer stands in the room once."""
    script, url = stage
    script.cuts = 2
    async with bot(url):
        await script.ask("1 + 1")
        assert await script.said.get() == "@ann: 2"
        while script.connections < 3:
            await script.ask("hello")
        await script.ask("2 + 2")
        assert await script.said.get() == "@ann: 4"
    assert [text for user, text in script.log if user == "MathBot"] == ["@ann: 2", "@ann: 4"]


async def test_what_was_asked_meanwhile_is_answered_once(stage: tuple[Stage, str]) -> None:
    """Questions of the time without a connection are answered after it, each once."""
    script, url = stage
    async with bot(url):
        await script.ask("1 + 1")
        assert await script.said.get() == "@ann: 2"
        assert script._ws is not None
        script.miss("2 + 2")
        script.miss("3 + 3", "bob")
        await script._ws.close(code=1012)
        assert [await script.said.get() for _ in range(2)] == ["@ann: 4", "@bob: 6"]
    assert len([text for user, text in script.log if user == "MathBot"]) == 3


async def test_a_bot_that_is_started_again_answers_what_is_open(house: House) -> None:
    """What the bot answered before it was restarted it does not answer again, the rest it does."""
    async with Person(house.url, "ann") as ann:
        async with bot(house.url):
            await ann.say("1 + 1")
            assert await ann.hear_said() == ("MathBot", "@ann: 2")
        await ann.say("2 + 2")
        await ann.say("3 + 3")
        async with bot(house.url):
            assert await ann.hear_said() == ("MathBot", "@ann: 4")
            assert await ann.hear_said() == ("MathBot", "@ann: 6")
        async with bot(house.url):
            await ann.say("4 + 4")
            assert await ann.hear_said() == ("MathBot", "@ann: 8")


async def test_a_bot_that_cannot_read_the_log_answers_what_comes(
    stage: tuple[Stage, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the log nobody knows what is open; the bot says so and goes on."""
    script, url = stage
    script.forgets = True
    async with bot(url):
        await script.ask("2 + 2")
        assert await script.said.get() == "@ann: 4"
    assert "cannot be read" in capsys.readouterr().out


async def test_the_bot_does_not_answer_itself(stage: tuple[Stage, str]) -> None:
    """What comes under its own nick is not answered."""
    script, url = stage
    async with bot(url):
        await script.ask("1 + 1", user="MathBot")
        await script.ask("2 + 2")
        assert await script.said.get() == "@ann: 4"
