"""Layers, and the branches that merges join."""

from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import (
    Incompatible,
)
from cnnspec.diagnostics.structure import (
    NotABranch,
    TooFewBranches,
)
from cnnspec.diagnostics.syntax import (
    BlockMissing,
    Twice,
)
from cnnspec.expansion.scopes import Scope
from cnnspec.expansion.statements import Statements
from cnnspec.ir.spec import NAME, Element, ErrorNode, Merge, Node, is_automatic
from cnnspec.language.binding import Bound, bind
from cnnspec.language.constructs import Construct
from cnnspec.language.syntax import (
    Statement,
)
from cnnspec.layers.merging import MERGES, Add, Residual
from cnnspec.layers.table import LAYERS

_NAMED = (("name", NAME),)
"""What every layer and merge takes beside its own."""


class Network(Statements):
    """The words of layers, of merges, and `residual`."""

    def layer(self, statement: Statement, frame: Scope) -> None:
        """A layer of the table."""
        bound = self.bound(LAYERS[statement.word], statement, frame)
        name = self.name(statement, bound, frame)
        if bound.entry is None:
            frame.elements.append(ErrorNode(statement.span))
        else:
            frame.elements.append(
                Node(statement.span, bound.spans, frame.call_sites, name=name, layer=bound.entry)
            )

    def merge(self, statement: Statement, frame: Scope) -> None:
        """`residual { … }`, or `add`, `concat`, ... with a `branch { … }` for each input."""
        body = self.body(statement)
        if statement.word == "residual":
            bound = self.bound(Residual, statement, frame)
            branches = [self.elements(body, frame), ()]
            layer = Add(project=bound.entry.project) if bound.entry else None
            bound = bound.replace(entry=layer)
        else:
            bound = self.bound(MERGES[statement.word], statement, frame)
            branches = [self.branch(inner, statement.word, frame) for inner in body]
            if len(branches) < 2 and not statement.broken:
                raise DiagnosticError(TooFewBranches(statement.word_span, word=statement.word))
        if bound.entry is None:
            frame.elements.append(ErrorNode(statement.span))
            return
        name = self.name(statement.replace(word=bound.entry.word), bound, frame)
        frame.elements.append(
            Merge(
                statement.word_span,
                bound.spans,
                frame.call_sites,
                name=name,
                layer=bound.entry,
                branches=tuple(branches),
            )
        )

    def branch(self, statement: Statement, word: str, frame: Scope) -> tuple[Element, ...]:
        """One branch of a merge."""
        if statement.word != "branch" or statement.arguments:
            self.problems.append(NotABranch(statement.span, word=word, found=statement.word))
            return (ErrorNode(statement.span),)
        if statement.block is None:
            self.problems.append(BlockMissing(statement.word_span, word="branch"))
            return (ErrorNode(statement.span),)
        return self.elements(statement.block.statements, frame)

    def bound(self, cls: type[Construct], statement: Statement, frame: Scope) -> Bound:
        """The arguments of a layer or merge bound to its entry."""

        def bound() -> Bound:
            return bind(
                cls,
                statement.arguments,
                statement.word_span,
                frame.values,
                self.problems,
                extra=_NAMED,
                broken=statement.broken,
            )

        return self.memory.bound(statement, frame.values, bound)

    def name(self, statement: Statement, bound: Bound, frame: Scope) -> str:
        """The name of a layer: the one given, or the next of its word."""
        given: str | None = bound.extra.get("name")
        span = bound.spans.get("name", statement.span)
        if given is None or is_automatic(given):
            own = frame.names.next(statement.word)
            if given not in (None, own):
                self.problems.append(
                    Incompatible(
                        span,
                        of=statement.word,
                        reason=f"the name `{given}`",
                        remedy="names of this form are given by themselves",
                    )
                )
            name = own
        else:
            name = f"{frame.names.prefix}{given}"
        if name in self.names:
            what = f"the layer name `{name}`"
            self.problems.append(Twice(span, what=what, first=self.names[name]))
        self.names[name] = span
        return name
