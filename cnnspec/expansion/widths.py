"""Which names of a spec only make its layers wider, so that more of them never costs less.

A search then needs no look at every value: where one is over budget, all larger ones are too.
Syntax in, names out. Where it is in doubt, a name is not among them.
"""

from collections.abc import Iterable

from cnnspec.core.record import Record
from cnnspec.expansion.state import Overrides
from cnnspec.language.numbers import FUNCTIONS
from cnnspec.language.scan import MAX_DEPTH
from cnnspec.language.syntax import (
    Argument,
    Binary,
    Call,
    Dims,
    Expression,
    Group,
    Negative,
    Number,
    Option,
    Range,
    Relation,
    Sequence,
    Statement,
    String,
    SyntaxNode,
    Word,
    nodes_in,
    words_in,
)
from cnnspec.layers.table import CONSTRUCTS

WIDTHS = ("filters", "units")
"""The fields of layers that are a width."""
MAX_STEPS = 10_000
"""Statements looked at, those of blocks at every use."""
MAX_NODES = 200
"""Nodes of an expression that is looked into."""

_NOTHING: frozenset[str] = frozenset()


class _Growth(Record):
    """How a value depends on the names: it never falls where one of `names` rises.

    `positive` says that it is never below 0.
    """

    names: frozenset[str] = _NOTHING
    positive: bool = False


class _Block(Record):
    """A block: its parameters with their defaults, its body, and what it can see."""

    parameters: dict[str, _Growth]
    body: tuple[Statement, ...]
    scope: "_Scope"


class _Scope(Record):
    """The names and blocks that a statement sees."""

    values: dict[str, _Growth]
    blocks: dict[str, _Block]

    def inner(self, **values: _Growth) -> "_Scope":
        return _Scope({**self.values, **values}, dict(self.blocks))


def only_widen(
    statements: Iterable[Statement], overrides: Overrides, names: Iterable[str]
) -> frozenset[str]:
    """Returns those of the `names`, each a `let`, that nothing but widths of layers depends on.

    A width is a number of filters or units, and must not fall where the name rises: `(2*w)`,
    `(round(w/8)*8)`, also as the argument of a block. A kernel, a stride, a count of `repeat`, a
    budget and a setting are none.
    """
    walk = _Walk(overrides, frozenset(names))
    walk.run(statements, _Scope({}, {}), 0)
    return walk.rising


class _Walk:
    """One look at a text; `rising` are the names of which nothing else was found yet."""

    def __init__(self, overrides: Overrides, rising: frozenset[str]) -> None:
        self.overrides = overrides
        self.rising = rising
        self.searched = rising
        self.steps = 0

    def run(self, statements: Iterable[Statement], scope: _Scope, depth: int) -> None:
        for statement in statements:
            self.steps += 1
            if self.steps > MAX_STEPS or depth > MAX_DEPTH:
                self.rising = _NOTHING
                return
            match statement.word:
                case "let":
                    self.let(statement, scope, depth)
                case "block":
                    self.block(statement, scope)
                case "repeat":
                    self.repeat(statement, scope, depth)
                case word if word in scope.blocks:
                    self.use(statement, scope.blocks[word], scope, depth)
                case _:
                    self.statement(statement, scope, depth)

    def lose(self, nodes: Iterable[Argument], scope: _Scope) -> None:
        """Something else than a width depends on these."""
        for name in words_in(nodes):
            self.rising -= scope.values.get(name, _Growth()).names

    def let(self, statement: Statement, scope: _Scope, depth: int) -> None:
        for option in statement.arguments:
            if not isinstance(option, Option):
                continue
            name, value = option.name, option.value
            if depth == 0:
                value = self.overrides.get(name, value)
            if isinstance(value, Call) and value.name == "fit":
                self.lose(value.arguments, scope)
                scope.values[name] = _Growth(frozenset({name}) & self.searched, _low(value) >= 0)
            else:
                scope.values[name] = self.growth(value, scope)

    def block(self, statement: Statement, scope: _Scope) -> None:
        if not (statement.arguments and statement.block):
            return
        head = statement.arguments[0]
        given = head.arguments if isinstance(head, Call) else ()
        parameters = {
            **{word.text: _Growth() for word in given if isinstance(word, Word)},
            **{o.name: self.growth(o.value, scope) for o in given if isinstance(o, Option)},
        }
        name = head.name if isinstance(head, Call | Option) else getattr(head, "text", "")
        scope.blocks[name] = _Block(parameters, statement.block.statements, scope.inner())

    def use(self, statement: Statement, block: _Block, scope: _Scope, depth: int) -> None:
        left = list(block.parameters)
        values: dict[str, _Growth] = {}
        for argument in statement.arguments:
            match argument:
                case Option(name=name, value=value) if name in left:
                    left.remove(name)
                    values[name] = self.growth(value, scope)
                case Expression() if left:
                    parts = argument.parts if isinstance(argument, Dims) else (argument,)
                    for part in parts[: len(left)]:
                        values[left.pop(0)] = self.growth(part, scope)
                case _:
                    self.lose((argument,), scope)
        inner = block.scope.inner(**{**block.parameters, **values})
        self.run(block.body, inner, depth + 1)

    def repeat(self, statement: Statement, scope: _Scope, depth: int) -> None:
        self.lose(statement.arguments, scope)
        inner = scope.inner()
        match statement.arguments:
            case (Word(text=name), Relation(value=Range(low=low)), *_):
                inner.values[name] = _Growth(positive=self.growth(low, scope).positive)
            case (Word(text=name), Relation(value=value), *_):
                items = getattr(value, "items", (value,))
                positive = all(self.growth(item, scope).positive for item in items)
                inner.values[name] = _Growth(positive=positive)
        self.run(statement.block.statements if statement.block else (), inner, depth + 1)

    def statement(self, statement: Statement, scope: _Scope, depth: int) -> None:
        expected = _begins_with_width(statement.word)
        for argument in statement.arguments:
            sized = isinstance(argument, Dims | Group | Number | Binary)
            sized = sized or (isinstance(argument, Call) and argument.name in FUNCTIONS)
            if expected and sized:
                expected = False
                assert isinstance(argument, Expression)
                first, *rest = argument.parts if isinstance(argument, Dims) else (argument,)
                self.growth(first, scope)
                self.lose(rest, scope)
            else:
                self.lose((argument,), scope)
        if statement.block:
            self.run(statement.block.statements, scope.inner(), depth + 1)

    def growth(self, expression: Expression, scope: _Scope) -> _Growth:
        """How an expression grows; names of which it is not known that it does are lost."""
        nodes = [*nodes_in((expression,))]
        used = [scope.values.get(n.text, _Growth()) for n in nodes if isinstance(n, Word)]
        if not any(growth.names for growth in used):
            falls = any(map(_may_be_negative, nodes))
            return _Growth(positive=not falls and all(growth.positive for growth in used))
        # Longer than anyone writes, and too deep for recursion.
        found = self._growth(expression, scope) if len(nodes) <= MAX_NODES else None
        if found is None:
            self.lose((expression,), scope)
            return _Growth()
        return found

    def _growth(self, expression: Expression, scope: _Scope) -> _Growth | None:
        match expression:
            case Number(value=value):
                return _Growth(positive=value.numerator >= 0)
            case Group(inner=inner):
                return self._growth(inner, scope)
            case Word(text=text):
                return scope.values.get(text, _Growth())
            case Call(name=name, arguments=inside) if name in FUNCTIONS:
                parts = [self._growth(a, scope) for a in inside if isinstance(a, Expression)]
                known = [part for part in parts if part is not None]
                if len(known) < len(inside):
                    return None
                names = _NOTHING.union(*(part.names for part in known))
                return _Growth(names, all(part.positive for part in known))
            case Binary(operator=operator, left=left, right=right):
                before, after = self._growth(left, scope), self._growth(right, scope)
                return _combined(operator, before, after) if before and after else None
        return None


def _begins_with_width(word: str) -> bool:
    """Whether the first value of a word is a number of filters or units."""
    construct = CONSTRUCTS.get(word)
    specs = construct.specs.items() if construct else ()
    first = next((name for name, spec in specs if spec.place == "positional"), "")
    return first in WIDTHS


def _may_be_negative(node: SyntaxNode) -> bool:
    match node:
        case Number(value=value):
            return value.numerator < 0
        case Binary(operator="-") | Negative() | String() | Range() | Sequence():
            return True
    return False


def _combined(operator: str, left: _Growth, right: _Growth) -> _Growth | None:
    """How the result of an operator grows; `None` where it may fall or is not known."""
    names, positive = left.names | right.names, left.positive and right.positive
    if not names:
        return _Growth(positive=positive and operator != "-")
    match operator:
        case "+":
            return _Growth(names, positive)
        case "-" if not right.names:
            return _Growth(names)
        case "*" if positive:
            return _Growth(names, positive)
        case "*" if (left.positive and not left.names) or (right.positive and not right.names):
            return _Growth(names)
        case "/" | "//" if right.positive and not right.names:
            return _Growth(names, positive)
        case "^" if positive and not right.names:
            return _Growth(names, positive)
    return None


def _low(call: Call) -> int:
    """The first value of `fit(1..64)`, -1 where it is not a number in digits."""
    match call.arguments:
        case (Range(low=Number(value=int() as low)),):
            return low
    return -1
