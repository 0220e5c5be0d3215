"""Whole numbers that remember how they were computed.

A layer states its output size, parameters and multiply-accumulates once, as
arithmetic on `Count`s. The checker reads the value; `check --explain` reads the
same arithmetic as text, in names and in numbers, so the two cannot differ.

Knows arithmetic only; it does not import layers.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnspec.core.typesetting import Typesetting

_SUM, _PRODUCT, _ATOM = 1, 2, 3


class Count:
    """A whole number with its derivation: a leaf, or two counts and an operator.

    `symbol` is the name a leaf has in a formula (`Cin`, empty for a plain number)
    or the operator between the two parts.
    """

    __slots__ = ("_parts", "_rank", "_symbol", "value")

    def __init__(
        self, value: int, symbol: str, parts: "tuple[Count, ...]" = (), rank: int = _ATOM
    ) -> None:
        self.value = value
        self._symbol = symbol
        self._parts = parts
        self._rank = rank

    def __add__(self, other: "Count | int") -> "Count":
        other = count(other)
        if other.value == 0 and other.is_leaf:
            return self
        if self.value == 0 and self.is_leaf:
            return other
        return Count(self.value + other.value, "+", (self, other), _SUM)

    def __sub__(self, other: "Count | int") -> "Count":
        other = count(other)
        return Count(self.value - other.value, "-", (self, other), _SUM)

    def __mul__(self, other: "Count | int") -> "Count":
        other = count(other)
        return Count(self.value * other.value, "*", (self, other), _PRODUCT)

    def __truediv__(self, other: "Count | int") -> "Count":
        """The quotient; the division must have no remainder."""
        other = count(other)
        return Count(self.value // other.value, "/", (self, other), _PRODUCT)

    def __floordiv__(self, other: "Count | int") -> "Count":
        """The quotient rounded down."""
        other = count(other)
        return Count(self.value // other.value, "floor", (self, other))

    def ceildiv(self, other: "Count | int") -> "Count":
        """The quotient rounded up."""
        other = count(other)
        return Count(-(-self.value // other.value), "ceil", (self, other))

    @property
    def is_leaf(self) -> bool:
        """Whether it is a plain number or symbol, without an operator."""
        return not self._parts

    @property
    def numbers(self) -> str:
        """The derivation with numbers put in: `(3*3*1 + 1) * 10`."""
        return self._text(lambda leaf: str(leaf.value))

    @property
    def symbols(self) -> str:
        """The derivation in names: `(Kh*Kw*Cin + 1) * F`."""
        return self._text(lambda leaf: leaf._symbol or str(leaf.value))

    @property
    def latex(self) -> str:
        r"""The derivation in names, for LaTeX: `\left(K_h \cdot K_w + 1\right) \cdot F`."""
        from cnnspec.core.typesetting import Latex

        return self.typeset(Latex())

    def typeset(self, how: "Typesetting", *, numbers: bool = False) -> str:
        """The derivation as a formula, in names or with numbers put in."""
        if self.is_leaf:
            named = self._symbol and not numbers
            return how.letter(self._symbol) if named else how.number(self.value)
        first, second = (part.typeset(how, numbers=numbers) for part in self._parts)
        if self._rank == _ATOM:
            return how.rounded(self._symbol, how.fraction(first, second))
        if self._symbol == "/":
            return how.fraction(first, second)
        left, right = (part._rank for part in self._parts)
        if left < self._rank:
            first = how.grouped(first)
        if right < self._rank + (self._symbol == "-"):
            second = how.grouped(second)
        return how.joined(first, self._symbol, second)

    def _text(self, leaf: "Callable[[Count], str]") -> str:
        if self.is_leaf:
            return leaf(self)
        left, right = self._parts
        if self._rank == _ATOM:
            return f"{self._symbol}({left._within(leaf, _PRODUCT)} / {right._within(leaf, _ATOM)})"
        strict = self._symbol in "-/"
        first = left._within(leaf, self._rank)
        second = right._within(leaf, self._rank + strict)
        # Products stay tight (3*3*1) unless a parenthesis makes them hard to read.
        loose = self._rank == _SUM or "(" in first or "(" in second
        return f"{first} {self._symbol} {second}" if loose else f"{first}{self._symbol}{second}"

    def _within(self, leaf: "Callable[[Count], str]", rank: int) -> str:
        text = self._text(leaf)
        return f"({text})" if self._rank < rank else text

    def __repr__(self) -> str:
        return f"Count({self.value} = {self.numbers})"


def count(value: "int | Count", symbol: str = "") -> Count:
    """A leaf: a number, known in formulas by `symbol` if it has one."""
    return value if isinstance(value, Count) else Count(value, symbol)


ZERO = count(0)
