"""Errors of costs and claims: budgets that do not hold, claims that nothing can measure."""

import re
from typing import ClassVar

from cnnspec.core.edits import Fix, Fixes, insert, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label, listing


class BadClaim(Diagnostic):
    """A budget or expectation is a quantity, a comparison and a limit."""

    code: ClassVar[str] = "CNN111"
    bad: ClassVar[str] = "dense 10 softmax; budget params 8k"
    good: ClassVar[str] = "dense 10 softmax; budget params <= 8k"

    word: str
    example: str

    @property
    def message(self) -> str:
        return f"`{self.word}` needs a quantity, a comparison and a limit"

    @property
    def help(self) -> str:
        if self.span and self.fixes:
            edit = self.fixes[0].edits[0]
            cut, end = edit.span.start - self.span.start, edit.span.end - self.span.start
            return f"write `{self.span.text[:cut]}{edit.text}{self.span.text[end:]}`"
        return f"write it as in `{self.example}`"

    def fixes_at(self, span: Span) -> Fixes:
        if together := self._together(span):
            return (together,)
        if reordered := self._reordered(span):
            return (reordered,)
        found = re.match(r"\w+\s+(\w+)(?:\s+[^\W\d]\w*)?\s+(?=[\d.]\S*\Z)", span.text)
        if found is None:
            return ()
        # A budget is a limit; what is expected of a loss is little, of all else much.
        below = self.word == "budget" or found[1].endswith("loss")
        relation = "<=" if below else ">="
        at = span.start + found.end()
        title = f"write `{relation}`"
        safe = self.word == "budget"
        return (insert(span.source, at, f"{relation} ", safe=safe, title=title),)

    def _reordered(self, span: Span) -> Fix | None:
        """`expect 0.9`, `budget 5k params` and `budget ("params") <= 5k` in their usual form."""
        quoted = re.match(r"\w+\s+(\(\s*\"?(\w+)\"?\s*\)|\"(\w+)\")(?=\s|[<>=])", span.text)
        if quoted:
            place = span.source.span(span.start + quoted.start(1), span.start + quoted.end(1))
            name = quoted[2] or quoted[3]
            return write(place, name, safe=True, title=f"write `{name}`")
        found = re.fullmatch(
            r"\w+\s+((?P<relation>[<>]=?|==)?\s*(?P<limit>\d[\w.]*)(?:\s+(?P<name>[^\W\d]\w*))?)",
            span.text,
        )
        if found is None:
            return None
        share = re.fullmatch(r"0?\.\d+|[01](\.0*)?", found["limit"])
        usual = "params" if self.word == "budget" else "accuracy" if share else "loss"
        name = found["name"] or usual
        below = self.word == "budget" or name.endswith("loss")
        relation = found["relation"] or ("<=" if below else ">=")
        text = f"{name} {relation} {found['limit']}"
        place = span.source.span(span.start + found.start(1), span.end)
        return write(place, text, title=f"write `{self.word} {text}`")

    def _together(self, span: Span) -> Fix | None:
        """The fix of `<= 10 k` and `<= 10 000`: a number is one piece."""
        found = re.search(r"(?<=[<>=])[ \t]*(\d[\d \t]*[ \t](?:[kKM]\w*|\d{3}))\Z", span.text)
        if found is None:
            return None
        number = re.sub(r"(?<=\d)[ \t]+(?=\d)", "_", found[1])
        number = re.sub(r"[ \t]+", "", number)
        place = span.source.span(span.start + found.start(1), span.start + found.end())
        return write(place, number, safe=True, title=f"write `{number}`")


class OverBudget(Diagnostic):
    """A budget is proved from the layers alone, before anything is trained.

    Where a change of one layer would fit, the help names it: fewer filters or units, at
    least half as many, or a global pooling in place of a flatten.
    """

    code: ClassVar[str] = "CNN301"
    bad: ClassVar[str] = "dense 10 softmax; budget params <= 6000"
    good: ClassVar[str] = "dense 10 softmax; budget params <= 8k"

    quantity: str
    value: str
    relation: str
    limit: str
    costliest: str = ""
    advice: Fix | None = None
    """A change that would fit."""

    @property
    def message(self) -> str:
        return f"{self.quantity} is {self.value}, and the budget is {self.relation} {self.limit}"

    @property
    def topic(self) -> str:
        return f"budget {self.quantity} {self.relation} {self.limit}"

    @property
    def help(self) -> str:
        most = f"most of it: {self.costliest}" if self.costliest else ""
        advice = self.advice.title if self.advice else ""
        return "; ".join(part for part in (most, advice) if part)

    def fixes_at(self, span: Span) -> Fixes:
        return (self.advice,) if self.advice else ()


class CannotRunThere(Diagnostic):
    """A budget `on tflm` or `on litert` is about a runtime that has every layer of the network.

    What each of them does not do is in the table of exports of the reference.
    """

    code: ClassVar[str] = "CNN307"
    bad: ClassVar[str] = "conv 8x3 gelu; dense 10 softmax; budget ram int8 on tflm <= 20KiB"
    good: ClassVar[str] = "conv 8x3 relu; dense 10 softmax; budget ram int8 on tflm <= 20KiB"

    subject: str
    title: str
    word: str
    reason: str
    layer: Span | None = None

    @property
    def message(self) -> str:
        return f"{self.title} cannot run this network for `{self.subject}`: `{self.word}`"

    @property
    def label(self) -> str:
        return self.reason

    @property
    def related(self) -> tuple[Label, ...]:
        return (Label(self.layer, "here"),) if self.layer else ()

    @property
    def help(self) -> str:
        runtime = self.subject.rpartition(" on ")[2]
        return f"use another word in place of `{self.word}`, or leave out `on {runtime}`"


class SizeNotKnown(Diagnostic):
    """What LiteRT takes of RAM is not known before it runs: that is for budgets on others.

    Beside its arena it has buffers that its kernels ask for, and these depend on the processor.
    The file is the same everywhere, so `flash on litert` is known.
    """

    code: ClassVar[str] = "CNN308"
    bad: ClassVar[str] = "conv 8x3 relu; dense 10 softmax; budget ram int8 on litert <= 20KiB"
    good: ClassVar[str] = "conv 8x3 relu; dense 10 softmax; budget ram int8 on tflm <= 20KiB"

    @property
    def message(self) -> str:
        return "what LiteRT takes of RAM is not known before it runs"

    @property
    def label(self) -> str:
        return "the buffers of its kernels depend on the processor"

    @property
    def help(self) -> str:
        return (
            "write `tflm` in place of `litert`, for the arena of TensorFlow Lite Micro, or `flash` "
            "in place of `ram`, for the file"
        )

    def fixes_at(self, span: Span) -> Fixes:
        return (write(span, "tflm", title="limit the RAM of TensorFlow Lite Micro: write `tflm`"),)


class NothingFits(Diagnostic):
    """`fit` takes the largest value for which every shape and budget holds, if there is one."""

    code: ClassVar[str] = "CNN303"
    bad: ClassVar[str] = (
        "let w = fit(1..64); dense (w) relu; dense 10 softmax; budget params <= 700"
    )
    good: ClassVar[str] = (
        "let w = fit(1..64); dense (w) relu; dense 10 softmax; budget params <= 9000"
    )

    ranges: dict[str, tuple[int, int]]
    """The smallest and the largest value of each name."""
    values: dict[str, int]
    """The values that come nearest."""
    reasons: str
    """What is wrong with those."""

    @property
    def message(self) -> str:
        names = [f"`{name}` from {low} to {high}" for name, (low, high) in self.ranges.items()]
        if len(names) == 1:
            return f"no value of {names[0]} fits"
        return f"no values of {' and '.join(names)} fit"

    @property
    def label(self) -> str:
        values = [f"{name} = {value}" for name, value in self.values.items()]
        if len(values) == 1:
            values = [str(value) for value in self.values.values()]
        return f"at {', '.join(values)}: {self.reasons}"

    @property
    def help(self) -> str:
        return "relax the limits that fail, or make the rest of the network smaller"


class NothingToFit(Diagnostic):
    """`maximize` and `minimize` choose among the values of a `fit`.

    Without them the first `fit` is as large as possible, then the second, and so on.
    """

    code: ClassVar[str] = "CNN306"
    bad: ClassVar[str] = "maximize macs; dense 20 relu; dense 10 softmax; budget params <= 20k"
    good: ClassVar[str] = (
        "let w = fit(1..64); maximize macs; dense (w) relu; dense 10 softmax; budget params <= 20k"
    )

    objective: str

    @property
    def message(self) -> str:
        return f"`{self.objective}` has nothing to choose: no `let` has a `fit`"

    @property
    def help(self) -> str:
        return "write `let w = fit(1..64)` and use `(w)` in a layer, or remove this line"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import leave_out

        return (leave_out(span, statement=True),)


class NotAllowed(Diagnostic):
    """`allow` lists the only layers that may be used, as the rules of an assignment do."""

    code: ClassVar[str] = "CNN304"
    bad: ClassVar[str] = "allow conv pool dense; conv 8x3; gap; dense 10 softmax"
    good: ClassVar[str] = "allow conv pool dense; conv 8x3; pool 2; dense 10 softmax"

    word: str
    allowed: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"`{self.word}` is not among the layers that `allow` lists"

    @property
    def help(self) -> str:
        return f"use {listing(self.allowed, most=60)}"


class NothingValidates(Diagnostic):
    """Metrics of the validation set need one."""

    code: ClassVar[str] = "CNN302"
    bad: ClassVar[str] = "dense 10 softmax; expect val_accuracy >= 0.9; train { validation none }"
    good: ClassVar[str] = "dense 10 softmax; expect val_accuracy >= 0.9; train { validation 0.1 }"

    what: str
    validation: Span | None = None
    """Where `validation none` is."""

    @property
    def message(self) -> str:
        return f"{self.what} needs a validation set, and this spec trains without one"

    @property
    def help(self) -> str:
        return "write `validation 0.1` in the train block"

    def fixes_at(self, span: Span) -> Fixes:
        if self.validation is None:
            return ()
        return (write(self.validation, "validation 0.1", title="write `validation 0.1`"),)


class NotMeasured(Diagnostic):
    """Metrics of the training images are only there if they are measured."""

    code: ClassVar[str] = "CNN305"
    bad: ClassVar[str] = "dense 10 softmax; expect train_f1 >= 0.9; train { measure held_out }"
    good: ClassVar[str] = "dense 10 softmax; expect train_f1 >= 0.9; train { measure all }"

    quantity: str
    measure: Span | None = None
    """Where `measure held_out` is."""

    @property
    def message(self) -> str:
        return (
            f"`{self.quantity}` is not measured: `measure held_out` leaves the training images out"
        )

    @property
    def help(self) -> str:
        return "write `measure all` in the train block"

    def fixes_at(self, span: Span) -> Fixes:
        if self.measure is None:
            return ()
        return (write(self.measure, "measure all", title="write `measure all`"),)
