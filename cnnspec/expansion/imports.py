"""`use`: the blocks of other files of the project."""

from typing import TYPE_CHECKING

from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.errors import CnnspecError, DiagnosticError
from cnnspec.diagnostics.names import (
    Misplaced,
)
from cnnspec.diagnostics.structure import (
    CannotUse,
    WrittenAs,
)
from cnnspec.diagnostics.syntax import (
    Twice,
)
from cnnspec.expansion.scopes import Definition, Scope
from cnnspec.expansion.statements import Statements
from cnnspec.files.sources import read_used
from cnnspec.ir.spec import Names
from cnnspec.language.syntax import (
    Statement,
    String,
)

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILES = 64
MAX_FILE_DEPTH = 16


class _Files:
    """The files that `use` has read, and the chain of those being read."""

    def __init__(self) -> None:
        self.read: dict[Path, dict[str, Definition]] = {}
        self.chain: list[Path] = []


class Uses(Statements):
    """The word `use`."""

    def __init__(self) -> None:
        super().__init__()
        self.files = _Files()

    def use(self, statement: Statement, frame: Scope) -> None:
        """`use "blocks.cnn"`: the blocks of another file of the project."""
        match statement.arguments:
            case (String(value=path, span=span),):
                pass
            case _:
                found = statement.arguments[0].kind if statement.arguments else "nothing"
                form = 'use "blocks.cnn"'
                raise DiagnosticError(WrittenAs(statement.span, word="use", form=form, found=found))
        for name, definition in self.blocks_of(path, span).items():
            # Two files may both use a third: the same block is no second one.
            if frame.blocks.setdefault(name, definition) is not definition:
                first = frame.blocks[name].span
                raise DiagnosticError(Twice(span, what=f"the block `{name}`", first=first))

    def blocks_of(self, path: str, span: Span) -> dict[str, Definition]:
        """The blocks that a file defines."""
        from pathlib import Path

        files = self.files
        chain = files.chain or [Path(span.source.name).absolute()]
        try:
            resolved, source = read_used(path, chain[-1].parent, chain[0].parent)
        except CnnspecError as problems:
            fault = problems.diagnostics[0]
            raise DiagnosticError(CannotUse(span, path=path, reason=fault.message)) from None
        if resolved in files.read:
            return files.read[resolved]
        if resolved in [known.resolve() for known in chain]:
            names = " -> ".join(known.name for known in [*chain, resolved])
            raise DiagnosticError(CannotUse(span, path=path, reason=f"it uses itself: {names}"))
        if len(files.read) >= MAX_FILES or len(chain) > MAX_FILE_DEPTH:
            reason = f"at most {MAX_FILES} files, {MAX_FILE_DEPTH} deep, can be used"
            raise DiagnosticError(CannotUse(span, path=path, reason=reason))
        files.chain = [*chain, resolved]
        try:
            return files.read.setdefault(resolved, self.definitions(source))
        finally:
            files.chain = chain

    def definitions(self, source: Source) -> dict[str, Definition]:
        """The blocks in a text of nothing but `let`, `block` and `use`."""
        parsed = self.memory.parsed(source)
        self.problems += parsed.problems
        frame = Scope({}, {}, Names())
        for statement in parsed.statements:
            if statement.word not in ("let", "block", "use"):
                home = "in the spec itself; a file that is used holds blocks"
                self.problems.append(Misplaced(statement.word_span, word=statement.word, home=home))
                continue
            self.statement(statement, frame)
        return frame.blocks
