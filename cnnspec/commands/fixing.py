"""`cnnspec check --fix`: files with their fixes applied, written whole or not at all."""

import sys
from argparse import Namespace
from typing import Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.fixing import Change, FixedText, fix_texts
from cnnspec.commands.inputs import BadUsage, named_sources
from cnnspec.commands.output import print_text
from cnnspec.commands.rewriting import print_diff, unified
from cnnspec.core.record import Record
from cnnspec.core.terminal import Line, show
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.expansion.state import Overrides
from cnnspec.files.atomic import rewritable, rewrite
from cnnspec.files.sources import read_source

_BOM = "\ufeff"


class FixedFile(Record):
    """A text named on the command line, with its fixes."""

    fixed: FixedText

    @property
    def name(self) -> str:
        """The file, or how a text that is in no file is called."""
        return self.fixed.source.name

    @property
    def is_file(self) -> bool:
        """Whether the text is in a file, which can be written."""
        return not self.name.startswith("<")

    @property
    def result(self) -> CheckedSpec:
        """The text after the fixes, checked."""
        return self.fixed.result

    @property
    def changed(self) -> bool:
        """Whether the text is another one than before."""
        return self.fixed.changed

    @property
    def diff(self) -> str:
        """What changes, as a unified diff."""
        return unified(self.fixed.source, self.fixed.text, "fixed")

    def show(self, *, diff: bool) -> None:
        """Prints the diff, or what was done; a text that is in no file is printed itself."""
        if diff:
            print_diff(self.diff)
        elif not self.is_file:
            print_text(self.fixed.text)
        sys.stdout.flush()
        done = "would fix" if diff else "fixed"
        lines = [_line(done, change, change.fix.title) for change in self.fixed.applied]
        # Beside a text or a diff it is no result but a remark.
        show(lines, sys.stderr if diff or not self.is_file else None)
        why = "its fix would not help, or make it worse"
        show([_line("not fixed", change, why) for change in self.fixed.refused], sys.stderr)

    def dump(self, *, diff: bool) -> dict[str, Any]:
        """What was done to the text as JSON."""
        data: dict[str, Any] = {
            "changed": self.changed,
            "applied": [_change(change) for change in self.fixed.applied],
            "refused": [_change(change) for change in self.fixed.refused],
        }
        if diff:
            data["diff"] = self.diff
        if not self.is_file:
            data["text"] = self.fixed.text
        return data


def fix(args: Namespace, values: Overrides) -> list[FixedFile]:
    """Applies the fixes of every file, and writes those that change unless `--diff` is given.

    Raises:
        CnnspecError: a file cannot be read or may not be written to, or is an IR document.
    """
    sources = named_sources(args)
    for source in sources:
        if source.text.lstrip().startswith("{"):
            cause = f"{source.name} is an IR document, and `--fix` changes .cnn files"
            raise CnnspecError(BadUsage(None, cause, "print it as a spec first: `cnnspec expand`"))
    files = [FixedFile(one) for one in fix_texts(sources, values, unsafe=args.unsafe)]
    if not args.diff:
        _write({one.name: one.fixed for one in files if one.changed and one.is_file})
    return files


def _write(texts: dict[str, FixedText]) -> None:
    """Writes every text; no file before all may be written to and are as they were read."""
    for path, one in texts.items():
        rewritable(path, inside=True)
        if read_source(path).text != one.source.text:
            cause = f"{path} has changed while it was checked"
            raise CnnspecError(CannotWrite(None, cause, "nothing is written; try again"))
    for path, one in texts.items():
        with open(path, "rb") as file:  # noqa: PTH123 - a Path would lose the name as given
            mark = _BOM if file.read(3) == _BOM.encode() else ""
        rewrite(path, mark + one.text, inside=True)


def _line(done: str, change: Change, what: str) -> Line:
    span = change.found.span or change.fix.edits[0].span
    return [(f"{span.source.name}:{span.line}: {done} {change.found.code}: {what}", "")]


def _change(change: Change) -> dict[str, Any]:
    return {
        "code": change.found.code,
        "message": change.found.message,
        "title": change.fix.title,
        "safe": change.fix.safe,
    }
