"""What a bot that was restarted has still to answer, as the log tells it."""

from collections.abc import Sequence

from bots.questions import answer
from wire.messages import Said


def arrears(messages: Sequence[Said], nick: str) -> list[str]:
    """Return the answers that are due, given the newest messages of a room, oldest first.

    Answers are given in the order of the questions. So what was asked after the last question
    that was answered is due; if none was, nobody waits for this bot. Whoever gave the answer,
    it was given: after a crash the bot may have to take another nick.
    """
    open_questions: list[str] = []
    any_answered = False
    for said in messages:
        if said.message in open_questions:
            any_answered = True
            del open_questions[: open_questions.index(said.message) + 1]
        elif said.user != nick and (found := answer(said.message, nick)) is not None:
            open_questions.append(f"@{said.user}: {found}")
    return open_questions if any_answered else []
