import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.arrears import arrears
from wire.messages import Said

ASKED = [("ann", "1 + 1"), ("bob", "1 + 1"), ("ann", "2 + 2"), ("ann", "1 + 1")]
ANSWERS = ["@ann: 2", "@bob: 2", "@ann: 4", "@ann: 2"]


def log(*said: tuple[str, str]) -> list[Said]:
    """Return messages as a room has them."""
    return [Said(number, 5, *each) for number, each in enumerate(said, 1)]


@pytest.mark.parametrize("answered", [1, 2, 3, 4])
@pytest.mark.parametrize("nick", ["MathBot", "MathBot2"])
def test_what_comes_after_the_last_answer_is_due(answered: int, nick: str) -> None:
    """Answers come in the order of the questions, whoever gave them; the rest is due."""
    answers = [("MathBot", text) for text in ANSWERS[:answered]]
    assert arrears(log(*ASKED, *answers), nick) == ANSWERS[answered:]


@given(st.integers(1, 4), st.randoms(use_true_random=False))
def test_answers_may_come_between_the_questions(answered: int, chance: object) -> None:
    """However questions and answers mix, each question is answered or due, once."""
    said: list[tuple[str, str]] = []
    asked = given_ = 0
    while asked < len(ASKED) or given_ < answered:
        if asked < len(ASKED) and (given_ >= min(asked, answered) or chance.random() < 0.5):  # type: ignore[attr-defined]
            said.append(ASKED[asked])
            asked += 1
        else:
            said.append(("MathBot", ANSWERS[given_]))
            given_ += 1
    assert arrears(log(*said), "MathBot") == ANSWERS[answered:]


def test_who_never_answered_owes_nothing() -> None:
    """In a room where no question was ever answered, nobody waits for an answer."""
    assert arrears(log(*ASKED, ("ann", "hello")), "MathBot") == []
    assert arrears([], "MathBot") == []


def test_what_the_bot_said_itself_is_no_question() -> None:
    """The bot owes itself nothing."""
    said = log(("ann", "1 + 1"), ("MathBot", "@ann: 2"), ("MathBot", "3 + 3"))
    assert arrears(said, "MathBot") == []
