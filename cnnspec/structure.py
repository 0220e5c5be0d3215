"""Statements to elements: layers, and everything that repeats, names and joins them.

Knows the words that give a network its form: `let`, `repeat`, `block`, `residual`,
the merges, `use`. What is wrong is collected; what a fault leaves unknown is marked
by a `Gap`, so that the checker draws no conclusion from it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from cnnspec.diagnostics.base import Diagnostic, Label, Problems, Refused, Traced
from cnnspec.diagnostics.structure import (
    BlockUsesItself,
    CannotUse,
    NotABranch,
    TooFewBranches,
    WrittenAs,
)
from cnnspec.diagnostics.text import (
    BlockMissing,
    BlockNotTaken,
    MissingSeparator,
    TooLarge,
    Twice,
)
from cnnspec.diagnostics.words import (
    Incompatible,
    Misplaced,
    MissingValue,
    TooManyValues,
    UnknownOption,
    UnknownStatement,
    WrongKind,
)
from cnnspec.files import read_used
from cnnspec.ir.spec import NAME, Element, Gap, Merge, Names, Node, Shared, is_automatic
from cnnspec.language.entries import Bound, Entry, bind
from cnnspec.language.expressions import Scope, evaluate
from cnnspec.language.kinds import Whole
from cnnspec.language.parse import parse
from cnnspec.language.scan import MAX_DEPTH
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import (
    Argument,
    Call,
    Dims,
    Expression,
    Option,
    Range,
    Relation,
    Sequence,
    Statement,
    String,
    Word,
)
from cnnspec.layers.merging import MERGES, Add, Residual
from cnnspec.layers.table import LAYERS
from cnnspec.record import Record
from cnnspec.source import Source, Span

MAX_LAYERS = 10_000
MAX_STEPS = 30_000
"""Statements taken in all, those counted that are repeated and make no layer."""
MAX_FILES = 64
MAX_FILE_DEPTH = 16

_TIMES = Whole(0)


class Definition(Record):
    """A block: its parameters with their defaults, its body, and what it can see."""

    span: Span
    parameters: dict[str, int | float | None]
    body: tuple[Statement, ...]
    values: Scope
    blocks: "dict[str, Definition]"


class Frame:
    """A place in which statements stand: the names it sees and where its elements go."""

    def __init__(
        self,
        values: Scope,
        blocks: dict[str, Definition],
        names: Names,
        uses: tuple[Span, ...] = (),
        depth: int = 0,
    ) -> None:
        self.values = values
        self.blocks = blocks
        self.names = names
        self.uses = uses
        self.depth = depth
        self.elements: list[Element] = []
        self.places: dict[str, Span] = {}

    def inner(self, **values: int | float) -> "Frame":
        """A frame within this one: the same names, elements of its own."""
        return Frame(
            {**self.values, **values}, dict(self.blocks), self.names, self.uses, self.depth + 1
        )


class _Files:
    """The files that `use` has read, and the chain of those being read."""

    def __init__(self) -> None:
        self.read: dict[Path, dict[str, Definition]] = {}
        self.chain: list[Path] = []


Handler = Callable[[Statement, Frame], None]


class Structure:
    """The expansion of statements into elements. `problems` collects what is wrong."""

    def __init__(self) -> None:
        self.problems: list[Diagnostic] = []
        self.doubtful: set[str] = set()
        self.names: dict[str, Span] = {}
        self.layers = self.steps = 0
        self.spent = False
        """Whether a limit was passed; nothing is expanded from there on."""
        self.files = _Files()
        self.building: dict[str, Handler] = {
            "let": self.let,
            "repeat": self.repeat,
            "block": self.define,
            "use": self.use,
            "residual": self.merge,
            **dict.fromkeys(MERGES, self.merge),
            **dict.fromkeys(LAYERS, self.layer),
        }
        """What may stand wherever layers may."""
        self.blocky = {"repeat", "block", "residual", *MERGES}
        """The words that take a block."""
        self.elsewhere: dict[str, str] = {"branch": "in a merge: `concat { branch { … } … }`"}
        """Words that have a meaning in another place, and where that is."""

    # Statements, whatever they say.

    def run(self, statements: tuple[Statement, ...], frame: Frame) -> None:
        """Takes the statements of a frame one after another."""
        for statement in statements:
            for part in self.separated(statement, self.known(frame), frame):
                self.statement(part, frame)

    def handlers(self, frame: Frame) -> dict[str, Handler]:
        """The words that have a meaning in a frame."""
        return self.building

    def known(self, frame: Frame) -> tuple[str, ...]:
        """The words that may start a statement in a frame."""
        return (*self.handlers(frame), *frame.blocks)

    def statement(self, statement: Statement, frame: Frame) -> None:
        """One statement: a word of the language, or a block that was defined."""
        word, block = statement.word, statement.block
        if self.spent:
            return
        self.steps += 1
        self.layers += word in LAYERS or word in MERGES
        if self.layers > MAX_LAYERS or self.steps > MAX_STEPS:
            self.spent = True
            self.problems.append(_too_many(statement.word_span))
            frame.elements.append(Gap(statement.span))
            return
        handler = self.handlers(frame).get(word)
        if handler is None and word in frame.blocks:
            handler = self.apply
        if handler is None:
            self.unknown(statement, frame)
            return
        self.guarded(handler, statement, frame)
        if block and not self.takes_block(word):
            if block.closed:
                self.problems.append(BlockNotTaken(block.span, word=word))
            else:
                # Its end is missing, which is said already.
                self.run(block.statements, frame)

    def takes_block(self, word: str) -> bool:
        """Whether a word is followed by a block."""
        return word in self.blocky

    def guarded(self, handler: Handler, statement: Statement, frame: Frame) -> None:
        """Runs a handler and keeps what it refuses."""
        if statement.broken:
            self.doubtful.add(statement.word)
        before = len(frame.elements)
        try:
            handler(statement, frame)
        except Refused as refused:
            self.doubtful.add(statement.word)
            if statement.word in self.building and statement.word not in ("let", "block", "use"):
                del frame.elements[before:]
                frame.elements.append(Gap(statement.span))
            if not statement.broken:
                self.problems.append(refused.diagnostic)

    def separated(
        self, statement: Statement, known: tuple[str, ...], frame: Frame
    ) -> Iterator[Statement]:
        """A statement that runs on into the next for want of a separator, as what was meant."""
        if statement.word not in known or statement.word in frame.blocks:
            yield statement
            return
        taken, first = self.taken(statement.word)
        for index, argument in enumerate(statement.arguments[first:], first):
            if not isinstance(argument, Word) or argument.text in (*taken, *frame.values):
                continue
            if argument.text in known:
                self.problems.append(MissingSeparator(argument.span, word=argument.text))
                head = statement.arguments[:index]
                end = head[-1].span if head else statement.word_span
                yield statement.replace(
                    span=statement.span.to(end), arguments=head, block=None, broken=False
                )
                rest = statement.replace(
                    span=Span(argument.span.source, argument.span.start, statement.span.end),
                    word=argument.text,
                    word_span=argument.span,
                    arguments=statement.arguments[index + 1 :],
                )
                yield from self.separated(rest, known, frame)
                return
        yield statement

    def taken(self, word: str) -> tuple[tuple[str, ...], int]:
        """The words a statement takes as arguments, and how many it takes whatever they are.

        What a setting is set to can be any word; what a layer takes are its own.
        """
        entry = LAYERS.get(word) or MERGES.get(word)
        return (entry.words(), 0) if entry else (("shared", "project"), 1)

    def unknown(self, statement: Statement, frame: Frame) -> None:
        """Reports a word that has no meaning here."""
        word, span = statement.word, statement.word_span
        if word in self.elsewhere:
            self.problems.append(Misplaced(span, word=word, home=self.elsewhere[word]))
            return
        known = self.known(frame)
        if word in self.doubtful_blocks:
            pass
        else:
            near = nearest(word, known)
            self.problems.append(UnknownStatement(span, word=word, near=near, known=known))
        # The layer that was meant is unknown, and so are all shapes after it.
        frame.elements.append(Gap(statement.span))

    @property
    def doubtful_blocks(self) -> set[str]:
        """Blocks whose definition is at fault; their use is no second fault."""
        return {name[6:] for name in self.doubtful if name.startswith("block ")}

    def body(self, statement: Statement) -> tuple[Statement, ...]:
        """The statements of the block that a word needs."""
        if statement.block is None:
            raise Refused(BlockMissing(statement.word_span, word=statement.word))
        return statement.block.statements

    # Names for numbers.

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

    # Layers and what joins them.

    def layer(self, statement: Statement, frame: Frame) -> None:
        """A layer of the table."""
        bound = self.bound(LAYERS[statement.word], statement, frame)
        name = self.name(statement, bound, frame)
        if bound.entry is None:
            frame.elements.append(Gap(statement.span))
        else:
            frame.elements.append(
                Node(statement.span, bound.places, frame.uses, name=name, layer=bound.entry)
            )

    def merge(self, statement: Statement, frame: Frame) -> None:
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
                raise Refused(TooFewBranches(statement.word_span, word=statement.word))
        if bound.entry is None:
            frame.elements.append(Gap(statement.span))
            return
        name = self.name(statement.replace(word=bound.entry.word), bound, frame)
        frame.elements.append(
            Merge(
                statement.word_span,
                bound.places,
                frame.uses,
                name=name,
                layer=bound.entry,
                branches=tuple(branches),
            )
        )

    def branch(self, statement: Statement, word: str, frame: Frame) -> tuple[Element, ...]:
        """One branch of a merge."""
        if statement.word != "branch" or statement.arguments:
            self.problems.append(NotABranch(statement.span, word=word, found=statement.word))
            return (Gap(statement.span),)
        if statement.block is None:
            self.problems.append(BlockMissing(statement.word_span, word="branch"))
            return (Gap(statement.span),)
        return self.elements(statement.block.statements, frame)

    def elements(self, body: tuple[Statement, ...], frame: Frame) -> tuple[Element, ...]:
        """The elements of a block within a frame."""
        inner = frame.inner()
        self.run(body, inner)
        return tuple(inner.elements)

    def bound(self, cls: type[Entry], statement: Statement, frame: Frame) -> Bound:
        """The arguments of a layer or merge bound to its entry."""
        return bind(
            cls,
            statement.arguments,
            statement.word_span,
            frame.values,
            self.problems,
            extra={"name": NAME},
            broken=statement.broken,
        )

    def name(self, statement: Statement, bound: Bound, frame: Frame) -> str:
        """The name of a layer: the one given, or the next of its word."""
        given: str | None = bound.extra.get("name")
        span = bound.places.get("name", statement.span)
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

    # Repetition.

    def repeat(self, statement: Statement, frame: Frame) -> None:
        """`repeat 3 { … }`, `repeat i in 0..2 { … }`, `repeat 3 shared { … }`."""
        body = self.body(statement)
        *head, last = statement.arguments or (None,)
        shared = isinstance(last, Word) and last.text == "shared" and bool(head)
        rounds = self.rounds(statement, tuple(head) if shared else statement.arguments, frame)
        if len(rounds) * max(_size(body), 1) > MAX_LAYERS:
            raise Refused(_too_many(statement.word_span))
        if shared:
            elements = self.elements(body, frame) if rounds else ()
            frame.elements.append(
                Shared(statement.word_span, uses=frame.uses, times=len(rounds), body=elements)
            )
            return
        for values in rounds:
            inner = frame.inner(**values)
            self.run(body, inner)
            frame.elements += inner.elements

    def rounds(
        self, statement: Statement, arguments: tuple[Argument, ...], frame: Frame
    ) -> list[dict[str, int | float]]:
        """The values of the running name in every round; empty ones where there is no name."""
        what = "the count of `repeat`"
        match arguments:
            case (Word(text=name),) if name not in frame.values:
                pass
            case (Expression() as count,):
                times = _TIMES.read(count, frame.values, what)
                if times > MAX_LAYERS:
                    raise Refused(_too_many(statement.word_span))
                return [{}] * times
            case (Word(text=name), Relation(operator="in", value=Range(low=low, high=high))):
                ends = [
                    Whole(-MAX_LAYERS, MAX_LAYERS).read(end, frame.values, f"the end of `{name}`")
                    for end in (low, high)
                ]
                return [{name: value} for value in range(ends[0], ends[1] + 1)]
            case (Word(text=name), Relation(operator="in", value=values)):
                items = values.items if isinstance(values, Sequence) else (values,)
                return [{name: evaluate(item, frame.values, f"`{name}`")} for item in items]
        found = arguments[0].kind if arguments else "nothing"
        span = arguments[0].span if arguments else statement.word_span
        form = "repeat 3 { … }` or `repeat i in 0..2 { … }"
        raise Refused(WrittenAs(span, word="repeat", form=form, found=found))

    # Blocks.

    def define(self, statement: Statement, frame: Frame) -> None:
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
                raise Refused(WrittenAs(where, word="block", form=form, found=found))
        self.doubtful.add(f"block {name}")
        if name in self.handlers(frame) or name in self.elsewhere:
            reason = f"the name `{name}`, which is a word of the language"
            raise Refused(
                Incompatible(span, of="block", reason=reason, remedy="choose another name")
            )
        if name in frame.blocks:
            first = frame.blocks[name].span
            raise Refused(Twice(span, what=f"the block `{name}`", first=first))
        parameters: dict[str, int | float | None] = {}
        for argument in inside:
            match argument:
                case Word(text=parameter):
                    default = None
                case Option(name=parameter, value=value):
                    default = evaluate(value, frame.values, f"the default of `{parameter}`")
                case _:
                    form = f"block {name}(f, k=3) {{ … }}"
                    raise Refused(
                        WrittenAs(argument.span, word="block", form=form, found=argument.kind)
                    )
            if parameter in parameters:
                raise Refused(Twice(argument.span, what=f"the parameter `{parameter}`"))
            parameters[parameter] = default
        body = self.body(statement)
        if not statement.broken:
            self.doubtful.discard(f"block {name}")
        frame.blocks[name] = Definition(
            span, parameters, body, dict(frame.values), dict(frame.blocks)
        )

    def apply(self, statement: Statement, frame: Frame) -> None:
        """A block used like a layer: `cbr 32`."""
        word = statement.word
        definition = frame.blocks[word]
        if frame.depth >= MAX_DEPTH:
            raise Refused(
                TooLarge(statement.word_span, what="blocks nest too deep", limit="100 levels")
            )
        given, name = self.parameters(statement, definition, frame)
        prefix = frame.names.next(word) if name is None else f"{frame.names.prefix}{name}"
        inner = Frame(
            {**definition.values, **given},
            definition.blocks,
            Names(f"{prefix}."),
            (statement.span, *frame.uses),
            frame.depth + 1,
        )
        before = len(self.problems)
        self.run(_without(definition.body, word, self.problems), inner)
        self.problems[before:] = [
            Traced(p.span, p, (Label(statement.span, "used here"),)) for p in self.problems[before:]
        ]
        frame.elements += inner.elements

    def parameters(
        self, statement: Statement, definition: Definition, frame: Frame
    ) -> tuple[Scope, str | None]:
        """The values of a block's parameters, and the name given to its use."""
        word, known = statement.word, tuple(definition.parameters)
        usage = " ".join([word, *(f"{p.upper()}" for p in known)])
        values: Scope = {}
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
                    raise Refused(
                        UnknownOption(
                            argument.word_span, option=parameter, of=word, near=near, known=known
                        )
                    )
                if parameter in values:
                    what = f"the {parameter} of `{word}`"
                    raise Refused(Twice(argument.span, what=what))
                targets = [parameter]
            elif isinstance(argument, Relation):
                raise Refused(
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
                    raise Refused(TooManyValues(argument.span, of=f"`{word}`", usage=usage))
            for target, part in zip(targets, parts, strict=True):
                values[target] = evaluate(part, frame.values, f"the {target} of `{word}`")
                queue.remove(target)
        for parameter in queue:
            default = definition.parameters[parameter]
            if default is None and not statement.broken:
                raise Refused(MissingValue(statement.span, of=word, value=parameter, usage=usage))
            values[parameter] = default or 0
        return values, name

    # Other files.

    def use(self, statement: Statement, frame: Frame) -> None:
        """`use "blocks.cnn"`: the blocks of another file of the project."""
        match statement.arguments:
            case (String(value=path, span=span),):
                pass
            case _:
                found = statement.arguments[0].kind if statement.arguments else "nothing"
                form = 'use "blocks.cnn"'
                raise Refused(WrittenAs(statement.span, word="use", form=form, found=found))
        for name, definition in self.blocks_of(path, span).items():
            # Two files may both use a third: the same block is no second one.
            if frame.blocks.setdefault(name, definition) is not definition:
                first = frame.blocks[name].span
                raise Refused(Twice(span, what=f"the block `{name}`", first=first))

    def blocks_of(self, path: str, span: Span) -> dict[str, Definition]:
        """The blocks that a file defines."""
        files = self.files
        chain = files.chain or [Path(span.source.name).absolute()]
        try:
            resolved, source = read_used(path, chain[-1].parent, chain[0].parent)
        except Problems as problems:
            fault = problems.diagnostics[0]
            raise Refused(CannotUse(span, path=path, reason=fault.message)) from None
        if resolved in files.read:
            return files.read[resolved]
        if resolved in [known.resolve() for known in chain]:
            names = " -> ".join(known.name for known in [*chain, resolved])
            raise Refused(CannotUse(span, path=path, reason=f"it uses itself: {names}"))
        if len(files.read) >= MAX_FILES or len(chain) > MAX_FILE_DEPTH:
            reason = f"at most {MAX_FILES} files, {MAX_FILE_DEPTH} deep, can be used"
            raise Refused(CannotUse(span, path=path, reason=reason))
        files.chain = [*chain, resolved]
        try:
            return files.read.setdefault(resolved, self.definitions(source))
        finally:
            files.chain = chain

    def definitions(self, source: Source) -> dict[str, Definition]:
        """The blocks in a text of nothing but `let`, `block` and `use`."""
        parsed = parse(source)
        self.problems += parsed.problems
        frame = Frame({}, {}, Names())
        for statement in parsed.statements:
            if statement.word not in ("let", "block", "use"):
                home = "in the spec itself; a file that is used holds blocks"
                self.problems.append(Misplaced(statement.word_span, word=statement.word, home=home))
                continue
            self.statement(statement, frame)
        return frame.blocks


def _size(statements: tuple[Statement, ...]) -> int:
    """How many statements a body comes to at least, plain repetitions multiplied out."""
    size = 0
    for statement in statements:
        inside = _size(statement.block.statements) if statement.block else 0
        times = 1
        if statement.word == "repeat" and statement.arguments:
            times = getattr(statement.arguments[0], "value", 1)
        size += max(1, inside) * (times if isinstance(times, int) else 1)
    return size


def _too_many(span: Span) -> TooLarge:
    return TooLarge(span, what="this network has too many layers", limit="10,000")


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
