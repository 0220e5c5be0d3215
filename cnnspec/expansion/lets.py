"""`let`: names for numbers."""

from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.statements import GivenTwice
from cnnspec.diagnostics.structure import WrongForm
from cnnspec.expansion.search import fit
from cnnspec.expansion.state import Keyword, Scope, State
from cnnspec.expansion.statements import require_few
from cnnspec.language.numbers import Exact
from cnnspec.language.syntax import Call, Expression, Option, Statement, Word


def let(state: State, statement: Statement, scope: Scope) -> None:
    """`let f = 16`: a name for a number."""
    if not statement.arguments:
        raise DiagnosticError(
            WrongForm(statement.span, word="let", form="let name = value", found="nothing")
        )
    for argument in statement.arguments:
        if isinstance(argument, Word):
            state.poisoned.add(f"let {argument.text}")
        if not isinstance(argument, Option):
            name = argument.span.text if isinstance(argument, Word) else "name"
            form = f"let {name} = value"
            from cnnspec.expansion import repairs

            fix = repairs.let(statement.arguments)
            raise DiagnosticError(
                WrongForm(argument.span, word="let", form=form, found=argument.kind, fix=fix)
            )
        name = argument.name
        if name in scope.spans:
            what = f"the name `{name}`"
            raise DiagnosticError(GivenTwice(argument.span, what=what, first=scope.spans[name]))
        require_few(scope.values, argument.span, "names")
        scope.spans[name] = argument.span
        state.poisoned.add(f"let {name}")
        scope.values[name] = _value(state, name, argument.value, scope)
        state.poisoned.remove(f"let {name}")


def _value(state: State, name: str, value: Expression, scope: Scope) -> Exact:
    """The value that a `let` gives its name; an override comes before it."""
    if scope is state.top:
        state.searches |= isinstance(value, Call) and value.name == "fit"
        value = state.overrides.get(name, value)
        if isinstance(value, Call) and value.name == "fit":
            return fit(state, name, value, scope)
    return state.cache.value(value, scope.values, f"`{name}`")


KEYWORDS = {"let": Keyword(let)}
