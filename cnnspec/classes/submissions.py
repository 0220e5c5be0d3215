"""Finds the submissions of a class in its folder. Knows files only; opens what is plain and inside.

A `*.cnn` in the folder is a submission, named after the file. A sub-folder with `*.cnn` files is
one, named after the folder; it may hold files that its spec uses.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from cnnspec.core.natural import natural
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.sources import read_submission
from cnnspec.language.parse import Parsed, parse
from cnnspec.language.syntax import Statement, String

SUFFIX = ".cnn"


class Submission(Record):
    """Who hands in, and the file; `alone` if it has a folder of its own."""

    name: str
    path: Path
    alone: bool = False

    def read(self) -> Source:
        """Reads its text. Raises `CnnspecError`, also where it is not clear which file is meant."""
        if self.path.is_dir():
            return _chosen(self.path)
        return read_submission(str(self.path))


class Found(Record):
    """The submissions of a folder, and the names of the sub-folders that hold none."""

    submissions: tuple[Submission, ...]
    without: tuple[str, ...]


def find(folder: Path, rules: Path) -> Found:
    """Finds the submissions below a folder, in the order of their names.

    The file of the rules is none. Raises `CnnspecError` where there are none.
    """
    if not folder.is_dir():
        cause = f"{folder} is not a folder" if folder.exists() else f"there is no folder {folder}"
        raise CnnspecError(CannotRead(None, cause, "name the folder of the submissions"))
    found, without = [], []
    for each in _listed(folder):
        if each.is_symlink() and not each.resolve().is_relative_to(folder.resolve()):
            # Kept as a row: reading it says why it is not opened.
            found += [Submission(each.stem, each)] if each.suffix == SUFFIX else []
        elif each.is_dir():
            if any(inner.suffix == SUFFIX for inner in _listed(each)):
                found.append(Submission(each.name, each, alone=True))
            else:
                without.append(each.name)
        elif each.suffix == SUFFIX and not _same(each, rules):
            found.append(Submission(each.stem, each))
    if not found:
        cause = f"{folder} has no submission"
        remedy = "put a .cnn file or a folder for each student there"
        raise CnnspecError(CannotRead(None, cause, remedy))
    return Found(tuple(_distinct(found)), tuple(without))


def _listed(folder: Path) -> list[Path]:
    """What is in a folder, without what systems hide there."""
    try:
        inside = [p for p in folder.iterdir() if not p.name.startswith((".", "__MACOSX"))]
    except OSError as error:
        cause = f"cannot read {folder}: {error.strerror or error}"
        raise CnnspecError(CannotRead(None, cause)) from None
    return sorted(inside, key=lambda path: natural(path.name))


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _distinct(found: list[Submission]) -> Iterable[Submission]:
    """The submissions with a longer name where a file and a folder have the same."""
    names = Counter(each.name for each in found)
    for each in found:
        longer = f"{each.name}/" if each.alone else each.path.name
        yield each.replace(name=longer) if names[each.name] > 1 else each


def _chosen(folder: Path) -> Source:
    """The text of the spec in a folder: that of its name, else the one that no other uses."""
    files = [path for path in _listed(folder) if path.suffix == SUFFIX]
    named = [path for path in files if path.stem == folder.name]
    if len(files) > 1 and not named:
        texts = {path: read_submission(str(path)) for path in files}
        used = {name for text in texts.values() for name in _used(parse(text))}
        named = [path for path in files if path.name not in used]
    chosen = named or files
    if len(chosen) != 1:
        cause = f"the folder has {len(chosen)} specs, and it is not clear which one is meant"
        remedy = "leave one of them there, or name one like the folder"
        raise CnnspecError(CannotRead(None, cause, remedy))
    return read_submission(str(chosen[0]))


def _used(parsed: Parsed) -> Iterable[str]:
    """The names of the files that a text uses."""
    for statement in uses(parsed.statements):
        for argument in statement.arguments:
            if isinstance(argument, String):
                yield Path(argument.value).name


def uses(statements: Iterable[Statement]) -> Iterable[Statement]:
    """Yields the `use` statements of a text, those within blocks included."""
    for statement in statements:
        if statement.word == "use":
            yield statement
        if statement.block:
            yield from uses(statement.block.statements)
