"""`let`: names for numbers."""

from cnnspec.diagnostics.errors import Refused
from cnnspec.diagnostics.structure import (
    WrittenAs,
)
from cnnspec.diagnostics.syntax import (
    Twice,
)
from cnnspec.expansion.scopes import Frame
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

    def let(self, statement: Statement, frame: Frame) -> None:
        """`let f = 16`: a name for a number."""
        if not statement.arguments:
            raise Refused(
                WrittenAs(statement.span, word="let", form="let name = value", found="nothing")
            )
        for argument in statement.arguments:
            if isinstance(argument, Word):
                self.doubtful.add(f"let {argument.text}")
            if not isinstance(argument, Option):
                form = argument.span.text if isinstance(argument, Word) else "name"
                raise Refused(
                    WrittenAs(
                        argument.span, word="let", form=f"let {form} = value", found=argument.kind
                    )
                )
            name = argument.name
            if name in frame.places:
                what = f"the name `{name}`"
                raise Refused(Twice(argument.span, what=what, first=frame.places[name]))
            frame.places[name] = argument.span
            self.doubtful.add(f"let {name}")
            frame.values[name] = self.value(name, argument.value, frame)
            self.doubtful.remove(f"let {name}")

    def value(self, name: str, value: Expression, frame: Frame) -> int | float:
        """What a `let` gives its name."""
        return evaluate(value, frame.values, f"`{name}`")
