"""Properties of EMNIST (Cohen et al., 2017): images stored column by column, named classes."""

import re
from collections.abc import Iterable
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

from cnnspec.datasets.raw import Found, Hints

_BALANCED = digits + ascii_uppercase + "abdefghnqrt"
"""Small letters that look like their capitals are in the same class."""
_CLASSES = {
    "balanced": _BALANCED,
    "bymerge": _BALANCED,
    "byclass": digits + ascii_uppercase + ascii_lowercase,
    "digits": digits,
    "letters": ascii_uppercase,
    "mnist": digits,
}
_NAME = re.compile(rf"emnist-({'|'.join(_CLASSES)})-")


def set_of(path: Path) -> str:
    """The set to which a file with a published name belongs, such as `letters`; else empty."""
    known = _NAME.match(path.name.lower())
    return known[1] if known else ""


def classes(name: str) -> tuple[str, ...]:
    """The names of the classes of a set."""
    return tuple(_CLASSES[name])


def names_of(mapping: Iterable[Any]) -> tuple[str, ...]:
    """The names of classes, from rows of a label and the codes of its characters."""
    return tuple(chr(int(row[1])) for row in mapping)


def upright(found: Found, names: tuple[str, ...]) -> Found:
    """Returns the data found, with the properties of EMNIST."""
    stored = "EMNIST is published with its images transposed"
    return found.replace(hints=Hints(transposed=stored), labels=names)
