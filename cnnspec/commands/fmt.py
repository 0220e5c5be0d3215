"""Gives .cnn files their canonical layout and keeps every comment.

One statement per line, two spaces of indent in a block, at most one blank line in a row,
the arguments of a layer in the order in which `check` prints them. A block on one line
stays there if the line has at most 90 columns. The meaning never changes. A file with
syntax errors is not changed. `-` formats standard input to standard output.

Exit code 1 if a file does not parse or, with `--check`, if one would change.
"""

import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from cnnspec.commands.arguments import SPEC
from cnnspec.commands.output import print_json, print_text
from cnnspec.commands.rewriting import print_diff, unified
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.core.terminal import show
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import as_json, render
from cnnspec.files.atomic import rewrite
from cnnspec.files.sources import read_source
from cnnspec.language.formatter import format_text
from cnnspec.layers.table import CONSTRUCTS


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        complete=SPEC,
        help="a .cnn file; `-` reads standard input",
    )
    parser.add_argument(
        "--check", action="store_true", help="list the files that would change; change nothing"
    )
    parser.add_argument(
        "--diff", action="store_true", help="print the changes as a unified diff; change nothing"
    )


class _Formatted(Record):
    """A file, its text in canonical layout, or why there is none."""

    source: Source
    text: str
    problems: tuple[Diagnostic, ...]

    @property
    def changed(self) -> bool:
        """Whether the file would change; one that does not parse never does."""
        return not self.problems and self.text != self.source.text


def run(args: Namespace) -> int:
    """Formats every file; they are all read before the first is written."""
    results = [_format(read_source(path)) for path in args.files]
    if not (args.check or args.diff):
        for path, result in zip(args.files, results, strict=True):
            if result.changed and path != "-":
                rewrite(path, result.text)
    wrong = any(result.problems for result in results)
    failed = wrong or (args.check and any(result.changed for result in results))
    if args.json:
        files = [_document(result, args) for result in results]
        print_json({"command": "fmt", "ok": not failed, "files": files})
    else:
        for path, result in zip(args.files, results, strict=True):
            _print(path, result, args)
    return 1 if failed else 0


def _format(source: Source) -> _Formatted:
    try:
        return _Formatted(source, format_text(source, CONSTRUCTS), ())
    except CnnspecError as problems:
        return _Formatted(source, source.text, problems.diagnostics)


def _print(path: str, result: _Formatted, args: Namespace) -> None:
    if result.problems:
        sys.stdout.flush()
        show(render(result.problems), sys.stderr)
    if args.diff:
        print_diff(unified(result.source, result.text, "formatted"))
    elif path == "-" and not args.check and not result.problems:
        print_text(result.text)
    if result.changed and (args.check or (path != "-" and not args.diff)):
        said = "would change" if args.check else "formatted"
        # Behind a diff it is no result but a remark.
        show([[(f"{result.source.name}: {said}", "")]], sys.stderr if args.diff else None)


def _document(result: _Formatted, args: Namespace) -> dict[str, Any]:
    data: dict[str, Any] = {
        "file": result.source.name,
        "changed": result.changed,
        "problems": [as_json(problem) for problem in result.problems],
    }
    if args.diff:
        data["diff"] = unified(result.source, result.text, "formatted")
    if result.source.name == "<stdin>":
        data["text"] = result.text
    return data
