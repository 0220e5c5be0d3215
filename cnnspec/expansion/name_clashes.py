"""The error of two layers with one name, and which use of a block gets another name for it."""

import re
from collections.abc import Sequence
from string import ascii_lowercase

from cnnspec.core.edits import Fix, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.statements import GivenTwice
from cnnspec.expansion.state import NamedLayer

_NAMED = re.compile(r"\bname[ \t]*=[ \t]*(?:\"[^\"\n]*\"|\w+)")


def name_clash(name: str, first: NamedLayer, second: NamedLayer) -> GivenTwice:
    """Returns the error of a second layer called `name`, at the place of the second.

    Uses of blocks make equal names where one is counted up to the name of another: the second
    use of `a` is `a_2`, and so is the first use of a block `a_2`.
    """
    fix = _renamed(name, first.call_sites, second.call_sites)
    given = [named.span for named in (first, second) if named.span.text.startswith("name")]
    remedy = ""
    if fix:
        remedy = f"{fix.title} at line {fix.edits[0].span.line}: it then has a name of its own"
    elif len(given) == 1:
        remedy = f"choose another name at line {given[0].line}: the use of a block makes this one"
    what = f"the layer name `{name}`"
    return GivenTwice(second.span, what=what, first=first.span, remedy=remedy, fix=fix)


def _renamed(name: str, first: Sequence[Span], second: Sequence[Span]) -> Fix | None:
    """The fix that names the use of a block; `None` where no two uses make the name."""
    parts = name.split(".")[:-1]
    if not parts or not len(parts) == len(first) == len(second):
        return None
    # From the innermost use outwards: a block that both are in makes names for both.
    for part, one, other in zip(reversed(parts), first, second, strict=True):  # noqa: B007
        if one is not other:
            break
    else:
        return None
    # The name of a use that is counted up is that of one of several uses, also in a `repeat`.
    use = min((other, one), key=lambda use: _counted(use.text, part))
    return _with_name(use)


def _counted(use: str, part: str) -> bool:
    """Whether the name of a use is its word and a number that was counted."""
    return not _NAMED.search(use) and _word(use) != part


def _word(use: str) -> str:
    found = re.match(r"\w+", use)
    return found[0] if found else ""


def _with_name(use: Span) -> Fix | None:
    """The fix that gives a use a name that nothing in its text has."""
    word, text = _word(use.text), use.source.text
    free = (f"{word}_{letter}" for letter in ascii_lowercase[1:])
    name = next((name for name in free if not re.search(rf"\b{name}\b", text)), None)
    if name is None:
        return None
    written, replaced = _NAMED.subn(f"name={name}", use.text, count=1)
    written = written if replaced else f"{use.text} name={name}"
    return write(use, written, title=f"write `{written}`")
