"""Arguments to fields: what a word is given becomes the entry that its table holds.

Knows syntax and entries; no layer and no setting by name.
"""

from typing import Any

from cnnspec.core.record import MISSING, Record
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import UnknownOption, UnknownWord
from cnnspec.diagnostics.statements import GivenTwice
from cnnspec.diagnostics.values import MissingValue, WrongType
from cnnspec.language.arg_types import ArgType
from cnnspec.language.constructs import Construct
from cnnspec.language.expressions import Bindings
from cnnspec.language.forms import Extra, form_of
from cnnspec.language.numbers import FUNCTIONS
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import (
    Argument,
    Call,
    Dims,
    Expression,
    Group,
    Number,
    Option,
    Relation,
    Sequence,
    Word,
)


class Bound(Record):
    """What binding gave: the entry, unless a fault forbids one, and where each field stood.

    `extra` holds the options that are not fields of the entry.
    """

    entry: Any
    spans: dict[str, Span]
    extra: dict[str, Any]


class _Binding:
    """One binding under way."""

    def __init__(
        self, cls: type[Construct], bindings: Bindings, problems: list[Diagnostic], extra: Extra
    ) -> None:
        self.cls = cls
        self.bindings = bindings
        self.problems = problems
        self.before = len(problems)
        self.values: dict[str, Any] = {}
        self.spans: dict[str, Span] = {}
        form = form_of(cls, extra)
        self.kinds = form.kinds
        self.queue = list(form.positional)
        self.joined = form.joined
        self.lost = False
        """Whether a word was refused, so that what follows may have been meant for it."""
        self.read_to = 0
        """Where the last word that was refused ends, with the value that it was given."""
        self.bare = form.bare
        self.needed = form.needed

    def what(self, name: str) -> str:
        return f"the {name.replace('_', ' ')} of `{self.cls.word}`"

    def take(self, argument: Argument) -> None:
        if argument.span.start < self.read_to:
            return
        match argument:
            case Option():
                self.option(argument)
            case Word(text=text) if text in self.bare:
                self.store(self.bare[text], argument, argument.span)
            case Call(name=name) if name in self.bare:
                self.store(self.bare[name], argument, argument.span)
            case Call(name=name, word_span=span) if not (name in FUNCTIONS or self.chosen(name)):
                raise self.unknown(Word(span, name))
            case Relation():
                raise DiagnosticError(
                    WrongType(
                        argument.span,
                        what=f"an argument of `{self.cls.word}`",
                        expected="a value, a word or an option",
                        found=argument.kind,
                    )
                )
            case _:
                self.position(argument)

    def option(self, option: Option) -> None:
        if option.name not in self.kinds:
            from cnnspec.language.slips import inside_another

            if error := inside_another(option, self.values, self.spans, self.bindings):
                raise error
            known = tuple(self.kinds)
            raise DiagnosticError(
                UnknownOption(
                    option.word_span,
                    option=option.name,
                    of=self.cls.word,
                    near=nearest(option.name, known),
                    known=known,
                    alone=option.name in self.bare,
                    value=option.value.span,
                )
            )
        self.store(option.name, option.value, option.span)
        if option.name in self.queue:
            self.queue.remove(option.name)

    def position(self, value: Expression) -> None:
        if self.joined and isinstance(value, Number | Dims | Group | Sequence):
            self.one_size(value)
        if not self.queue or self.queue[0] in self.joined:
            if isinstance(value, Word):
                raise self.unknown(value)
            self.queue.clear()
            if not self.lost:
                raise self.too_many(value)
            return
        name = self.queue[0]
        kind = self.cls.specs[name].kind
        if self.lost and isinstance(value, Word) and value.text[:1] == "x":
            # The rest of a size with spaces, whose beginning is reported.
            return
        if isinstance(value, Word) and (
            not kind.takes_words or (kind.words and self.names_option(value.text, kind))
        ):
            raise self.unknown(value)
        if kind.many:
            read = kind.read(value, self.bindings, self.what(name))
            self.values[name] = (*self.values.get(name, ()), *read)
            self.spans[name] = self.spans.get(name, value.span).to(value.span)
            return
        joined = len(self.queue) > 1 and self.queue[1] in self.joined
        if isinstance(value, Dims) and (kind.parts > 1 or joined):
            parts = value.parts
            while parts and self.queue:
                name = self.queue.pop(0)
                kind = self.cls.specs[name].kind
                mine, parts = parts[: kind.parts], parts[kind.parts :]
                span = mine[0].span.to(mine[-1].span)
                self.once(name, span)
                self.values[name] = kind.read_parts(mine, self.bindings, self.what(name))
                if parts and not (self.queue and self.queue[0] in self.joined):
                    break
            if parts:
                raise self.too_many(parts[0])
            return
        self.queue.pop(0)
        try:
            self.store(name, value, value.span)
        except DiagnosticError as refused:
            from cnnspec.language.wrong_types import unnamed

            raise unnamed(self.cls, name, value, self.bindings) or refused from None

    def chosen(self, word: str) -> bool:
        """Whether a word is a choice of the field whose turn it is."""
        return bool(self.queue) and word in self.cls.specs[self.queue[0]].kind.words

    def names_option(self, word: str, kind: ArgType) -> bool:
        """Whether a word is the name of a field, and not a choice of this kind."""
        return word in self.cls.specs and word not in kind.words

    def one_size(self, value: Expression) -> None:
        """Refuses a size in two values, as in `conv 32 3` and `conv 32, 3`."""
        if self.lost:
            return
        if self.queue and self.queue[0] in self.joined:
            names = list(self.cls.specs)
            first = self.spans.get(names[names.index(self.queue[0]) - 1])
        elif isinstance(value, Sequence) and len(self.queue) > 1 and self.queue[1] in self.joined:
            first = None
        else:
            return
        from cnnspec.language.slips import size_apart

        if error := size_apart(self.cls, first, value):
            self.lost = True
            self.queue.clear()
            raise error

    def too_many(self, value: Expression) -> DiagnosticError:
        self.lost = True
        from cnnspec.language.slips import too_many

        return too_many(self.cls, value, self.bindings, self.spans)

    def unknown(self, word: Word) -> DiagnosticError:
        self.lost = True
        known = tuple(self.bare)
        needed = bool(self.queue) and self.cls.specs[self.queue[0]].default is MISSING
        if self.queue:
            known += self.cls.specs[self.queue[0]].kind.words
        near = nearest(word.text, known)
        if word.text in self.bindings:
            near = f"({word.text})"
        from cnnspec.language.slips import option_example, size_of_names, with_first

        near = size_of_names(word.text, self.bindings) or near
        span, option = (word.span, "") if near else option_example(word, self.cls)
        self.read_to = span.end
        if needed and not near and not option and self.queue[0] not in self.joined:
            name = self.queue[0]
            expected = self.cls.specs[name].kind.expected
            what = self.what(name)
            return DiagnosticError(
                WrongType(word.span, what=what, expected=expected, found=word.kind)
            )
        if option and needed and self.cls.specs[self.queue[0]].kind.words:
            # `early_stop patience 3`: the word that comes first is missing as well.
            option = with_first(self.cls.specs[self.queue[0]].kind.words, option, span)
        of = f"`{self.cls.word}`"
        return DiagnosticError(
            UnknownWord(span, word=word.text, of=of, near=near, known=known, option=option)
        )

    def store(self, name: str, value: Expression, span: Span) -> None:
        self.once(name, span)
        self.values[name] = self.kinds[name].read(value, self.bindings, self.what(name))

    def once(self, name: str, span: Span) -> None:
        if name in self.spans:
            raise DiagnosticError(GivenTwice(span, what=self.what(name), first=self.spans[name]))
        self.spans[name] = span


def bind(
    cls: type[Construct],
    arguments: tuple[Argument, ...],
    span: Span,
    bindings: Bindings,
    problems: list[Diagnostic],
    *,
    extra: Extra = (),
    broken: bool = False,
) -> Bound:
    """Binds the arguments of a word to the fields of its entry.

    Every fault is appended to `problems`. `span` is the word's own, for what is
    missing; `extra` are options that every word of a kind takes beside its fields,
    such as `name=` of layers, and come back apart. A `broken` statement gives no entry
    and no fault besides the one that broke it.
    """
    binding = _Binding(cls, bindings, problems, extra)
    for argument in arguments:
        try:
            binding.take(argument)
        except DiagnosticError as refused:
            problems.append(refused.diagnostic)
    values = binding.values
    beside = {name: values.pop(name) for name, _ in extra if name in values}
    entry = None
    if broken:
        del problems[binding.before :]
    elif len(problems) == binding.before:
        missing = [name for name in binding.needed if name not in values]
        if missing:
            last = arguments[-1].span if arguments else span
            names = " and its ".join(name.replace("_", " ") for name in missing)
            problems.append(
                MissingValue(
                    span.to(last),
                    of=cls.word,
                    value=names,
                    usage=cls.usage(),
                    words=binding.kinds[missing[0]].words if len(missing) == 1 else (),
                    given=" ".join(argument.span.text for argument in arguments),
                )
            )
        else:
            entry = cls(**values)
            conflict = entry.conflict()
            if conflict:
                field, fault = conflict
                problems.append(fault.replace(span=binding.spans.get(field, span)))
                entry = None
    return Bound(entry, binding.spans, beside)
