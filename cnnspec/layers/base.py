"""What a layer is: syntax, shape rule, cost rule and weights in one frozen record.

Knows shapes and counts, but neither how a spec is written nor how it is computed: each target has
its own table of what a layer becomes there.
"""

from typing import ClassVar

from cnnspec.core.counts import ZERO, Count
from cnnspec.core.record import Record
from cnnspec.core.shapes import Image, Shape, Vector, sizes
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.shapes import NeedsImage
from cnnspec.language.constructs import Construct
from cnnspec.operations.base import Input as InputOperation
from cnnspec.operations.base import Operation


class ShapeError(Exception):
    """A layer that cannot take the shape it gets: the field that is wrong and what is reported."""

    def __init__(self, field: str, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.field = field
        self.diagnostic = diagnostic


class Inference(Record):
    """What a layer does to one example, each number with its derivation.

    `out` has the sizes of its output: one for a vector, three for an image.
    `params` are trainable weights; `frozen` ones, such as the moving statistics of
    batch norm, are weights that no gradient changes. `macs` counts the
    multiply-accumulates of kernels for one example, biases not counted.
    """

    out: tuple[Count, ...]
    params: Count = ZERO
    frozen: Count = ZERO
    macs: Count = ZERO

    @property
    def shape(self) -> Shape:
        """The shape of the output."""
        sizes = [size.value for size in self.out]
        return Vector(*sizes) if len(sizes) == 1 else Image(*sizes)


class Layer(Construct):
    """A layer of the table. Its fields are its syntax, as `Construct` says."""

    has_kernel: ClassVar[bool] = False
    """Whether it counts towards the depth of a network."""
    takes_vector: ClassVar[bool] = False
    """Whether an image is flattened before it."""
    depthwise: ClassVar[bool] = False
    """Whether its kernel does not mix the channels."""

    def infer(self, shape: Shape) -> Inference:
        """Output sizes and costs on an input of this shape; raises `ShapeError`."""
        raise NotImplementedError

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of its weights by their names, on a shape that `infer` accepts.

        Names, shapes and order are those of Keras, which a test compares. Kernels are
        (rows, columns, channels in, channels out), those of `tconv` with the last two
        exchanged. Weights that no gradient changes come last.
        """
        return {}

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        """Returns what it computes on an input of this shape: operations in order.

        The first one takes the inputs of the layer, each other one the output before it. Weights
        have the names that Keras gives them. The shape must be one that `infer` accepts.
        """
        raise NotImplementedError

    def starts_at_zero(self, key: str) -> bool:
        """Whether all numbers of one of its weights are zero before training."""
        return False

    @property
    def function(self) -> str:
        """The word of the function that it ends with; empty where it has none."""
        return ""

    @property
    def fixed_output_shape(self) -> Shape | None:
        """The output shape where no input changes it, so that a check can go on after an error."""
        return None

    def image(self, shape: Shape) -> Image:
        """The shape as an image; raises `ShapeError` for a vector."""
        if isinstance(shape, Image):
            return shape
        raise ShapeError("", NeedsImage(None, shape, of=self.word))


MAX_KEPT = 10_000
"""The number of layers whose inferences are cached."""


class InferenceCache:
    """Caches the inferences of layers for shapes that they meet again."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, tuple[int, ...]], tuple[Layer, Inference]] = {}

    def of(self, layer: Layer, shape: Shape) -> Inference:
        """What a layer does to a shape; raises `ShapeError`."""
        # By its id, because comparing all fields takes longer. The layer is kept, so its id is not
        # reused.
        key = id(layer), shape.dims
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MAX_KEPT:
                self._known.clear()
            found = self._known[key] = layer, layer.infer(shape)
        return found[1]


class Input(Layer):
    """The image itself, with which every graph begins. It cannot be written in a spec."""

    word: ClassVar[str] = "input"

    def infer(self, shape: Shape) -> Inference:
        return Inference(sizes(shape))

    def operations(self, shape: Shape) -> tuple[Operation, ...]:
        return (InputOperation(shape.dims),)


class SameShape(Layer):
    """A layer that changes values and keeps the shape."""

    def infer(self, shape: Shape) -> Inference:
        return Inference(sizes(shape))
