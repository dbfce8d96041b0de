"""Exact numbers of bounded size: fractions, rounded only where no small fraction will do.

Whatever is asked, one operation works on a few thousand bits at most, so it takes well under a
millisecond. What a fraction cannot hold exactly is kept to 50 digits and known to be rounded.
"""

from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, Underflow
from fractions import Fraction

MAX_BITS = 4096  # of a numerator or denominator that is kept exactly
MAX_MAGNITUDE = 1300  # numbers live between 10^-1300 and 10^1300
SHOWN_DIGITS = 12  # significant ones
SHOWN_WHOLE = 128  # digits up to which a whole number is shown in full

_LARGEST_EXPONENT = 10**25  # leaves a rounded power right to 25 of its 50 digits
_NEGLIGIBLE = Fraction(1, 10**20)  # of a rounded sum, beside its larger part

_TRAPS = [DivisionByZero, InvalidOperation, Overflow, Underflow]
_ROUNDING = Context(prec=50, Emax=MAX_MAGNITUDE, Emin=-MAX_MAGNITUDE, traps=_TRAPS)
_SHOWING = Context(prec=SHOWN_DIGITS)


class Unanswerable(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """There is no number to answer with; the text says kindly why."""


def too_big() -> Unanswerable:
    """Return the answer to what needs more room or time than we give it."""
    return Unanswerable("That is too big for me, sorry.")


def by_zero() -> Unanswerable:
    """Return the answer to a division by zero."""
    return Unanswerable("Dividing by zero has no answer.")


@dataclass(frozen=True, slots=True)
class Number:
    """A number; `rounded` tells that its value is only right to many digits."""

    value: Fraction
    rounded: bool = False


def parse_number(literal: str) -> Number:
    """Return the number that digits with an optional point and exponent stand for.

    Raises Unanswerable if it is too big.
    """
    digits, _, exponent = literal.lower().partition("e")
    if exponent and abs(int(exponent)) > MAX_MAGNITUDE:
        raise too_big()
    return _bounded(Fraction(digits) * Fraction(10) ** int(exponent or 0))


def negate(number: Number) -> Number:
    """Return the number with the other sign."""
    return Number(-number.value, number.rounded)


def add(left: Number, right: Number) -> Number:
    """Return the sum; what is left after two rounded numbers cancel out counts as zero."""
    rounded = left.rounded or right.rounded
    total = left.value + right.value
    if rounded and abs(total) < _NEGLIGIBLE * max(abs(left.value), abs(right.value)):
        total = Fraction(0)
    return _bounded(total, rounded=rounded)


def subtract(left: Number, right: Number) -> Number:
    """Return the difference."""
    return add(left, negate(right))


def multiply(left: Number, right: Number) -> Number:
    """Return the product."""
    return _bounded(left.value * right.value, rounded=left.rounded or right.rounded)


def divide(left: Number, right: Number) -> Number:
    """Return the quotient, or raise Unanswerable for a division by zero."""
    if right.value == 0:
        raise by_zero()
    return _bounded(left.value / right.value, rounded=left.rounded or right.rounded)


def floor_divide(left: Number, right: Number) -> Number:
    """Return the quotient rounded towards minus infinity, as Python's `//` does."""
    _check_divisible(left, right)
    return _bounded(Fraction(left.value // right.value))


def remainder(left: Number, right: Number) -> Number:
    """Return what `//` leaves, with the sign of the divisor, as Python's `%` does."""
    _check_divisible(left, right)
    return _bounded(left.value % right.value)


def _check_divisible(left: Number, right: Number) -> None:
    if left.rounded or right.rounded:
        raise Unanswerable("I know a number in that only roughly, too roughly for // and %.")
    if right.value == 0:
        raise by_zero()


def power(base: Number, exponent: Number) -> Number:
    """Return the power, exactly if it is a small fraction; the root is the real one.

    Raises Unanswerable for zero to a negative power and for an even root of a negative number.
    """
    if base.value == 0 and exponent.value < 0:
        raise by_zero()
    even_root = exponent.rounded or exponent.value.denominator % 2 == 0
    if base.value < 0 and exponent.value.denominator != 1 and even_root:
        raise Unanswerable("That has no answer among the real numbers.")
    if not (base.rounded or exponent.rounded):
        exact = _exact_power(base.value, exponent.value)
        if exact is not None:
            return _bounded(exact)
    return _rounded_power(base.value, exponent.value)


def _exact_power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """Return the power if it is a fraction and not far beyond `MAX_BITS`."""
    numerator = _whole_root(abs(base.numerator), exponent.denominator)
    denominator = _whole_root(base.denominator, exponent.denominator)
    if numerator is None or denominator is None:
        return None
    root = Fraction(numerator if base >= 0 else -numerator, denominator)
    size = max(numerator.bit_length(), denominator.bit_length()) - 1
    return root**exponent.numerator if size * abs(exponent.numerator) <= MAX_BITS else None


def _whole_root(number: int, degree: int) -> int | None:
    """Return the root of a number from zero up if it is whole."""
    if degree == 1 or number <= 1:
        return number
    if number.bit_length() <= degree:  # the root lies between 1 and 2
        return None
    near = _ROUNDING.power(_decimal(Fraction(number)), _decimal(Fraction(1, degree)))
    root = int(near * (1 + Decimal("1e-20"))) + 1  # surely not below; Newton's way goes down
    while (lower := ((degree - 1) * root + number // root ** (degree - 1)) // degree) < root:
        root = lower
    return root if root**degree == number else None


def _rounded_power(base: Fraction, exponent: Fraction) -> Number:
    """Return the power to 25 digits or more; a negative base has an odd root."""
    if base == 0:
        return Number(Fraction(0 if exponent else 1), rounded=True)
    if abs(exponent) > _LARGEST_EXPONENT:
        raise too_big()
    try:
        near = _ROUNDING.power(_decimal(abs(base)), _decimal(exponent))
    except (Overflow, Underflow):
        raise too_big() from None
    is_negative = base < 0 and exponent.numerator % 2 == 1
    return _bounded(Fraction(-near if is_negative else near), rounded=True)


def _bounded(value: Fraction, *, rounded: bool = False) -> Number:
    """Return a number of bounded size, rounded if need be, or raise Unanswerable."""
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if bits <= MAX_BITS:
        return Number(value, rounded)
    return Number(Fraction(_decimal(value)), rounded=True)


def _decimal(value: Fraction) -> Decimal:
    """Return a fraction to 50 digits, or raise Unanswerable."""
    try:
        return _ROUNDING.divide(Decimal(value.numerator), Decimal(value.denominator))
    except (Overflow, Underflow):
        raise too_big() from None


def show(number: Number) -> str:
    """Return a number as people write it, with `≈` where digits were left off.

    Whole numbers stand in full up to 128 digits, all else has at most 12 significant ones.
    """
    value = number.value
    if value.denominator == 1 and not number.rounded and abs(value) < 10**SHOWN_WHOLE:
        return str(value.numerator)
    shown = _SHOWING.divide(Decimal(value.numerator), Decimal(value.denominator))
    is_exact = not number.rounded and Fraction(shown) == value
    return f"{'' if is_exact else '≈ '}{_write(shown)}"


def _write(shown: Decimal) -> str:
    """Return a decimal without needless zeros, very large and small ones by powers of ten."""
    magnitude = shown.adjusted()
    if shown == 0:
        return "0"
    if -7 <= magnitude < SHOWN_DIGITS:  # noqa: PLR2004 - 0.0000001 is still easy to read
        plain = f"{shown:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return f"{shown.scaleb(-magnitude).normalize():f} \N{MULTIPLICATION SIGN} 10^{magnitude}"
