"""Names of any script as names for programs that take ASCII alone."""

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.-]*")


def plain_names(names: Iterable[str]) -> dict[str, str]:
    """A name for each that every framework takes: ASCII, a letter or digit first, no two alike.

    Names that are so already stay as they are.
    """
    names = list(names)
    taken = {name for name in names if _PLAIN.fullmatch(name)}
    found = {}
    for name in names:
        plain = name
        if name not in taken:
            plain = "n" + re.sub(r"[^A-Za-z0-9_.-]", "_", name)
            number = 2
            stem = plain
            while plain in taken:
                plain, number = f"{stem}_{number}", number + 1
            taken.add(plain)
        found[name] = plain
    return found
