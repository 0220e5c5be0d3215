"""Turns names in any script into ASCII names for programs that accept nothing else."""

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.-]*")


def plain_names(names: Iterable[str]) -> dict[str, str]:
    """Returns names that every framework accepts: ASCII, a letter or digit first, all different.

    Names that already are like this do not change.
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
