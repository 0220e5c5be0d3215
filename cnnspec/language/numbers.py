"""Numbers of the language: exact, and how large they may be.

A number is an `int` where it is whole, else a `Fraction`; 0.7 is 7/10 and no binary float. It
becomes a float where a layer or a setting takes one. The `fractions` of Python do the same,
but importing them (with `decimal`) takes longer than a quarter of all that a check imports.
"""

import math
from collections.abc import Callable

from cnnspec.core.record import Record

MAX_WHOLE = 2**31 - 1
"""The largest whole number that a spec can write in digits, and that a size can be."""
MAX_RESULT = 34 * 10**37
"""The largest value of an expression: where float32 ends, 3.4e38."""
MAX_BITS = 2_048
"""How long the two halves of a fraction may be; a float has room for 1,075."""


class Fraction(Record):
    """A number that is not whole: in lowest terms, with a denominator of at least 2."""

    numerator: int
    denominator: int

    def __float__(self) -> float:
        # Python rounds the quotient of two whole numbers correctly, however long they are.
        return self.numerator / self.denominator

    def __str__(self) -> str:
        return repr(float(self))


Exact = int | Fraction
"""Any number of the language. Both have a `numerator` and a `denominator`."""


class NoValue(ArithmeticError):
    """An operation that has no value; the text says why, after `it`."""


def quotient(above: int, below: int) -> Exact:
    """Returns `above` divided by `below`, which is not 0, in lowest terms."""
    if below == 1:
        return above
    common = math.gcd(above, below)
    if below < 0:
        common = -common
    above, below = above // common, below // common
    return above if below == 1 else Fraction(above, below)


def read_number(digits: str, scale: int = 1) -> Exact:
    """Returns the value of `6000`, `0.7` or `1e-4`, times `scale`.

    Raises:
        OverflowError: the number is beyond every float.
    """
    if digits.isdigit():
        if len(digits) > 20:
            raise OverflowError(digits)
        return int(digits) * scale
    near = float(digits)
    if math.isinf(near):
        raise OverflowError(digits)
    if len(digits) > 400 or near == 0.0:
        # Nobody writes so many digits; what a float holds of them is enough.
        above, below = near.as_integer_ratio()
        return quotient(above * scale, below)
    whole, _, power = digits.lower().partition("e")
    before, _, after = whole.partition(".")
    exponent = int(power or 0) - len(after)
    value = int(before + after) * scale
    return value * 10**exponent if exponent >= 0 else quotient(value, 10**-exponent)


def _add(left: Exact, right: Exact) -> Exact:
    return quotient(
        left.numerator * right.denominator + right.numerator * left.denominator,
        left.denominator * right.denominator,
    )


def _negative(number: Exact) -> Exact:
    return quotient(-number.numerator, number.denominator)


def _subtract(left: Exact, right: Exact) -> Exact:
    return _add(left, _negative(right))


def _multiply(left: Exact, right: Exact) -> Exact:
    return quotient(left.numerator * right.numerator, left.denominator * right.denominator)


def _divide(left: Exact, right: Exact) -> Exact:
    if right == 0:
        raise NoValue("divides by zero")
    return quotient(left.numerator * right.denominator, left.denominator * right.numerator)


def _floor_divide(left: Exact, right: Exact) -> Exact:
    """The largest whole number that is at most the quotient, so `-7 // 2` is -4."""
    return floor(_divide(left, right))


def _remainder(left: Exact, right: Exact) -> Exact:
    """What `//` leaves: it has the sign of `right`, so `-7 % 2` is 1."""
    return _subtract(left, _multiply(right, _floor_divide(left, right)))


def _power(base: Exact, exponent: Exact) -> Exact:
    """A power: exact for whole exponents and for roots that are exact, else the nearest float."""
    if base == 0 and exponent.numerator < 0:
        raise NoValue("divides by zero")
    longest = max(base.numerator.bit_length(), base.denominator.bit_length())
    # Estimated first: 9^9^9 must not be worked out to be refused.
    if base not in (0, 1, -1) and abs(exponent.numerator) * (longest - 1) > (
        MAX_BITS * exponent.denominator
    ):
        raise NoValue(_TOO_LONG if isinstance(base, Fraction) or exponent.numerator < 0 else _LARGE)
    if isinstance(exponent, int):
        if base in (0, 1, -1):
            # 0^0 is 1, as in Python.
            whole: int = base.numerator
            if exponent % 2 == 0:
                return 1 if exponent == 0 else abs(whole)
            return whole
        above, below = base.numerator ** abs(exponent), base.denominator ** abs(exponent)
        return quotient(above, below) if exponent >= 0 else quotient(below, above)
    if base.numerator < 0:
        raise NoValue("is not a real number")
    try:
        near = float(base) ** float(exponent)
    except OverflowError:
        raise NoValue(_LARGE) from None
    return _exact_root(base, exponent, near) or _decimal(near)


def _exact_root(base: Exact, exponent: Fraction, near: float) -> Exact | None:
    """The power itself where it is a fraction of short numbers; `near` is the power as a float."""
    above, below = abs(exponent.numerator), exponent.denominator
    if above > 64 or below > 64 or near == 0:
        return None
    root = quotient(
        round(base.numerator ** (1 / below)) if base.numerator < 1 << 1000 else 0,
        round(base.denominator ** (1 / below)) if base.denominator < 1 << 1000 else 1,
    )
    if root == 0 or _power(root, below) != base:
        return None
    return _power(root, exponent.numerator)


def _decimal(value: float) -> Exact:
    """A float as the shortest decimal number that is nearest to it."""
    return read_number(repr(value))


def floor(number: Exact) -> int:
    """Returns the largest whole number that is not larger."""
    return number.numerator // number.denominator


def ceil(number: Exact) -> int:
    """Returns the smallest whole number that is not smaller."""
    return -(-number.numerator // number.denominator)


def rounded(number: Exact) -> int:
    """Returns the nearest whole number; a half goes away from zero, so 2.5 gives 3."""
    sign = -1 if number.numerator < 0 else 1
    above, below = abs(number.numerator), number.denominator
    return sign * ((2 * above + below) // (2 * below))


def smallest(*numbers: Exact) -> Exact:
    """Returns the smallest of some numbers."""
    least = numbers[0]
    for number in numbers[1:]:
        if number.numerator * least.denominator < least.numerator * number.denominator:
            least = number
    return least


def largest(*numbers: Exact) -> Exact:
    """Returns the largest of some numbers."""
    return _negative(smallest(*map(_negative, numbers)))


OPERATORS: dict[str, Callable[[Exact, Exact], Exact]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "//": _floor_divide,
    "%": _remainder,
    "^": _power,
}
FUNCTIONS: dict[str, tuple[Callable[..., Exact], int | None, str]] = {
    "floor": (floor, 1, "the largest whole number that is not larger"),
    "ceil": (ceil, 1, "the smallest whole number that is not smaller"),
    "round": (rounded, 1, "the nearest whole number; a half goes away from zero: 3 for 2.5"),
    "min": (smallest, None, "the smallest of its values"),
    "max": (largest, None, "the largest of its values"),
}
"""The functions of expressions: what works them out, how many values they take (`None`: any
number above 0), and what they give."""

_LARGE = "is larger than 3.4e38"
_TOO_LONG = f"would need more than {MAX_BITS:,} bits to be exact"


def apply(operator: str, left: Exact, right: Exact) -> Exact:
    """Returns the value of an operation.

    Raises:
        NoValue: there is none within the limits.
    """
    value = OPERATORS[operator](left, right)
    if isinstance(value, int):
        if abs(value) > MAX_RESULT:
            raise NoValue(_LARGE)
    elif max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise NoValue(_TOO_LONG)
    elif abs(value.numerator) > MAX_RESULT * value.denominator:
        raise NoValue(_LARGE)
    return value
