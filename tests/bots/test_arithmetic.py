from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.arithmetic import MAX_DEPTH, MAX_TOKENS, compute, split
from bots.exact import Number, Unanswerable, show

TIMES = "\N{MULTIPLICATION SIGN}"
DIVIDED = "\N{DIVISION SIGN}"
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


def value(text: str) -> Number:
    """Return what a calculation comes to."""
    tokens = split(text)
    assert tokens is not None
    return compute(tokens)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1 + 1", "2"),
        ("1+1", "2"),
        ("0.1 + 0.2", "0.3"),
        ("1/3", "≈ 0.333333333333"),
        ("1/3*3", "1"),
        ("2*(3+4)", "14"),
        ("2+3*4", "14"),
        ("10-4-3", "3"),
        ("100/10/5", "2"),
        ("100//7%5", "4"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("7%-3", "-2"),
        ("2**3**2", "512"),
        ("-2**2", "-4"),
        ("(-2)**2", "4"),
        ("2**-1", "0.5"),
        ("2**-2**2", "0.0625"),
        ("2*-3+1", "-5"),
        ("--2+1", "3"),
        ("+1+1", "2"),
        ("1-(-1)", "2"),
        (".5+.5", "1"),
        ("1e3+1", "1001"),
        ("((1)+(((2))))", "3"),
    ],
)
def test_arithmetic_follows_the_rules_of_python(text: str, shown: str) -> None:
    """Precedence, signs and divisions are those of Python, and the numbers are exact."""
    assert show(value(text)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"6{TIMES}7", "42"),
        ("6\N{MIDDLE DOT}7", "42"),
        ("6\N{DOT OPERATOR}7", "42"),
        (f"6{DIVIDED}4", "1.5"),
        ("6\N{DIVISION SLASH}4", "1.5"),
        (f"7{MINUS}2{MINUS}1", "4"),
        ("2^10", "1024"),
        ("3²+4²", "25"),
        ("2¹⁰ - 1", "1023"),
        ("3 x 4", "12"),
        ("3 X 4", "12"),
        (f"7 {DASH} 2", "5"),
        ("1 plus 2 times 3", "7"),
        ("7 minus 2", "5"),
        ("1 divided by 4", "0.25"),
        ("\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH DIGIT ONE}", "2"),
    ],
)
def test_what_people_type_for_an_operator_is_understood(text: str, shown: str) -> None:
    """Printed signs, raised digits and a few words stand for the operators."""
    assert show(value(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "hello", "...", "?", "+", "()", "(", ")", ")(", "1 + a", "a + 1", "x"),
        *("42", "-5", "+1", "++1", "(42)", "-(-5)", "1.5", "1e5"),  # a number alone
        *("1 +", "* 2", "1 + * 2", "1 2", "1 + 2 3", "2(3+4)", "(1+2)(3)", "1 + ()", "1***2"),
        *("(1 + 1", "1 + 1)", "(1 + 1))", "1. + 1", "1 + .", "1 * **"),
        *("1920x1080", f"10{DASH}20", "12:30", "1.2.3", "1.2.3 + 1", "192.168.0.1/24", "1,5 + 1"),
        *("100% + 1", "5 + 50%", "3 + 5!", "1 + 1 = 2", "0x10 + 1", "1_000 + 1", "1 if 1 else 2"),
        *("__import__('os')", "1 < 2", "1 | 2", "~1 + 1", "٣ + ٤", "1e + 1"),
    ],
)
def test_what_is_no_calculation_is_told_before_it_is_computed(text: str) -> None:
    """Talk, a number alone and what is not well formed have no tokens to compute."""
    assert split(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9",
        "9**9**9**9",
        "10**-999999",
        "2**5000",
        "1e999999999 + 1",
        "1" + "0" * 2000 + "//3",
        "(2**4000)**(2**4000)",
        "9" * 4000 + "*9",
        "1 + " * (MAX_TOKENS // 2) + "1",
        "(" * (MAX_DEPTH + 1) + "1 + 1" + ")" * (MAX_DEPTH + 1),
        "(" * 1000 + "1 + 1" + ")" * 1000,
        "-" * (MAX_DEPTH + 1) + "1 + 1",
        "1**" * MAX_DEPTH + "1",
    ],
)
def test_what_would_take_long_is_too_big(text: str) -> None:
    """Size, length and depth are bounded, and the answer says so."""
    with pytest.raises(Unanswerable, match="too big"):
        value(text)


def test_a_calculation_may_reach_its_bounds() -> None:
    """What is just within the bounds of length and depth is computed."""
    inside = MAX_DEPTH - 2
    assert value("(" * inside + "1 + 1" + ")" * inside) == Number(Fraction(2))
    assert value("1 + " * (MAX_TOKENS // 2 - 1) + "1") == Number(Fraction(MAX_TOKENS // 2))


# Random expressions, each with what Python's own fractions make of it -----------------------

Expression = tuple[str, Fraction]

_DECIMALS = st.decimals(0, 1000, places=2).map(lambda d: (str(d), Fraction(d)))
_WHOLES = st.integers(0, 10**6).map(lambda n: (str(n), Fraction(n)))
_OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "//": lambda left, right: Fraction(left // right),
    "%": lambda left, right: left % right,
}


@st.composite
def _joined(draw: st.DrawFn, parts: st.SearchStrategy[Expression]) -> Expression:
    """Return two expressions joined by an operator, in parentheses."""
    operator = draw(st.sampled_from(sorted(_OPERATIONS)))
    (left, a), (right, b) = draw(parts), draw(parts)
    if b == 0:
        right, b = f"({right} + 1)", b + 1
    space = draw(st.sampled_from(["", " ", "  "]))
    return f"({left}{space}{operator}{space}{right})", _OPERATIONS[operator](a, b)


@st.composite
def _negated(draw: st.DrawFn, parts: st.SearchStrategy[Expression]) -> Expression:
    text, result = draw(parts)
    return f"(-{text})", -result


@st.composite
def _raised(draw: st.DrawFn, parts: st.SearchStrategy[Expression]) -> Expression:
    (text, result), exponent = draw(parts), draw(st.integers(0, 3))
    return f"({text})**{exponent}", result**exponent


EXPRESSIONS = st.recursive(
    _DECIMALS | _WHOLES,
    lambda parts: _joined(parts) | _negated(parts) | _raised(parts),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_results_are_those_of_exact_fractions(expression: Expression) -> None:
    """Any nest of operations comes to what Python's fractions make of it."""
    text, expected = expression
    result = value(f"{text} + 0")
    if result.rounded:  # so many digits that they are not kept
        assert abs(result.value - expected) <= abs(expected) / 10**40
    else:
        assert result.value == expected


@given(st.lists(st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "+-", "*-"]), max_size=6))
def test_precedence_is_that_of_python(operators: list[str]) -> None:
    """Without parentheses, operators bind as they do in Python."""
    text = "1" + "".join(f" {operator} {place % 3 + 1}" for place, operator in enumerate(operators))
    fractions = "".join(f"Fraction({part})" if part.isdigit() else part for part in text.split(" "))
    expected = eval(fractions)  # noqa: S307 - Python's own reading of our own text
    assert value(f"{text} + 0").value == expected
