"""The walk that finds where names are defined and used; `symbols` makes values of it.

Follows expansion without values: a body is looked at once, where it is written, whether or
not it is ever used, and a text with errors gives the names of all that parses. Pure but for
the files that `use` names.
"""

from collections.abc import Callable, Iterable, Iterator

from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.expansion.imports import ALLOWED, MAX_FILE_DEPTH, MAX_FILES
from cnnspec.expansion.symbol_scopes import (
    BLOCK,
    FILE,
    LAYER,
    LET,
    PARAMETER,
    VARIABLE,
    Definition,
    Entry,
    Scope,
    Table,
)
from cnnspec.expansion.vocabulary import VOCABULARY
from cnnspec.files.sources import Unsaved, read_used
from cnnspec.ir.spec import Spec, is_automatic
from cnnspec.ir.training import Training
from cnnspec.language.constructs import Construct
from cnnspec.language.expressions import names_in
from cnnspec.language.forms import references
from cnnspec.language.parse import Parsed, parse
from cnnspec.language.syntax import (
    Argument,
    Block,
    Call,
    Expression,
    Option,
    Relation,
    Statement,
    String,
    Word,
)
from cnnspec.layers.merging import MERGES, Residual
from cnnspec.layers.table import LAYERS


def entries_of(parsed: Parsed, unsaved: Unsaved) -> list[Entry]:
    """Returns the symbols of a text and of the files it uses, in the order they were found."""
    table = Table(parsed.source, unsaved)
    scope = Scope({}, {}, _whole(parsed.source))
    _statements(table, parsed.statements, scope)
    for axis in table.axes:
        _refer(scope, [axis])
    return table.entries


def _whole(source: Source) -> Span:
    return source.span(0, len(source.text))


def _refer(scope: Scope, words: Iterable[Word]) -> None:
    """Notes the uses of names of numbers."""
    for word in words:
        if word.text in scope.values:
            scope.values[word.text].uses.append(word.span)


def _statements(table: Table, statements: tuple[Statement, ...], scope: Scope) -> None:
    for statement in statements:
        _statement(table, statement, scope)


def _statement(table: Table, statement: Statement, scope: Scope) -> None:
    word, block = statement.word, statement.block
    if word in _FUNCTIONS:
        _FUNCTIONS[word](table, statement, scope)
    elif word in scope.blocks:
        _apply(table, statement, scope)
    elif word in _CONSTRUCTS:
        _construct(table, statement, scope)
    elif word in Spec.specs:
        _refer(scope, Spec.specs[word].kind.references(statement.arguments, scope.values))
    else:
        # A word that is misspelt or misplaced: in what it is given names are still names.
        _refer(scope, _certain(statement.arguments))
    if block and not (word in _FUNCTIONS or word in MERGES):
        _statements(table, block.statements, scope.inner(block.span))


def _certain(arguments: Iterable[Argument]) -> Iterator[Word]:
    """The names in arguments that are names whatever the word before them takes."""
    for argument in arguments:
        match argument:
            case Option(value=Word()) | Relation(value=Word()) | Word() | Call():
                pass
            case Option(value=value) | Relation(value=value):
                yield from names_in(value)
            case _:
                yield from names_in(argument)


def _construct(table: Table, statement: Statement, scope: Scope) -> None:
    """A layer or merge: the names in its arguments, and its own."""
    cls = _CONSTRUCTS[statement.word]
    _refer(scope, references(cls, statement.arguments, scope.values))
    _named(table, statement, scope)
    if statement.block and statement.word in MERGES:
        for inner in statement.block.statements:
            _branch(table, inner, scope, closed=statement.block.closed)


def _branch(table: Table, statement: Statement, scope: Scope, *, closed: bool) -> None:
    """A branch of a merge, or in one without its `}` a statement that comes after the merge."""
    if statement.word == "branch" and statement.block:
        inner = scope.inner(statement.block.span)
        _statements(table, statement.block.statements, inner)
    else:
        _statement(table, statement, scope.inner(statement.span) if closed else scope)


def _named(table: Table, statement: Statement, scope: Scope) -> None:
    """The name that a person gives a layer, a merge or the use of a block."""
    for argument in statement.arguments:
        match argument:
            case Option(name="name", value=Word(text=name) | String(value=name) as value):
                if not is_automatic(name):
                    table.add(LAYER, name, value.span, _whole(value.span.source))


def _let(table: Table, statement: Statement, scope: Scope) -> None:
    for argument in statement.arguments:
        if not isinstance(argument, Option):
            _refer(scope, _certain([argument]))
            continue
        name, span = argument.name, argument.word_span
        match argument.value:
            case Call(arguments=inside):
                _refer(scope, _certain(inside))
            case value:
                _refer(scope, names_in(value))
        if name in scope.own:
            # Defined twice, which is an error: a new name is one for both.
            scope.values[name].uses.append(span)
        else:
            scope.own.add(name)
            scope.values[name] = table.add(LET, name, span, scope.after(span))


def _block(table: Table, statement: Statement, scope: Scope) -> None:
    inside: tuple[Argument, ...] = ()
    match statement.arguments:
        case (Call(name=name, word_span=span, arguments=inside), *_):
            pass
        case (Word(text=name, span=span), *_):
            pass
        case _:
            name, span = "", statement.word_span
    extent = statement.block.span if statement.block else statement.span
    parameters: dict[str, Entry] = {}
    for argument in inside:
        match argument:
            case Word(text=parameter, span=place):
                pass
            case Option(name=parameter, word_span=place, value=default):
                _refer(scope, names_in(default))
            case _:
                continue
        if parameter in parameters:
            parameters[parameter].uses.append(place)
        else:
            seen = Span(place.source, place.start, extent.end)
            parameters[parameter] = table.add(PARAMETER, parameter, place, seen)
    if statement.block:
        inner = scope.inner(extent, parameters)
        _statements(table, statement.block.statements, inner)
    if name in scope.blocks:
        scope.blocks[name].entry.uses.append(span)
    elif name and name not in VOCABULARY.outside:
        entry = table.add(BLOCK, name, span, scope.after(span))
        scope.blocks[name] = Definition(entry, parameters)


def _apply(table: Table, statement: Statement, scope: Scope) -> None:
    """A block used like a layer: `cbr 32 k=5`."""
    definition = scope.blocks[statement.word]
    definition.entry.uses.append(statement.word_span)
    _named(table, statement, scope)
    for argument in statement.arguments:
        match argument:
            case Option(name="name"):
                pass
            case Option(name=name, word_span=span, value=value):
                if name in definition.parameters:
                    definition.parameters[name].uses.append(span)
                _refer(scope, names_in(value))
            case Expression():
                _refer(scope, names_in(argument))


def _repeat(table: Table, statement: Statement, scope: Scope) -> None:
    match statement.arguments:
        case (Word(text=name, span=span), Relation(operator="in", value=value), *rest):
            _refer(scope, names_in(value))
            extent = statement.block.span if statement.block else statement.span
            variable = table.add(VARIABLE, name, span, Span(span.source, span.start, extent.end))
            # The rounds of a shared repeat are one: its body has no value of the variable.
            values = {} if rest else {name: variable}
        case arguments:
            values = {}
            shared = len(arguments) > 1
            for argument in arguments[:-1] if shared else arguments:
                if isinstance(argument, Expression):
                    _refer(scope, names_in(argument))
    if statement.block:
        inner = scope.inner(statement.block.span, values)
        _statements(table, statement.block.statements, inner)


def _train(table: Table, statement: Statement, scope: Scope) -> None:
    block = statement.block or Block(statement.span, ())
    for inner in block.statements:
        if inner.word in Training.specs:
            kind = Training.specs[inner.word].kind
            _refer(scope, kind.references(inner.arguments, scope.values))
        elif block.closed:
            _refer(scope, _certain(inner.arguments))
        else:
            # The end of the block is missing, perhaps before this statement.
            _statement(table, inner, scope)


def _sweep(table: Table, statement: Statement, scope: Scope) -> None:
    block = statement.block or Block(statement.span, ())
    for inner in block.statements:
        setting = Training.specs.get(inner.word)
        if setting is None:
            table.axes.append(Word(inner.word_span, inner.word))
        for argument in inner.arguments:
            if isinstance(argument, Relation):
                values = argument.value
                found = (
                    setting.kind.references((values,), scope.values)
                    if setting
                    else names_in(values)
                )
                _refer(scope, found)


def _claim(table: Table, statement: Statement, scope: Scope) -> None:
    for argument in statement.arguments:
        if isinstance(argument, Relation):
            _refer(scope, names_in(argument.value))


def _use(table: Table, statement: Statement, scope: Scope) -> None:
    match statement.arguments:
        case (String(value=path, span=span),):
            found = _file(table, path)
            if found is not None:
                entry, blocks = found
                entry.uses.append(span)
                for name, definition in blocks.items():
                    scope.blocks.setdefault(name, definition)


def _file(table: Table, path: str) -> tuple[Entry, dict[str, Definition]] | None:
    """A file that is used and the blocks in it; `None` where it may not be used."""
    try:
        resolved, source = read_used(path, table.chain[-1].parent, table.root.parent, table.unsaved)
    except CnnspecError:
        return None
    if resolved in table.files:
        return table.files[resolved]
    deep = len(table.chain) > MAX_FILE_DEPTH or len(table.files) >= MAX_FILES
    if deep or resolved in [known.resolve() for known in table.chain]:
        return None
    entry = table.add(FILE, path, source.span(0, 0), _whole(source))
    scope = Scope({}, {}, _whole(source))
    table.files[resolved] = entry, scope.blocks
    table.chain.append(resolved)
    allowed = tuple(s for s in parse(source).statements if s.word in ALLOWED)
    _statements(table, allowed, scope)
    table.chain.pop()
    return table.files[resolved]


def _from(table: Table, statement: Statement, scope: Scope) -> None:
    """`from stem`: a use of the name of a layer; the latest is that of the block it is in."""
    match statement.arguments:
        case (Word(text=name, span=span),) | (String(value=name, span=span),):
            for entry in reversed(table.entries):
                here = entry.definition.source is span.source
                if (entry.kind, entry.name) == (LAYER, name) and here:
                    entry.uses.append(span)
                    return


_FUNCTIONS: dict[str, Callable[[Table, Statement, Scope], None]] = {
    "from": _from,
    "let": _let,
    "block": _block,
    "repeat": _repeat,
    "use": _use,
    "train": _train,
    "sweep": _sweep,
    "budget": _claim,
    "expect": _claim,
}
_CONSTRUCTS: dict[str, type[Construct]] = {**LAYERS, **MERGES, "residual": Residual}
