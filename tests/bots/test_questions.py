import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.questions import answer

NICK = "MathBot"
MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("1 + 1", "2"),
        ("  1 + 1\n", "2"),
        ("1 + 1 = ?", "2"),
        ("1 + 1?", "2"),
        ("1 + 1.", "2"),
        ("2*(3+4)=", "14"),
        ("what is 1+1?", "2"),
        ("What's 2 * 21", "42"),
        ("what\N{RIGHT SINGLE QUOTATION MARK}s 2 * 21", "42"),
        ("whats 2 * 21", "42"),
        ("how much is 1/4?", "0.25"),
        ("please calculate: 1 + 1", "2"),
        ("and 3 - 1?", "2"),
        ("what is (1 + 1)", "2"),
        ("MathBot: 1 + 1", "2"),
        ("mathbot, what is 1 + 1?", "2"),
        ("@MathBot 1 + 1", "2"),
        ("5-3", "2"),
        ("-5-3", "-8"),
        ("7 - 2 - 1", "4"),
        (f"7{MINUS}2{MINUS}1", "4"),
        ("7-2-1=", "4"),
        ("2026-11-20 =", "1995"),
        ("2-1+1", "2"),
        ("0.5-0.3", "0.2"),
        ("10-0", "10"),
        ("1/2", "0.5"),
        ("8 / 2 / 2", "2"),
        ("1 / 0", "Dividing by zero has no answer."),
        ("9**9**9", "That is too big for me, sorry."),
    ],
)
def test_a_question_is_answered(text: str, answered: str) -> None:
    """A calculation gets its result, whatever is usual around it."""
    assert answer(text, NICK) == answered


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "hello", "...", "?", "=", "what is", "what is love?", "MathBot", "MathBot: hi"),
        *("42", "-5", "+1", "42?", "what is 42?", "42 =", "3.14"),  # a number alone
        *("2026-11-20", "20/11/2026", "2026-11-20?", "1-800-555-0199", "+1-800-555-0199"),
        *("(800)-555-1234", "555-0199", "2026-09", "09/11", "4-4-2", "978-3-16-148410-0"),
        *("2026-11-20 - 1", "2026-11-20 12:30", "12:30", "1.2.3", "192.168.0.1", "1-2-3 + 4"),
        *("1 + 1 = 2", "1 + 1 is easy", "I say 1 + 1", "1 + 1\n2 + 2", "- 5\n- 6", "1 +\r1"),
        *("@MathStudent: 2", "@ann: 1 + 1", "@MathBot: 1 + 1", "@MathStudent: ≈ 0.333333333333"),
        *("whatsoever 1 + 1", "android 1 + 1", "MathBots 1 + 1", "MathBot2: 1 + 1", "MathBot2 + 2"),
    ],
)
def test_what_is_no_question_gets_nothing(text: str) -> None:
    """Talk, lone numbers, dates, telephone numbers and other bots' answers get nothing."""
    assert answer(text, NICK) is None


def test_a_message_longer_than_any_room_allows_is_no_question() -> None:
    """What no server would have passed on is not read."""
    assert answer("1 + 1" + " " * 4092 + "+ 1", NICK) is None


MATHS = st.text(
    st.sampled_from("0123456789.+-*/%^()eE=x?@: \n²\N{MULTIPLICATION SIGN}"), max_size=200
)


@given(MATHS | st.text())
def test_any_text_gets_a_short_answer_or_none(text: str) -> None:
    """No text raises, and no answer is long, or is itself a question to a bot."""
    answered = answer(text, NICK)
    if answered is not None:
        assert 0 < len(answered) <= 150
        assert answer(answered, NICK) is None or "10^" in answered
        assert answer(f"@ann: {answered}", NICK) is None


@pytest.mark.parametrize(
    "unit",
    [
        *("1+", "(", "-", "1**", "9**999/7**999+", "2**.5+", "3**.7*", "(7**999)**(1/7)+"),
        *(
            "9**9**9+",
            "1.0001**99999999*",
            "2**4095//3**999+",
            "9",
            "=",
            "? ",
            " ",
            "1-",
            "@",
            "x ",
        ),
        *("what is ", "1e", "1e9", "²", "1 x ", "(1)-"),
    ],
)
def test_the_longest_message_is_read_to_its_end(unit: str) -> None:
    """Any 4,096 characters get a short answer or none; a hang would end this test."""
    answered = answer((unit * 4096)[:4095] + "1", NICK)
    assert answered is None or len(answered) <= 150
