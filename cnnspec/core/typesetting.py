r"""Writes derivations of numbers as formulas: for LaTeX and for the pages of browsers (MathML)."""

import re
from typing import Protocol


class Typesetting(Protocol):
    """How the parts of a formula are written; each method returns the text of a part."""

    def letter(self, symbol: str) -> str:
        """A name: `H`, or `Kh` with an index."""

    def number(self, value: int) -> str:
        """A whole number."""

    def fraction(self, top: str, bottom: str) -> str:
        """A quotient, one part above the other."""

    def rounded(self, word: str, inner: str) -> str:
        """A quotient that is rounded: the word is `floor` or `ceil`."""

    def grouped(self, inner: str) -> str:
        """A part in parentheses."""

    def joined(self, first: str, sign: str, second: str) -> str:
        """Two parts and the sign between them: `+`, `-`, `*` or `=`."""


class Latex:
    r"""Formulas of LaTeX, for its math mode: `\left(K_{h} \cdot K_{w} + 1\right) \cdot F`."""

    def letter(self, symbol: str) -> str:
        """A name: `K_{h}` for `Kh`."""
        return re.sub(_INDEXED, r"\1_{\2}", symbol)

    def number(self, value: int) -> str:
        """A whole number, its thousands apart as in a text."""
        return f"{value:,}".replace(",", "{,}")

    def fraction(self, top: str, bottom: str) -> str:
        """A quotient, one part above the other."""
        return rf"\frac{{{top}}}{{{bottom}}}"

    def rounded(self, word: str, inner: str) -> str:
        """A quotient that is rounded."""
        return rf"\left\l{word} {inner} \right\r{word}"

    def grouped(self, inner: str) -> str:
        """A part in parentheses."""
        return rf"\left({inner}\right)"

    def joined(self, first: str, sign: str, second: str) -> str:
        """Two parts and the sign between them."""
        return f"{first} {_SIGNS.get(sign, sign)} {second}"


_SIGNS = {"*": r"\cdot"}


class MathML:
    """Formulas of MathML Core, for an element `<math>` of a page."""

    def letter(self, symbol: str) -> str:
        """A name; an index is below it."""
        found = re.match(_INDEXED, symbol)
        if not found:
            # A letter alone is italic; its prime is an operator above.
            letter = symbol.rstrip("'")
            plain = f"<mi>{letter}</mi>"
            return plain if letter == symbol else f"<msup>{plain}<mo>\N{PRIME}</mo></msup>"
        return f"<msub><mi>{found[1]}</mi><mi>{found[2]}</mi></msub>"

    def number(self, value: int) -> str:
        """A whole number, its thousands apart as in a text."""
        return f"<mn>{value:,}</mn>"

    def fraction(self, top: str, bottom: str) -> str:
        """A quotient, one part above the other."""
        return f"<mfrac><mrow>{top}</mrow><mrow>{bottom}</mrow></mfrac>"

    def rounded(self, word: str, inner: str) -> str:
        """A quotient that is rounded."""
        left, right = {"floor": ("⌊", "⌋"), "ceil": ("⌈", "⌉")}[word]
        return f"<mrow><mo>{left}</mo>{inner}<mo>{right}</mo></mrow>"

    def grouped(self, inner: str) -> str:
        """A part in parentheses."""
        return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>"

    def joined(self, first: str, sign: str, second: str) -> str:
        """Two parts and the sign between them."""
        return f"{first}<mo>{sign.translate(_MARKS)}</mo>{second}"


_MARKS = str.maketrans({"*": "\N{MIDDLE DOT}", "-": "\N{MINUS SIGN}"})
# Compiled where it is used: most checks print no formula.
_INDEXED = r"^([A-Z])([a-z]+)$"
