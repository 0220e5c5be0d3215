"""The dictionary from Keras, PyTorch, Caffe, darknet and others to the words of this language.

Only looked into for a text with an error.
"""

import re
from collections.abc import Container, Iterable, Iterator
from functools import cache

from cnnspec.core.record import Record
from cnnspec.diagnostics.dialect_arguments import OPTIONS, WORDS
from cnnspec.diagnostics.dialect_statements import LAYERS, SETTINGS

KINDS = {"layer": LAYERS, "setting": SETTINGS, "option": OPTIONS, "word": WORDS}
"""The tables by what their names are: `layer` stands for every statement outside of `train`."""
GENERAL = "papers"
"""The table of names that belong to no single tool."""
_OWN = re.compile(r"<([^>]*)>")


class Foreign(Record):
    """A name of another tool, and what is written here in its place."""

    name: str
    kind: str
    tools: tuple[str, ...]
    """The tools that have the name; `papers` for what many say."""
    words: tuple[str, ...]
    """The words that replace it, empty where the rest of its statement changes as well."""
    pattern: str
    """A statement that says it here, empty where there is no equivalent."""
    note: str

    @property
    def example(self) -> str:
        """The statement with the numbers of the table."""
        return _OWN.sub(r"\1", self.pattern)

    def filled(self, value: str) -> str:
        """The statement with the reader's own value, where it takes one."""
        return _OWN.sub(lambda found: value or found[1], self.pattern)

    @property
    def idle(self) -> bool:
        """Whether nothing changes without it."""
        return not self.pattern and self.note.endswith(("leave it out", "remove the line"))

    @property
    def of(self) -> str:
        """The name with its tool: "Keras's `Conv2D`"."""
        tools = [tool for tool in self.tools if tool != GENERAL]
        return f"{tools[0]}'s `{self.name}`" if tools else f"`{self.name}`"


def folded(name: str) -> str:
    """Returns a name as it is looked up: `MaxPool2D`, `max_pool_2d` and `maxpool2d` are one."""
    return name.replace("_", "").replace("-", "").casefold()


@cache
def dictionary() -> dict[tuple[str, str], Foreign]:
    """Returns every name by its kind and its folded form; the first tool that has it counts."""
    found: dict[tuple[str, str], Foreign] = {}
    for kind, tables in KINDS.items():
        for tool, table in tables.items():
            for row in _rows(kind, tool, table):
                key = (kind, folded(row.name))
                first = found.get(key)
                found[key] = first.replace(tools=(*first.tools, tool)) if first else row
    return found


def _rows(kind: str, tool: str, table: str) -> Iterator[Foreign]:
    for line in re.sub(r"\s*\n  ", " ", table.strip()).splitlines():
        names, *cells = [cell.strip() for cell in line.split("|")]
        apart = kind in ("option", "word")
        words = tuple(cells.pop(0).replace("-", "").split()) if apart else ()
        pattern, note = (*cells, "")[:2]
        whole = pattern.startswith("~")
        pattern = pattern.lstrip("~").removeprefix("-")
        if not (apart or whole):
            words = tuple(pattern.split()[:1])
        for name in names.split():
            yield Foreign(name, kind, (tool,), words, pattern, note)


def find(name: str, *kinds: str) -> Foreign | None:
    """Returns what a name is here; the first kind that has it counts (default: any)."""
    table = dictionary()
    keys = ((kind, folded(name)) for kind in kinds or KINDS)
    return next((table[key] for key in keys if key in table), None)


def respelled(name: str, known: Iterable[str]) -> str | None:
    """Returns the known word that differs in capital letters and `_` only, `None` without one."""
    like = [word for word in known if word != name and folded(word) == folded(name)]
    return like[0] if like else None


def replacement(name: str, known: Container[str]) -> str | None:
    """Returns the known word that replaces a name, `None` where none does."""
    for kind in KINDS:
        row = find(name, kind)
        for word in row.words if row else ():
            if word in known and word != name:
                return word
    return None


def named(name: str, known: Container[str]) -> str | None:
    """Returns the word for a name that is spelled as its tool does, `None` for another name.

    `Linear` is a dense layer, and not our `linear`; `Conv1D` is no misspelled `conv`. Small
    letters alone show no tool.
    """
    rows = [row for kind in KINDS if (row := find(name, kind))]
    if name == name.lower() or not any(row.name == name for row in rows):
        return None
    return replacement(name, known) or ""


def meanings(name: str) -> tuple[str, ...]:
    """Returns every word that a name may be here, itself first."""
    rows = (find(name, kind) for kind in KINDS)
    return (name, *(word for row in rows if row for word in row.words))


def advice(row: Foreign, text: str = "") -> str:
    """Returns the help for a name: what is written here, `text` if given, and the note."""
    note = f"; {row.note}" if row.note else ""
    if not row.pattern:
        missing = "is not needed here" if row.idle else "has no equivalent here"
        return f"{row.of} {missing}: {row.note}"
    return f"write `{text or row.example}` for {row.of}{note}"
