"""`let`: names for numbers."""

from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.structure import (
    WrittenAs,
)
from cnnspec.diagnostics.syntax import (
    Twice,
)
from cnnspec.expansion.scopes import Scope
from cnnspec.expansion.statements import Statements
from cnnspec.language.expressions import evaluate
from cnnspec.language.syntax import (
    Expression,
    Option,
    Statement,
    Word,
)


class Lets(Statements):
    """The word `let`."""

    def let(self, statement: Statement, frame: Scope) -> None:
        """`let f = 16`: a name for a number."""
        if not statement.arguments:
            raise DiagnosticError(
                WrittenAs(statement.span, word="let", form="let name = value", found="nothing")
            )
        for argument in statement.arguments:
            if isinstance(argument, Word):
                self.poisoned.add(f"let {argument.text}")
            if not isinstance(argument, Option):
                form = argument.span.text if isinstance(argument, Word) else "name"
                raise DiagnosticError(
                    WrittenAs(
                        argument.span, word="let", form=f"let {form} = value", found=argument.kind
                    )
                )
            name = argument.name
            if name in frame.spans:
                what = f"the name `{name}`"
                raise DiagnosticError(Twice(argument.span, what=what, first=frame.spans[name]))
            frame.spans[name] = argument.span
            self.poisoned.add(f"let {name}")
            frame.values[name] = self.value(name, argument.value, frame)
            self.poisoned.remove(f"let {name}")

    def value(self, name: str, value: Expression, frame: Scope) -> int | float:
        """What a `let` gives its name."""
        return evaluate(value, frame.values, f"`{name}`")
