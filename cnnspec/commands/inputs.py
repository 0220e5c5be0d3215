"""From what the command line names to sources and values."""

import os
import re
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cnnspec.analysis.load import normalized
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import listing
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.expansion.state import Overrides
from cnnspec.files.sources import read_source
from cnnspec.language.parse import parse_value

if TYPE_CHECKING:
    from pathlib import Path

    from cnnspec.language.syntax import Expression


class BadUsage(CannotRead):
    """A command line that says too little or too much."""


def sources(args: Namespace) -> list[Source]:
    """The texts named on the command line, IR documents as texts. Raises `CnnspecError`."""
    return [normalized(source) for source in named_sources(args)]


def named_sources(args: Namespace) -> list[Source]:
    """The texts named on the command line as they are. Raises `CnnspecError`."""
    named = args.files if hasattr(args, "files") else [args.file] if args.file else []
    if args.inline is not None:
        if named:
            raise CnnspecError(BadUsage(None, "give files or `-e TEXT`, not both"))
        return [Source("<command line>", args.inline)]
    if not named:
        raise CnnspecError(
            BadUsage(None, "no spec is named", "name a .cnn file, `-`, or give `-e 'dense 10'`")
        )
    return [read_named(path) for path in named]


def read_named(path: str) -> Source:
    """The text of a file; raises `CnnspecError`, with what was probably meant, or what there is."""
    try:
        return read_source(path)
    except CnnspecError as error:
        # Not before there is an error: every `check` imports this module.
        from pathlib import Path

        name, folder = Path(path).name, Path(path).parent
        if path == "-" or os.path.lexists(path) or not folder.is_dir():
            raise
        from cnnspec.language.suggest import nearest

        there = sorted(each.name for each in folder.iterdir() if each.is_file())
        # An ending that is missing, or another, is no reason to look no further.
        specs = {Path(each).stem: each for each in there if each.endswith(".cnn")}
        stem = Path(name).stem
        near = specs.get(stem) or nearest(name, there) or specs.get(nearest(stem, specs), "")
        (missing,) = error.diagnostics
        if near:
            remedy = f"did you mean `{folder / near}`?"
        elif specs:
            remedy = f"it can be {listing((folder / each for each in specs.values()), most=6)}"
        elif name.endswith(".cnn") and re.fullmatch(r"[A-Za-z]\w*", stem):
            remedy = f"`cnnspec new {stem} {path}` writes one"
        else:
            raise
        raise CnnspecError(CannotRead(None, missing.message, remedy)) from None


def run_named(name: str) -> str:
    """The folder of the run that a name means; says which where the name is another.

    Raises `CnnspecError`.
    """
    from pathlib import Path

    from cnnspec.core.terminal import messages, show
    from cnnspec.runs.named import resolve

    found = str(resolve(name))
    if found != str(Path(name)):
        show([[(f"{name} is {found}", "dim")]], messages())
    return found


def require_ending(option: str, path: "Path | None", endings: Sequence[str], what: str) -> None:
    """Raises `CnnspecError` where the name of a file says that it holds something else.

    `endings` are those of `what` the file will hold. A name without an ending says nothing.
    """
    if path is None or path.suffix.lower() in ("", *endings):
        return
    cause = f"`{option} {path}` ends in {path.suffix}, and the file will be {what}"
    raise CnnspecError(BadUsage(None, cause, f"name it {path.with_suffix(endings[0]).name}"))


_FILES = (".zip", ".tar", ".gz", ".tgz", ".c", ".h", ".html", ".pdf", ".json")
"""What ends the names of files, and would say it of a folder."""


def require_folder(option: str, path: "Path | None") -> None:
    """Raises `CnnspecError` where the name of a folder says that it is a file."""
    if path is not None and path.suffix.lower() in _FILES and not path.is_dir():
        cause = f"`{option} {path}` ends in {path.suffix}, and it will be a folder"
        raise CnnspecError(BadUsage(None, cause, f"name it {path.with_suffix('').name}"))


def _value(item: str) -> "Expression | None":
    """The value of `NAME=VALUE`, whose errors show the option as it was typed."""
    before = "--set "
    return parse_value(Source("<command line>", f"{before}{item}"), len(before))


def overrides(args: Namespace) -> Overrides:
    """The values that `--set` gives. Raises `CnnspecError`."""
    found: Overrides = {}
    for item in args.sets:
        name, equals, _ = item.partition("=")
        value = _value(item) if equals and name.isidentifier() else None
        if value is None:
            cause = f"`--set {item}` is not a name and a value"
            if equals and name.isidentifier():
                given = item.partition("=")[2].strip()
                what = f"`{given}`, which is not one value" if given else "no value"
                cause = f"`--set {item}` gives `{name}` {what}"
            raise CnnspecError(BadUsage(None, cause, "as in `--set epochs=3`"))
        if name in found:
            cause = f"`{name}` is set twice: `--set {item}` after another value"
            raise CnnspecError(BadUsage(None, cause, "give each name one value"))
        found[name] = value
    return found
