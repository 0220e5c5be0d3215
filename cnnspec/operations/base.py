"""What an operation is: one of a dozen primitive computations that every layer is made of.

Each layer says once which operations compute it. Memory plans, receptive fields and targets know
operations only and no layer by name, so N layers and M targets cost N + M, not N * M.

What a layer leaves to a convention is explicit here: padding on each side, the key of each weight,
the function at the end. Knows shapes; does not import layers.
"""

from math import inf
from typing import ClassVar, Self

from cnnspec.core.record import Record
from cnnspec.core.shapes import Image, Shape, Vector

Pair = tuple[int, int]
"""Rows and columns."""
Sides = tuple[Pair, Pair]
"""Above and below, left and right."""
NO_PADDING: Sides = ((0, 0), (0, 0))


class Window(Record):
    """How many input positions one value sees along a side, and the distance to the next window.

    The step is below 1 where the output is larger than the input.
    """

    size: float
    step: float


Windows = tuple[Window, Window]
"""The windows along rows and along columns."""


class Rows(Record):
    """Which rows of its input a row i of an output needs: from `i * step + first` to `… + last`.

    Both are included, and rows outside of the image are padding.
    """

    step: int = 1
    first: int = 0
    last: int = 0

    @property
    def count(self) -> int:
        """How many rows these are."""
        return self.last - self.first + 1


Bounds = tuple[float, float]
"""The smallest and the largest number that a value can be."""
ANY: Bounds = (-inf, inf)

POINT = (Window(1, 1), Window(1, 1))
"""A value sees only its own position."""


class Operation(Record):
    """A primitive operation: shapes and costs as functions of the shapes of its inputs.

    The class attributes are the traits that passes, plans and lints ask for. Fields named in
    `roles` are keys of weights: at first the layer's names (`kernel`), later the program's keys
    (`conv/kernel`). An empty key means that there is no such weight.
    """

    kind: ClassVar[str] = "reshape"
    """What a picture shows it as: `convolution`, `pooling`, `merge` and so on."""
    in_place: ClassVar[bool] = False
    """Whether the output may overwrite an input of as many values, value by value."""
    view: ClassVar[bool] = False
    """Whether the output has the bytes of the input, so that both can be one buffer."""
    keeps_shape: ClassVar[bool] = False
    """Whether it has one input and keeps its shape."""
    is_linear: ClassVar[bool] = False
    """Whether every operation of the class is linear or affine at inference."""
    training_only: ClassVar[bool] = False
    """Whether it does nothing at inference."""
    mixes_images: ClassVar[bool] = False
    """Whether in training the output for an image also depends on others of its batch."""
    fuses: ClassVar[bool] = False
    """Whether it has a field `then`, the function applied to every value that it writes."""
    separate: ClassVar[bool] = False
    """Whether each of several inputs has its own part of the output."""
    raises_zero: ClassVar[bool] = False
    """Whether it turns zeros into other numbers, without any weight."""
    flat_at_zero: ClassVar[bool] = False
    """Whether it passes no gradient where its input is exactly zero."""
    gated: ClassVar[bool] = False
    """Whether a zero in one of several inputs makes the output zero."""
    roles: ClassVar[tuple[str, ...]] = ()
    """The fields that are keys of weights."""

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """Returns the shape of the output; raises `ValueError` for inputs it does not accept."""
        return inputs[0]

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """Returns the shape of each weight by its key, on an input of this shape.

        A stored array may have another shape with the same values in the same order.
        """
        return {}

    def macs(self, shape: Shape) -> int:
        """Returns the multiply-accumulates for one example whose input has this shape."""
        return 0

    def windows(self, shape: Shape) -> Windows | None:
        """Returns which window of its input one value sees; `None` where it sees every position."""
        return POINT

    @property
    def rows(self) -> Rows | None:
        """Which rows of its inputs a row of its output needs.

        `None` where it may need all of them, or is not computed row by row.
        """
        return None

    def identity(self, shape: Shape) -> bool:
        """Returns whether the output equals the input at inference."""
        return self.training_only

    @property
    def linear(self) -> bool:
        """Whether it is linear or affine at inference, a fused function not considered."""
        return self.is_linear

    @property
    def keeps_values(self) -> bool:
        """Whether it neither changes nor mixes values at inference."""
        return self.view or self.training_only

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        """Returns the bounds of its values, in training and at inference."""
        return inputs[0] if self.view else ANY

    def idle(self, bounds: Bounds) -> bool:
        """Returns whether it leaves all numbers between these as they are."""
        return False

    def forgets(self, shape: Shape) -> str:
        """Returns why its output is the same for every input of this shape; mostly empty."""
        return ""

    def keeps_offset(self, shape: Shape) -> bool:
        """Returns whether a number added to a whole channel is added to the output too.

        This holds in training as well: an operation that subtracts the channel mean removes it.
        """
        return False

    @property
    def factor(self) -> str:
        """The key of the kernel that its input is multiplied by, if it has one."""
        return getattr(self, "kernel", "")

    @property
    def added(self) -> str:
        """The key of the trainable numbers that are added at its end, if it has any."""
        return getattr(self, "bias", "") or getattr(self, "offset", "")

    @property
    def has_bias(self) -> bool:
        """Whether it adds a trainable number to each channel after a kernel."""
        return bool(getattr(self, "bias", ""))

    @property
    def disturbance(self) -> float:
        """How strongly it disturbs values in training: a rate or a standard deviation."""
        return 0.0

    @property
    def operands(self) -> tuple[str, ...]:
        """The keys of its weights."""
        return tuple(key for role in self.roles if (key := getattr(self, role)))

    def bound(self, owner: str) -> Self:
        """Returns the operation with the weights of a layer: `kernel` becomes `conv/kernel`."""
        keys = {role: getattr(self, role) for role in self.roles}
        return self.replace(**{role: f"{owner}/{key}" for role, key in keys.items() if key})

    @property
    def name(self) -> str:
        """Its name in tables: `matrix product`."""
        words = "".join(f" {c.lower()}" if c.isupper() else c for c in type(self).__name__)
        return words.strip()

    def __str__(self) -> str:
        return self.name


class Input(Operation):
    """The image, with which every program begins."""

    kind: ClassVar[str] = "input"

    dims: tuple[int, ...]

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return Image(*self.dims) if len(self.dims) == 3 else Vector(*self.dims)


class Function(Record):
    """A function of one number.

    `relu` with a slope below zero and a ceiling stands for every member of its family
    (ReLU, ReLU6, leaky ReLU), so that a target implements one. `alpha` belongs to `elu`.
    """

    name: str
    slope: float = 0.0
    ceiling: float | None = None
    alpha: float = 1.0

    @property
    def monotone(self) -> bool:
        """Whether it never reverses an order, so that it may be applied after a maximum."""
        return self.name in _MONOTONE or (self.name == "relu" and self.slope >= 0)

    @property
    def identity(self) -> bool:
        """Whether it changes no number at all."""
        return self.idle(ANY)

    def idle(self, bounds: Bounds) -> bool:
        """Returns whether it leaves all numbers between these as they are."""
        low, high = bounds
        if self.name == "relu":
            kept = low >= 0 or self.slope == 1
            return kept and (self.ceiling is None or high <= self.ceiling)
        return self.name == "linear" or (self.name == "elu" and low >= 0)

    def bounds(self, bounds: Bounds) -> Bounds:
        """Returns the bounds of its values for inputs within bounds."""
        low, high = bounds
        if self.idle(bounds):
            return bounds
        if self.name == "relu" and self.slope >= 0:
            least = low if low >= 0 else low * self.slope if self.slope else 0.0
            most = inf if self.ceiling is None else self.ceiling
            return min(least, most), min(max(high, 0.0), most)
        if self.name == "elu":
            return -self.alpha, max(high, 0.0)
        return _RANGES.get(self.name, ANY)

    @property
    def raises_zero(self) -> bool:
        """Whether it turns zero into another number."""
        return self.name in ("sigmoid", "hard_sigmoid", "softplus", "exponential")

    @property
    def flat_at_zero(self) -> bool:
        """Whether its derivative at zero is zero, as frameworks define it for ReLU."""
        return self.name == "relu" and not self.slope

    def __str__(self) -> str:
        given = []
        if self.name == "relu":
            given += [f"slope={self.slope:g}"] if self.slope else []
            given += [f"max={self.ceiling:g}"] if self.ceiling is not None else []
        if self.name == "elu" and self.alpha != 1:
            given.append(f"alpha={self.alpha:g}")
        return f"{self.name}({', '.join(given)})" if given else self.name


# Only functions whose computed values are monotone too; gelu, silu and mish are not monotone.
_MONOTONE = frozenset(("sigmoid", "tanh", "hard_sigmoid", "softplus", "softsign", "exponential"))
_RANGES: dict[str, Bounds] = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "softplus": (0.0, inf),
    "exponential": (0.0, inf),
    "selu": (-1.7581, inf),
    "gelu": (-0.171, inf),
    "silu": (-0.2785, inf),
    "mish": (-0.309, inf),
    "hard_silu": (-0.3751, inf),
}
"""The bounds of the values of each function, rounded outwards."""

IDENTITY = Function("linear")


def pair(sides: Pair) -> str:
    """Two sizes as a spec writes them: `3`, or `3x5`."""
    return str(sides[0]) if sides[0] == sides[1] else f"{sides[0]}x{sides[1]}"


def ending(then: Function | None) -> str:
    """A fused function as the end of a text."""
    return f", {then}" if then else ""
