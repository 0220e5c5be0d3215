"""`block`: words of one's own, and their use."""

from cnnspec.diagnostics.base import Diagnostic, Label, Traced
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import (
    Incompatible,
    MissingValue,
    TooManyValues,
    UnknownOption,
    WrongKind,
)
from cnnspec.diagnostics.structure import (
    BlockUsesItself,
    WrittenAs,
)
from cnnspec.diagnostics.syntax import (
    TooLarge,
    Twice,
)
from cnnspec.expansion.scopes import Definition, Scope
from cnnspec.expansion.statements import Statements
from cnnspec.ir.spec import NAME, Names
from cnnspec.language.expressions import Bindings, evaluate
from cnnspec.language.scan import MAX_DEPTH
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import (
    Call,
    Dims,
    Expression,
    Option,
    Relation,
    Statement,
    Word,
)


class Blocks(Statements):
    """The word `block`, and every word that it defines."""

    def define(self, statement: Statement, frame: Scope) -> None:
        """`block cbr(f, k=3) { … }`: a word of one's own."""
        match statement.arguments:
            case (Call(name=name, word_span=span, arguments=inside),):
                pass
            case (Word(text=name, span=span),):
                inside = ()
            case _:
                found = statement.arguments[0].kind if statement.arguments else "nothing"
                where = statement.arguments[0].span if statement.arguments else statement.word_span
                form = "block name(f, k=3) { … }"
                raise DiagnosticError(WrittenAs(where, word="block", form=form, found=found))
        self.poisoned.add(f"block {name}")
        if name in self.handlers(frame) or name in self.elsewhere:
            reason = f"the name `{name}`, which is a word of the language"
            raise DiagnosticError(
                Incompatible(span, of="block", reason=reason, remedy="choose another name")
            )
        if name in frame.blocks:
            first = frame.blocks[name].span
            raise DiagnosticError(Twice(span, what=f"the block `{name}`", first=first))
        parameters: dict[str, int | float | None] = {}
        for argument in inside:
            match argument:
                case Word(text=parameter):
                    default = None
                case Option(name=parameter, value=value):
                    default = evaluate(value, frame.values, f"the default of `{parameter}`")
                case _:
                    form = f"block {name}(f, k=3) {{ … }}"
                    raise DiagnosticError(
                        WrittenAs(argument.span, word="block", form=form, found=argument.kind)
                    )
            if parameter in parameters:
                raise DiagnosticError(Twice(argument.span, what=f"the parameter `{parameter}`"))
            parameters[parameter] = default
        body = self.body(statement)
        if not statement.broken:
            self.poisoned.discard(f"block {name}")
        frame.blocks[name] = Definition(
            span, parameters, body, dict(frame.values), dict(frame.blocks)
        )

    def apply(self, statement: Statement, frame: Scope) -> None:
        """A block used like a layer: `cbr 32`."""
        word = statement.word
        definition = frame.blocks[word]
        if frame.depth >= MAX_DEPTH:
            raise DiagnosticError(
                TooLarge(statement.word_span, what="blocks nest too deep", limit="100 levels")
            )
        given, name = self.parameters(statement, definition, frame)
        prefix = frame.names.next(word) if name is None else f"{frame.names.prefix}{name}"
        inner = Scope(
            {**definition.values, **given},
            definition.blocks,
            Names(f"{prefix}."),
            (statement.span, *frame.call_sites),
            frame.depth + 1,
        )
        before = len(self.problems)
        self.run(_without(definition.body, word, self.problems), inner)
        self.problems[before:] = [
            Traced(p.span, p, (Label(statement.span, "used here"),)) for p in self.problems[before:]
        ]
        frame.elements += inner.elements

    def parameters(
        self, statement: Statement, definition: Definition, frame: Scope
    ) -> tuple[Bindings, str | None]:
        """The values of a block's parameters, and the name given to its use."""
        word, known = statement.word, tuple(definition.parameters)
        usage = " ".join([word, *(f"{p.upper()}" for p in known)])
        values: Bindings = {}
        name = None
        queue = list(known)
        parts: tuple[Expression, ...]
        for argument in statement.arguments:
            if isinstance(argument, Option) and argument.name == "name":
                name = NAME.read(argument.value, frame.values, f"the name of `{word}`")
                continue
            if isinstance(argument, Option):
                parameter, parts = argument.name, (argument.value,)
                if parameter not in known:
                    near = nearest(parameter, known)
                    raise DiagnosticError(
                        UnknownOption(
                            argument.word_span, option=parameter, of=word, near=near, known=known
                        )
                    )
                if parameter in values:
                    what = f"the {parameter} of `{word}`"
                    raise DiagnosticError(Twice(argument.span, what=what))
                targets = [parameter]
            elif isinstance(argument, Relation):
                raise DiagnosticError(
                    WrongKind(
                        argument.span,
                        what=f"an argument of `{word}`",
                        expected="a number",
                        found=argument.kind,
                    )
                )
            else:
                parts = argument.parts if isinstance(argument, Dims) else (argument,)
                targets = queue[: len(parts)]
                if len(targets) < len(parts):
                    raise DiagnosticError(TooManyValues(argument.span, of=f"`{word}`", usage=usage))
            for target, part in zip(targets, parts, strict=True):
                values[target] = evaluate(part, frame.values, f"the {target} of `{word}`")
                queue.remove(target)
        for parameter in queue:
            default = definition.parameters[parameter]
            if default is None and not statement.broken:
                raise DiagnosticError(
                    MissingValue(statement.span, of=word, value=parameter, usage=usage)
                )
            values[parameter] = default or 0
        return values, name


def _without(
    body: tuple[Statement, ...], word: str, problems: list[Diagnostic]
) -> tuple[Statement, ...]:
    """A body without uses of its own block, which are reported."""
    kept = []
    for statement in body:
        if statement.word == word:
            problems.append(BlockUsesItself(statement.word_span, word=word))
        else:
            block = statement.block
            if block:
                inner = _without(block.statements, word, problems)
                statement = statement.replace(block=block.replace(statements=inner))
            kept.append(statement)
    return tuple(kept)
