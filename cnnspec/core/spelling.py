"""Distances between words. Knows nothing of the language."""

from collections.abc import Iterable


def distance(a: str, b: str, most: int) -> int:
    """Counts the edits from `a` to `b`: a letter inserted, deleted or changed, or two swapped.

    The optimal string alignment distance; stops early and returns `most + 1` where
    it would be larger.
    """
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


_SHORT = 4
"""Shorter words are one edit away from too many others."""


def certain(word: str, meant: str, known: Iterable[str]) -> bool:
    """Returns whether a mistyped word can only mean the known word that is near it.

    That is so if only the case differs, or if one edit of a letter leads to it and to no other
    known word. A changed digit is not a typing error: `size3` does not mean `size1`.
    """
    folded = word.lower()
    if folded == meant.lower():
        return True
    if len(word) < _SHORT or _digits(word) != _digits(meant) or distance(folded, meant, 1) > 1:
        return False
    return not any(other != meant and distance(folded, other, 1) <= 1 for other in known)


def _digits(word: str) -> str:
    return "".join(letter for letter in word if letter.isdigit())
