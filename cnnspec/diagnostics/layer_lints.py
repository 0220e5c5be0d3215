"""Warnings about the layers of a network: valid, but probably not what was meant.

None changes an exit code, each names what to do, and `silence CODE` turns it off in a file.
`cnnspec.analysis.lint` finds them.
"""

from collections.abc import Callable
from typing import ClassVar

from cnnspec.core.edits import Edit, Fix, Fixes
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label, many


class Lint(Diagnostic):
    """A warning that a spec can silence."""

    severity: ClassVar[str] = "warning"


class BiasBeforeNorm(Lint):
    """Batch norm subtracts the mean of each channel, and with it the bias before it.

    So it does through layers that keep a constant of a channel: pooling, `add`, `concat`. Its
    own offset is added afterwards and does what the bias was for (Ioffe and Szegedy,
    2015, section 3.2). The bias does no harm and has no effect: it costs parameters that
    no gradient changes.
    """

    code: ClassVar[str] = "CNN601"
    bad: ClassVar[str] = "conv 32x3; bn; relu; pool 2; dense 10 softmax"
    good: ClassVar[str] = "conv 32x3 no_bias; bn; relu; pool 2; dense 10 softmax"

    of: str
    biases: int
    norm: Label | None = None

    @property
    def message(self) -> str:
        return (
            f"the bias of `{self.of}` has no effect: the batch norm after it subtracts the "
            "channel mean"
        )

    @property
    def help(self) -> str:
        return f"write `no_bias`; it saves {many(self.biases, 'parameter')} and changes nothing"

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.norm,) if self.norm else ()

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import set_flag

        return (set_flag(span, "no_bias", "bias", safe=True),)


class NoActivation(Lint):
    """Two linear layers in a row compute nothing that one linear layer could not.

    Without an activation between them, the product of their kernels is one kernel. Layers
    between them that only move, drop, average or scale values (also batch norm, once it is
    trained) do not change that. Three pairs make sense and are not reported: a depthwise
    and a 1x1 convolution, which are a separable one; two kernels of which each spans one
    direction only; and a bottleneck with fewer values than before and after it.
    """

    code: ClassVar[str] = "CNN603"
    bad: ClassVar[str] = "flatten; dense 64; dense 10 softmax"
    good: ClassVar[str] = "flatten; dense 64 relu; dense 10 softmax"

    of: str
    next: str
    then: Label | None = None
    norm: Span | None = None
    """Where the batch norm between them is, after which an activation belongs."""
    normed: bool = False
    """Whether there is a batch norm between them."""

    @property
    def message(self) -> str:
        return f"`{self.of}` and `{self.next}` have no activation between them"

    @property
    def label(self) -> str:
        return "the two are linear together, as one layer would be"

    @property
    def help(self) -> str:
        return "put `relu` after the batch norm" if self.normed else f"write `{self.of} relu`"

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.then,) if self.then else ()

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import put_after, set_flag

        if not self.normed:
            return (set_flag(span, "relu", "activation", "linear"),)
        if self.norm is None:
            return ()
        return (Fix((put_after(self.norm, "relu"),), title="put `relu` after the batch norm"),)


class SoftmaxTwice(Lint):
    """A softmax of probabilities makes them nearly equal.

    Its inputs are between 0 and 1, so that of ten classes none can get more than 0.24,
    however sure the network is. It learns slowly, and its loss stays far from zero.
    """

    code: ClassVar[str] = "CNN604"
    bad: ClassVar[str] = "dense 10 softmax; softmax"
    good: ClassVar[str] = "dense 10; softmax"

    first: Label | None = None

    @property
    def message(self) -> str:
        return "softmax is applied to the output of a softmax"

    @property
    def help(self) -> str:
        return "remove this one"

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.first,) if self.first else ()

    def fixes_at(self, span: Span) -> Fixes:
        return without(span)


class DropoutBeforeNorm(Lint):
    """Batch norm learns the variance of values with dropout and is used on values without it.

    Dropout enlarges the variance only while training. The moving statistics keep that
    variance and are wrong afterwards (Li et al., "Understanding the disharmony between
    dropout and batch normalization by variance shift", 2018).
    """

    code: ClassVar[str] = "CNN607"
    bad: ClassVar[str] = "flatten; dense 64 relu; dropout 0.5; bn; dense 10 softmax"
    good: ClassVar[str] = "flatten; dense 64 relu; bn; dropout 0.5; dense 10 softmax"

    of: str
    norm: Label | None = None

    @property
    def message(self) -> str:
        return f"the batch norm after `{self.of}` learns a variance that is wrong without dropout"

    @property
    def help(self) -> str:
        return "move the dropout after the batch norm"

    @property
    def related(self) -> tuple[Label, ...]:
        return (self.norm,) if self.norm else ()

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import put_after

        norm = self.norm.span if self.norm else None
        return _moved(span, norm, put_after, "after the batch norm")


class DropoutOnOutput(Lint):
    """Dropout on the outputs removes right answers, and no layer after it can compensate."""

    code: ClassVar[str] = "CNN608"
    bad: ClassVar[str] = "flatten; dense 10; dropout 0.5; softmax"
    good: ClassVar[str] = "flatten; dropout 0.5; dense 10; softmax"

    of: str
    last: str
    before: Span | None = None
    """Where the last layer with weights is."""

    @property
    def message(self) -> str:
        return f"`{self.of}` changes the outputs themselves at random"

    @property
    def help(self) -> str:
        return f"move it before `{self.last}`" if self.last else "remove it"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import put_before

        if not self.last:
            return tuple(fix.replace(safe=False) for fix in without(span))
        return _moved(span, self.before, put_before, f"before `{self.last}`")


class DoesNothing(Lint):
    """A layer whose output equals its input can be removed."""

    code: ClassVar[str] = "CNN613"
    bad: ClassVar[str] = "conv 8x3 relu; relu; pool 2; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; pool 2; dense 10 softmax"

    of: str
    reason: str = ""

    @property
    def message(self) -> str:
        return f"`{self.of}` does nothing{self.reason and f': {self.reason}'}"

    @property
    def help(self) -> str:
        return "remove it"

    def fixes_at(self, span: Span) -> Fixes:
        return without(span)


def without(span: Span | None) -> Fixes:
    """Returns the fix that takes the statement of a layer out."""
    from cnnspec.diagnostics.rewrites import leave_out

    return (leave_out(span, safe=True, statement=True),) if span else ()


def _moved(
    span: Span | None, place: Span | None, put: Callable[[Span, str], Edit], where: str
) -> Fixes:
    """Returns the fix that moves a statement to another one."""
    from cnnspec.diagnostics.rewrites import without_statement

    if span is None or place is None or span.source is not place.source:
        return ()
    return (Fix((without_statement(span), put(place, span.text)), title=f"move it {where}"),)
