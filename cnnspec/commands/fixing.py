"""`cnnspec check --fix`: files with their fixes applied, written whole or not at all."""

import sys
from argparse import Namespace
from typing import Any

from cnnspec.analysis.fixing import Change, FixedText, fix_texts
from cnnspec.commands.inputs import BadUsage, named_sources
from cnnspec.commands.output import print_text
from cnnspec.commands.rewriting import print_diff, unified
from cnnspec.core.source import Source
from cnnspec.core.terminal import Line, show
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.expansion.state import Overrides
from cnnspec.files.atomic import rewritable, rewrite
from cnnspec.files.sources import read_source

_BOM = "\ufeff"


def fix(args: Namespace, values: Overrides) -> list[FixedText]:
    """Applies the fixes of every file, and writes those that change unless `--diff` is given.

    Raises:
        CnnspecError: a file cannot be read or may not be written to, or is an IR document.
    """
    sources = named_sources(args)
    for source in sources:
        if source.text.lstrip().startswith("{"):
            cause = f"{source.name} is an IR document, and `--fix` changes .cnn files"
            raise CnnspecError(BadUsage(None, cause, "print it as a spec first: `cnnspec expand`"))
    results = fix_texts(sources, values, unsafe=args.unsafe)
    if not args.diff:
        _write([result for result in results if result.changed and _is_file(result.source)])
    return results


def _is_file(source: Source) -> bool:
    return not source.name.startswith("<")


def _write(results: list[FixedText]) -> None:
    """Writes every text; no file before all may be written to and are as they were read."""
    paths = {result.source.name: result for result in results}
    for path, result in paths.items():
        rewritable(path, inside=True)
        if read_source(path).text != result.source.text:
            cause = f"{path} has changed while it was checked"
            raise CnnspecError(CannotWrite(None, cause, "nothing is written; try again"))
    for path, result in paths.items():
        with open(path, "rb") as file:  # noqa: PTH123 - a Path would lose the name as given
            mark = _BOM if file.read(3) == _BOM.encode() else ""
        rewrite(path, mark + result.text, inside=True)


def show_fixes(results: list[FixedText], args: Namespace) -> None:
    """Prints a diff, or what was done; a text that is in no file is printed itself."""
    for result in results:
        if args.diff:
            print_diff(unified(result.source, result.text, "fixed"))
        elif not _is_file(result.source):
            print_text(result.text)
    sys.stdout.flush()
    # Behind a text or a diff it is no result but a remark.
    bare = args.diff or any(not _is_file(result.source) for result in results)
    done = "would fix" if args.diff else "fixed"
    for result in results:
        lines = [_line(done, change, change.fix.title) for change in result.applied]
        show(lines, sys.stderr if bare else None)
        why = "its fix would not help, or make it worse"
        show([_line("not fixed", change, why) for change in result.refused], sys.stderr)


def _line(done: str, change: Change, what: str) -> Line:
    span = change.found.span or change.fix.edits[0].span
    return [(f"{span.source.name}:{span.line}: {done} {change.found.code}: {what}", "")]


def as_json(result: FixedText, args: Namespace) -> dict[str, Any]:
    """What was done to a text as JSON."""
    data: dict[str, Any] = {
        "changed": result.changed,
        "applied": [_change(change) for change in result.applied],
        "refused": [_change(change) for change in result.refused],
    }
    if args.diff:
        data["diff"] = unified(result.source, result.text, "fixed")
    if not _is_file(result.source):
        data["text"] = result.text
    return data


def _change(change: Change) -> dict[str, Any]:
    return {
        "code": change.found.code,
        "message": change.found.message,
        "title": change.fix.title,
        "safe": change.fix.safe,
    }
