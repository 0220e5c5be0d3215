"""Warnings about the values of a network: what an image cannot change, what cannot be said.

Loaded where one is found; `silence.py` has their codes.
"""

import re
from typing import ClassVar

from cnnspec.core.edits import Fix, Fixes, write
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Label, many
from cnnspec.diagnostics.layer_lints import Lint, without
from cnnspec.diagnostics.rewrites import leave_out, set_option, statement_around


class ForgetsImage(Lint):
    """The output of a layer is the same for every image, whatever its weights are.

    A softmax of a single channel is exp(x) / exp(x) = 1. A norm subtracts the mean of a group,
    and of a group of a single value that leaves 0: `ln` on one channel, `gn instance` after
    `gap`, or `gn`, which has 32 groups by default, on 32 values. If every path to the output
    goes through such a layer, the network answers every image alike and cannot learn.
    """

    code: ClassVar[str] = "CNN620"
    bad: ClassVar[str] = "flatten; dense 32 relu; gn; dense 10 softmax"
    good: ClassVar[str] = "flatten; dense 32 relu; bn; dense 10 softmax"

    of: str
    reason: str
    instead: str
    """A word that does not forget."""
    blind: bool = False
    """Whether the output of the whole network is the same for every image."""

    @property
    def message(self) -> str:
        return f"the output of `{self.of}` is the same for every image: {self.reason}"

    @property
    def label(self) -> str:
        return "the network answers every image alike, and cannot learn" if self.blind else ""

    @property
    def help(self) -> str:
        return f"write `{self.instead}` instead"

    def fixes_at(self, span: Span) -> Fixes:
        title = f"write `{self.instead}`"
        found = re.search(r"\bsoftmax\b", span.text)
        if self.instead == "sigmoid" and found:
            span = span.source.span(span.start + found.start(), span.start + found.end())
        return (write(span, self.instead, title=title),)


class StaysZero(Lint):
    """A kernel of zeros that no gradient reaches stays zero.

    The gradient of a kernel is its input times the gradient of its output. The first of two
    layers whose kernels are both zero gets no gradient, because the second multiplies it by
    zero, and the second has nothing but zeros as its input. Before `relu` even one such kernel
    stays zero, since the derivative of `relu` at 0 is 0. A single last layer, or the last one
    of a residual block, may well start at zero.
    """

    code: ClassVar[str] = "CNN621"
    bad: ClassVar[str] = "flatten; dense 32 relu init=zeros; dense 10 softmax"
    good: ClassVar[str] = "flatten; dense 32 relu; dense 10 softmax init=zeros"

    of: str
    blind: bool = False
    """Whether the output of the whole network is the same for every image."""

    @property
    def message(self) -> str:
        return f"the kernel of `{self.of}` stays zero: it starts so, and no gradient reaches it"

    @property
    def label(self) -> str:
        return "the network answers every image alike, and cannot learn" if self.blind else ""

    @property
    def help(self) -> str:
        return "write `init=glorot_uniform`, which is the default"

    def fixes_at(self, span: Span) -> Fixes:
        return (write(span, "init=glorot_uniform", title="write `init=glorot_uniform`"),)


class ClippedOutput(Lint):
    """A function before the last one takes away what it needs.

    A softmax tells classes apart by the differences of its inputs. Behind `sigmoid` they are
    at most 1, so that of ten classes none gets more than 0.23; behind `relu` a class whose
    value is below 0 gets no gradient until another layer moves it, and some never do. A
    `sigmoid` behind `relu` cannot say no: it is at least 0.5.
    """

    code: ClassVar[str] = "CNN622"
    bad: ClassVar[str] = "dense 10 sigmoid; softmax"
    good: ClassVar[str] = "dense 10; softmax"

    function: str
    last: str
    said: str
    end: Label | None = None
    alone: bool = False
    """Whether the function is a statement of its own."""

    @property
    def message(self) -> str:
        return f"`{self.function}` before the last `{self.last}` limits it: {self.said}"

    @property
    def help(self) -> str:
        return f"remove `{self.function}`"

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.end,) if self.end else ()

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import leave_out

        if self.alone:
            return without(span)
        found = re.search(rf"\b{self.function}\b", span.text)
        if found is None:
            return ()
        place = span.source.span(span.start + found.start(), span.start + found.end())
        return (leave_out(place, safe=True),)


class SlowStatistics(Lint):
    """Batch norm is scored with moving statistics, which need some steps to get anywhere.

    They begin at mean 0 and variance 1, and after T steps with `momentum` m a share of
    m ** T of them is still that. Training uses the statistics of each batch and does not
    notice; every score does.
    """

    code: ClassVar[str] = "CNN623"
    bad: ClassVar[str] = (
        "flatten; dense 32 no_bias; bn; relu; dense 10 softmax; train { batch 512; epochs 2 }"
    )
    good: ClassVar[str] = (
        "flatten; dense 32 no_bias; bn momentum=0.5; relu; dense 10 softmax\n"
        "train { batch 512; epochs 2 }"
    )

    of: str
    others: int
    """How many other statements it holds for."""
    steps: int
    share: int
    """How many per cent of the statistics are those they begin with."""
    norms: tuple[Span, ...] = ()
    """Where they all are."""

    @property
    def message(self) -> str:
        others = f" and {many(self.others, 'other')} like it" if self.others else ""
        return (
            f"after all {many(self.steps, 'step')}, {self.share} % of the moving statistics of "
            f"`{self.of}`{others} are those they begin with"
        )

    @property
    def help(self) -> str:
        return f"write `bn momentum={self._faster}`, or train longer"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import set_flag

        written = f"momentum={self._faster}"
        norms = [norm for norm in self.norms if norm.source is span.source]
        edits = [e for norm in norms for e in set_flag(norm, written, "momentum").edits]
        return (Fix(tuple(edits), title=f"write `{written}`"),) if edits else ()

    @property
    def _faster(self) -> str:
        """The momentum whose time constant is a tenth of the training."""
        return f"{max(0.5, 1 - 10 / self.steps):.3g}"


class ShortMemory(Lint):
    """The moving statistics of batch norm forget nearly all of what they have seen.

    They are what a trained network normalizes with. `momentum` is here, as in Keras, the share of
    the old statistics that each step keeps, 0.99 by default; in PyTorch it is the share of the new
    batch, 0.1 by default. So PyTorch's 0.1 is `momentum=0.9`.
    """

    code: ClassVar[str] = "CNN625"
    bad: ClassVar[str] = "conv 8x3 no_bias; bn momentum=0.1; relu; flatten; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 no_bias; bn momentum=0.9; relu; flatten; dense 10 softmax"

    momentum: float

    @property
    def message(self) -> str:
        kept = f"{100 * self.momentum:.3g} %"
        return f"with `momentum={self.momentum:g}`, a step keeps {kept} of the statistics before it"

    @property
    def help(self) -> str:
        other = self._other
        return (
            f"write `momentum={other}`, if it is PyTorch's: there it is the share of the new batch"
        )

    def fixes_at(self, span: Span) -> Fixes:
        return set_option(span, "momentum", self._other)

    @property
    def _other(self) -> str:
        return f"{1 - self.momentum:.6g}" if self.momentum >= 0.001 else "0.9"


class FitsNothing(Lint):
    """A `fit` whose name nothing uses changes nothing, so its largest value always fits."""

    code: ClassVar[str] = "CNN626"
    bad: ClassVar[str] = "let w = fit(1..64); dense 32 relu; dense 10 softmax"
    good: ClassVar[str] = "let w = fit(1..64); dense (w) relu; dense 10 softmax"

    name: str

    @property
    def message(self) -> str:
        return f"nothing uses `{self.name}`, which a `fit` is to find"

    @property
    def help(self) -> str:
        return f"write `({self.name})` where the number belongs, or remove the line"

    def fixes_at(self, span: Span) -> Fixes:
        statement = statement_around(span)
        # It may define other names as well.
        alone = statement.text.count("=") == 1
        return (leave_out(statement, statement=True),) if alone else ()


class SharedStatistics(Lint):
    """A shared batch norm keeps one mean and variance for values that differ.

    In training each call normalizes with the statistics of its own values. All of them move the
    same stored mean and variance, and scores are computed with these, which fit none of the calls.
    Keras does the same. A network of 962 parameters with such a norm, trained to 96 % of its
    images, put 22 % of MNIST's test images in the right class.
    """

    code: ClassVar[str] = "CNN627"
    bad: ClassVar[str] = (
        "conv 8x3 no_bias; repeat 2 shared { conv 8x3 same no_bias; bn; relu }; pool 2; "
        "dense 10 softmax"
    )
    good: ClassVar[str] = (
        "conv 8x3 no_bias; repeat 2 shared { conv 8x3 same no_bias; gn instance; relu }; pool 2; "
        "dense 10 softmax"
    )

    of: str
    calls: int
    instead: str
    """A norm without stored statistics."""

    @property
    def message(self) -> str:
        return f"`{self.of}` keeps one mean and variance for the values of {self.calls} calls"

    @property
    def label(self) -> str:
        return "what is stored fits none of them, and scores are computed with it"

    @property
    def help(self) -> str:
        return f"write `{self.instead}` instead, or leave `shared` out"

    def fixes_at(self, span: Span) -> Fixes:
        return (write(span, self.instead, title=f"write `{self.instead}`"),)


class NormOfOne(Lint):
    """The variance of a single value is 0, and the value less its mean is 0 too.

    With a batch of one image, batch norm of a vector trains on its offset alone, whatever the
    image is, and is then scored with moving statistics that have seen only that. So it is in one
    step of each epoch where the images leave a last batch of one.
    """

    code: ClassVar[str] = "CNN624"
    bad: ClassVar[str] = "flatten; dense 32 no_bias; bn; relu; dense 10 softmax; train { batch 1 }"
    good: ClassVar[str] = "flatten; dense 32; ln; relu; dense 10 softmax; train { batch 1 }"

    of: str
    batch: int = 1
    images: int = 0
    """How many there are, where only the last batch has one."""

    @property
    def message(self) -> str:
        when = f"with `batch {self.batch}`"
        if self.batch > 1:
            when = f"the last batch of {self.images:,} images {when} has one: there"
        else:
            when += ","
        return f"{when} `{self.of}` normalizes one value by itself, which leaves 0"

    @property
    def help(self) -> str:
        larger = range(self.batch + 1, self.images + 1)
        better = next((size for size in larger if self.images % size != 1), None)
        size = f"write `batch {better}`" if better else "take larger batches"
        return f"write `ln` instead, or {size}"

    def fixes_at(self, span: Span) -> Fixes:
        return (write(span, "ln", title="write `ln`"),)
