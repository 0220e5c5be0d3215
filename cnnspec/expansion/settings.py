"""The words outside of every block that make no layer: settings, claims, `silence`."""

from collections.abc import Iterator
from typing import Any

from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.expansion.state import Keyword, Scope, State
from cnnspec.ir.claims import Budget, C, Expectation, read_claim
from cnnspec.ir.spec import Spec
from cnnspec.language.constructs import Construct
from cnnspec.language.syntax import Argument, Sequence, Statement


def setting(state: State, statement: Statement, scope: Scope) -> None:
    """`model`, `data`, `input`, `classes`."""
    assign(state, Spec, state.settings, "", statement)


def assign(
    state: State, cls: type[Construct], values: dict[str, Any], prefix: str, statement: Statement
) -> None:
    """Sets a field of `cls` from the statement that has its name."""
    name = statement.word
    state.once(prefix + name, f"`{name}`", statement.span)
    kind = cls.specs[name].kind
    bindings = state.top.values
    values[name] = state.cache.remembered(
        statement,
        bindings,
        lambda: kind.read_arguments(
            statement.arguments, statement.word_span, bindings, f"`{name}`"
        ),
    )


def silence(state: State, statement: Statement, scope: Scope) -> None:
    """`silence CNN601 CNN602`: warnings that are not wanted in this spec."""
    kind = Spec.specs["silence"].kind
    if not statement.arguments:
        kind.read_arguments((), statement.word_span, scope.values, "`silence`")
    for argument in _items(statement):
        try:
            (code,) = kind.read_arguments((argument,), argument.span, scope.values, "`silence`")
            state.once(f"silence.{code}", f"`{code}`", argument.span)
        except DiagnosticError as error:
            state.problems.append(error.diagnostic)
        else:
            state.settings["silence"] = (*state.settings.get("silence", ()), code)


def _items(statement: Statement) -> Iterator[Argument]:
    """The arguments of a statement, those of a list one by one."""
    for argument in statement.arguments:
        yield from argument.items if isinstance(argument, Sequence) else (argument,)


def budget(state: State, statement: Statement, scope: Scope) -> None:
    """`budget params <= 6000`: a limit of cost, which `check` proves."""
    claim = _claim(state, Budget, statement, scope)
    # What is left of a limit with an error is not judged.
    if not statement.broken:
        state.budgets.append(claim)


def expect(state: State, statement: Statement, scope: Scope) -> None:
    """`expect accuracy >= 0.98`: a claim, which `train` measures."""
    state.expectations.append(_claim(state, Expectation, statement, scope))


def _claim(state: State, cls: type[C], statement: Statement, scope: Scope) -> C:
    """The claim of a statement."""
    return state.cache.remembered(
        statement, scope.values, lambda: read_claim(cls, statement, scope.values)
    )


KEYWORDS = {
    "model": Keyword(setting),
    "data": Keyword(setting),
    "input": Keyword(setting),
    "classes": Keyword(setting),
    "allow": Keyword(setting),
    "silence": Keyword(silence),
    "budget": Keyword(budget),
    "expect": Keyword(expect),
}
