"""The order in which people number things: `9` before `10`."""

import re

_NUMBERS = re.compile(r"([0-9]+)")


def natural(text: str) -> list[str | int]:
    """A key that puts `9.png` before `10.png`, and numbers before letters."""
    # Text and numbers alternate, so texts are only compared with texts, numbers with numbers.
    parts = _NUMBERS.split(text)
    return [int(part) if place % 2 else part.casefold() for place, part in enumerate(parts)]
