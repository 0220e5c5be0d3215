"""Layers that join branches into one: side by side, or value by value."""

from typing import ClassVar

from cnnspec.core.counts import Count, count
from cnnspec.core.shapes import Image, Shape, gates_of, sizes
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.branches import BranchesDiffer
from cnnspec.diagnostics.values import Incompatible
from cnnspec.language.choices import Bool
from cnnspec.language.constructs import flag
from cnnspec.layers.base import Inference, Layer, ShapeError
from cnnspec.operations.base import Operation
from cnnspec.operations.values import Concatenate, Join


class Merging(Layer):
    """A layer with several inputs; its block holds a `branch { … }` for each."""

    gates: ClassVar[bool] = False
    """Whether a vector with a value for each channel may stand beside an image."""

    def infer(self, shape: Shape) -> Inference:
        return self.join((shape,))

    def join(self, shapes: tuple[Shape, ...]) -> Inference:
        """Output sizes on inputs of these shapes; raises `ShapeError` where they do not fit."""
        first = shapes[0]
        for shape in shapes[1:]:
            if shape != first:
                raise ShapeError("", BranchesDiffer(None, first, of=self.word, shapes=shapes))
        return Inference(sizes(first))


class Elementwise(Merging):
    """A merge of equal shapes, value by value."""

    joins: ClassVar[str]
    """How two values become one: the function of the operation."""

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (Join(self.joins),)


class Add(Elementwise):
    """The sum of the branches.

    With `project`, an empty branch whose shape differs gets a 1x1 convolution, strided
    where the others shrink the image; with `project bn` it has batch norm in place of a bias,
    as in ResNets (He et al., "Deep residual learning", 2016), with the settings of the last
    batch norm of the other branches.
    """

    word: ClassVar[str] = "add"
    joins: ClassVar[str] = "add"

    project: bool = flag(
        Bool("project", means=True),
        "whether an empty branch gets a 1x1 convolution where its shape differs",
        default=False,
    )
    bn: bool = flag(
        Bool("bn", means=True), "whether batch norm follows that convolution", default=False
    )

    def conflict(self) -> tuple[str, Diagnostic] | None:
        """`bn` belongs to `project`: without a projection there is nothing to normalize."""
        if not self.bn or self.project:
            return None
        reason, remedy = "`bn` without `project`", f"write `{self.word} project bn`"
        return "bn", Incompatible(
            None, of=self.word, reason=reason, remedy=remedy, instead="project bn"
        )


class Multiply(Elementwise):
    """The product of the branches, where a gate is stretched over the image beside it.

    A vector or a single pixel multiplies whole channels, as in a squeeze-and-excite block
    (Hu et al., 2018); an image of one channel multiplies whole positions, as in the spatial
    attention of CBAM (Woo et al., 2018).
    """

    word: ClassVar[str] = "multiply"
    joins: ClassVar[str] = "multiply"
    gates: ClassVar[bool] = True

    def join(self, shapes: tuple[Shape, ...]) -> Inference:
        largest = max(shapes, key=lambda shape: shape.size)
        gates = gates_of(largest) if isinstance(largest, Image) else ()
        if all(shape in (largest, *gates) for shape in shapes):
            return Inference(sizes(largest))
        return super().join(shapes)


class Average(Elementwise):
    """The mean of the branches."""

    word: ClassVar[str] = "average"
    joins: ClassVar[str] = "average"


class Maximum(Elementwise):
    """The largest of the branches, value by value."""

    word: ClassVar[str] = "maximum"
    joins: ClassVar[str] = "maximum"


class Concat(Merging):
    """The channels of the branches side by side."""

    word: ClassVar[str] = "concat"

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (Concatenate(),)

    def join(self, shapes: tuple[Shape, ...]) -> Inference:
        first = shapes[0]
        if any(shape.dims[:-1] != first.dims[:-1] for shape in shapes):
            raise ShapeError("", BranchesDiffer(None, first, of=self.word, shapes=shapes))
        channels: Count = count(0)
        for number, shape in enumerate(shapes, 1):
            channels = channels + count(shape.dims[-1], f"C{number}")
        return Inference((*sizes(first)[:-1], channels))


MERGES: dict[str, type[Merging]] = {
    "add": Add,
    "concat": Concat,
    "multiply": Multiply,
    "average": Average,
    "maximum": Maximum,
}
"""Every merge by its word."""


class Residual(Add):
    """The output of its block plus the input."""

    word: ClassVar[str] = "residual"
