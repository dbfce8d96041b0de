from fractions import Fraction

import pytest

from bots.exact import (
    MAX_BITS,
    Number,
    Unanswerable,
    add,
    divide,
    floor_divide,
    multiply,
    negate,
    parse_number,
    power,
    remainder,
    show,
    subtract,
)

ROOT_OF_TWO = power(Number(Fraction(2)), Number(Fraction(1, 2)))


def number(text: str) -> Number:
    """Return an exact number; `text` is what Fraction reads."""
    return Number(Fraction(text))


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("0", Fraction(0)),
        ("007", Fraction(7)),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("1e3", Fraction(1000)),
        ("2.5E-1", Fraction(1, 4)),
        ("1e-1000", Fraction(1, 10**1000)),
    ],
)
def test_a_literal_is_read_exactly(literal: str, value: Fraction) -> None:
    """Digits, a point and an exponent come to exactly the fraction that they stand for."""
    read = parse_number(literal)
    assert abs(read.value - value) <= value / 10**49
    assert read.rounded == (value.denominator.bit_length() > MAX_BITS or read.value != value)


@pytest.mark.parametrize("literal", ["1e1301", "1e-1301", "1e" + "9" * 4000, "9" * 4096])
def test_a_literal_without_measure_is_too_big(literal: str) -> None:
    """A literal beyond the bounds is refused, without its digits being counted out."""
    with pytest.raises(Unanswerable, match="too big"):
        parse_number(literal)


@pytest.mark.parametrize(
    ("dividend", "divisor", "quotient", "rest"),
    [
        ("7", "2", 3, "1"),
        ("-7", "2", -4, "1"),
        ("7", "-2", -4, "-1"),
        ("-7", "-2", 3, "-1"),
        ("0.3", "0.1", 3, "0"),
        ("7.5", "2", 3, "1.5"),
    ],
)
def test_division_with_a_remainder_is_that_of_python(
    dividend: str, divisor: str, quotient: int, rest: str
) -> None:
    """The quotient goes towards minus infinity, the remainder has the sign of the divisor."""
    assert floor_divide(number(dividend), number(divisor)) == number(str(quotient))
    assert remainder(number(dividend), number(divisor)) == number(rest)


@pytest.mark.parametrize("operation", [divide, floor_divide, remainder])
def test_nothing_is_divided_by_zero(operation: object) -> None:
    """Each of the three divisions by zero is answered kindly."""
    assert callable(operation)
    with pytest.raises(Unanswerable, match="zero"):
        operation(number("1"), number("0"))


@pytest.mark.parametrize(
    ("base", "exponent", "value"),
    [
        ("2", "10", "1024"),
        ("2", "-2", "1/4"),
        ("0", "0", "1"),
        ("0", "1/2", "0"),
        ("4", "1/2", "2"),
        ("4/9", "-3/2", "27/8"),
        ("8", "1/3", "2"),
        ("-8", "1/3", "-2"),
        ("-8", "2/3", "4"),
        ("1", "1/99999999", "1"),
        ("-1", "99999999999999999999999999", "-1"),
        ("-1", "99999999999999999999999998", "1"),
        (str(7**1400), "1/7", str(7**200)),
        (str(12**400), "1/400", "12"),
    ],
)
def test_a_power_is_exact_where_it_can_be(base: str, exponent: str, value: str) -> None:
    """Whole powers and roots that come out even are exact."""
    assert power(number(base), number(exponent)) == number(value)


@pytest.mark.parametrize(
    ("base", "exponent", "shown"),
    [
        ("2", "1/2", "≈ 1.41421356237"),
        ("2", "1e-1000", "≈ 1"),
        ("-2", "1/3", "≈ -1.25992104989"),
        ("3", "0.999", "≈ 2.99670597289"),
        ("1.00005", "3650", "≈ 1.20020867517"),  # too many digits to be exact
        ("-1.00005", "3651", "≈ -1.20026868561"),
        (str(7**1400 + 1), "1/7", "≈ 1.04618382913 \N{MULTIPLICATION SIGN} 10^169"),
    ],
)
def test_a_power_is_rounded_where_it_must_be(base: str, exponent: str, shown: str) -> None:
    """A power that is no small fraction is known to be rounded."""
    assert show(power(number(base), number(exponent))) == shown


@pytest.mark.parametrize(
    ("base", "exponent", "reason"),
    [
        ("0", "-1", "zero"),
        ("0", "-1/2", "zero"),
        ("-4", "1/2", "real"),
        ("9", "387420489", "too big"),
        ("10", "-999999", "too big"),
        ("2", "9" * 1000, "too big"),
        ("1.5", "9" * 1000, "too big"),
        ("1." + "0" * 300 + "1", "9" * 200, "too big"),
    ],
)
def test_a_power_without_an_answer_is_refused(base: str, exponent: str, reason: str) -> None:
    """A power that does not exist, or that is out of bounds, is answered kindly."""
    with pytest.raises(Unanswerable, match=reason):
        power(number(base), number(exponent))


def test_what_was_rounded_stays_rounded() -> None:
    """A result is shown as rounded if anything that it was made of is."""
    for result in (
        add(ROOT_OF_TWO, number("1")),
        subtract(number("1"), ROOT_OF_TWO),
        multiply(ROOT_OF_TWO, ROOT_OF_TWO),
        divide(number("1"), ROOT_OF_TWO),
        power(ROOT_OF_TWO, number("0")),
        power(subtract(ROOT_OF_TWO, ROOT_OF_TWO), number("2")),
        power(number("2"), ROOT_OF_TWO),
        negate(ROOT_OF_TWO),
    ):
        assert result.rounded
        assert show(result).startswith("≈ ")


def test_rounded_numbers_that_cancel_out_leave_zero() -> None:
    """Noise beyond the digits that are right is not shown as a result."""
    two = multiply(ROOT_OF_TWO, ROOT_OF_TWO)
    assert show(subtract(two, number("2"))) == "≈ 0"
    with pytest.raises(Unanswerable, match="zero"):
        divide(number("1"), subtract(two, number("2")))


@pytest.mark.parametrize("operation", [floor_divide, remainder])
def test_a_rounded_number_has_no_sure_remainder(operation: object) -> None:
    """Where the last digit decides, a rounded number is not guessed with."""
    assert callable(operation)
    with pytest.raises(Unanswerable, match="roughly"):
        operation(ROOT_OF_TWO, number("1"))


def test_the_power_of_a_negative_rounded_number_needs_a_whole_exponent() -> None:
    """A negative number to a rounded power has no real answer."""
    with pytest.raises(Unanswerable, match="real"):
        power(number("-2"), ROOT_OF_TWO)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0", "0"),
        ("-3", "-3"),
        ("6/2", "3"),
        ("3/10", "0.3"),
        ("-1/4", "-0.25"),
        ("1/3", "≈ 0.333333333333"),
        ("2/3", "≈ 0.666666666667"),
        ("-2/3", "≈ -0.666666666667"),
        ("1e-7", "0.0000001"),
        ("1e-8", "1 \N{MULTIPLICATION SIGN} 10^-8"),
        ("123456789012.5", "≈ 123456789012"),
        ("1234567890123.5", "≈ 1.23456789012 \N{MULTIPLICATION SIGN} 10^12"),
        ("999999999999.9", "≈ 1 \N{MULTIPLICATION SIGN} 10^12"),
        ("1267650600228229401496703205376", "1267650600228229401496703205376"),
        ("9" * 128, "9" * 128),
        ("1e128", "1 \N{MULTIPLICATION SIGN} 10^128"),
        ("-" + "9" * 129, "≈ -1 \N{MULTIPLICATION SIGN} 10^129"),
    ],
)
def test_a_number_is_shown_as_people_write_it(value: str, shown: str) -> None:
    """Whole numbers stand in full, others with 12 digits at most, and `≈` tells of rounding."""
    assert show(number(value)) == shown
