"""What an operation is: one of a dozen primitive computations that every layer is made of.

Layers say once what they compute in operations; whatever plans memory, follows receptive
fields or writes code knows the operations and no layer by name. So N layers and M targets
cost N + M, not N * M.

Everything is explicit here that a layer leaves to a convention: padding on each side,
which weights by which key, which function at the end. Knows shapes, no layer.
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
    """How many positions of its input one value sees along a side, and how far the next lies.

    The step is below 1 where the output is larger than the input.
    """

    size: float
    step: float


Windows = tuple[Window, Window]
"""Those of rows and of columns."""

Bounds = tuple[float, float]
"""The least and the largest number that a value can be."""
ANY: Bounds = (-inf, inf)

POINT = (Window(1, 1), Window(1, 1))
"""A value sees the position of its own."""


class Operation(Record):
    """A primitive operation: shapes and costs as functions of the shapes of its inputs.

    The class attributes are the traits that passes, plans and lints ask for. Fields named
    in `roles` are keys of weights: names of the layer at first (`kernel`), then keys of
    the program (`conv/kernel`); an empty one says that there is no such weight.
    """

    kind: ClassVar[str] = "reshape"
    """What it is to a reader of a picture: `convolution`, `pooling`, `merge` and so on."""
    in_place: ClassVar[bool] = False
    """Whether the output may overwrite an input of as many values, value by value."""
    view: ClassVar[bool] = False
    """Whether the output is the input as it lies in memory, so that both can be kept."""
    keeps_shape: ClassVar[bool] = False
    """Whether it has one input and changes values only."""
    is_linear: ClassVar[bool] = False
    """Whether every operation of the class is linear, or affine, at inference."""
    training_only: ClassVar[bool] = False
    """Whether it does nothing at inference."""
    mixes_images: ClassVar[bool] = False
    """Whether training computes the output for an image from others of its batch as well."""
    fuses: ClassVar[bool] = False
    """Whether it has a field `then`: a function applied to every value that it writes."""
    separate: ClassVar[bool] = False
    """Whether each of several inputs has places of its own in the output."""
    raises_zero: ClassVar[bool] = False
    """Whether it makes other numbers of zeros, without any weight."""
    flat_at_zero: ClassVar[bool] = False
    """Whether no gradient comes through it where its input is exactly zero."""
    gated: ClassVar[bool] = False
    """Whether a zero in one of several inputs makes the output zero."""
    roles: ClassVar[tuple[str, ...]] = ()
    """The fields that are keys of weights."""

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """Returns the shape of the output; raises `ValueError` for inputs it cannot take."""
        return inputs[0]

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """Returns the weights on an input of this shape: key and shape.

        A stored array may have another shape with the same values in the same order.
        """
        return {}

    def macs(self, shape: Shape) -> int:
        """Returns the multiply-accumulates for one example whose input has this shape."""
        return 0

    def windows(self, shape: Shape) -> Windows | None:
        """Returns what one value sees of its input; `None` where it sees every position."""
        return POINT

    def identity(self, shape: Shape) -> bool:
        """Returns whether the output is the input, at inference."""
        return self.training_only

    @property
    def linear(self) -> bool:
        """Whether it is linear, or affine, at inference; a fused function aside."""
        return self.is_linear

    @property
    def keeps_values(self) -> bool:
        """Whether it neither changes nor mixes values at inference."""
        return self.view or self.training_only

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        """Returns between which numbers its values are, at training as well as at inference."""
        return inputs[0] if self.view else ANY

    def idle(self, bounds: Bounds) -> bool:
        """Returns whether it leaves all numbers between these as they are."""
        return False

    def forgets(self, shape: Shape) -> str:
        """Returns why its output is the same for every input of this shape; mostly empty."""
        return ""

    def keeps_offset(self, shape: Shape) -> bool:
        """Returns whether a number added to a whole channel comes out so, at training as well.

        Then whatever takes the mean of a channel off takes that number off.
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
        """Whether it adds a trainable number to each channel behind a kernel."""
        return bool(getattr(self, "bias", ""))

    @property
    def disturbance(self) -> float:
        """How strongly it disturbs values while training: a rate or a standard deviation."""
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
        """What a table calls it: `matrix product`."""
        words = "".join(f" {c.lower()}" if c.isupper() else c for c in type(self).__name__)
        return words.strip()

    def __str__(self) -> str:
        return self.name


class Input(Operation):
    """The image: what every program begins with."""

    kind: ClassVar[str] = "input"

    dims: tuple[int, ...]

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return Image(*self.dims) if len(self.dims) == 3 else Vector(*self.dims)


class Function(Record):
    """A function of one number.

    `relu` with a slope below zero and a ceiling stands for every member of its family
    (ReLU, ReLU6, leaky ReLU), so that a target writes one. `alpha` belongs to `elu`.
    """

    name: str
    slope: float = 0.0
    ceiling: float | None = None
    alpha: float = 1.0

    @property
    def monotone(self) -> bool:
        """Whether it never turns an order round, so that it may be applied after a maximum."""
        return self.name in _MONOTONE or (self.name == "relu" and self.slope >= 0)

    @property
    def identity(self) -> bool:
        """Whether it returns every number as it is."""
        return self.idle(ANY)

    def idle(self, bounds: Bounds) -> bool:
        """Returns whether it leaves all numbers between these as they are."""
        low, high = bounds
        if self.name == "relu":
            kept = low >= 0 or self.slope == 1
            return kept and (self.ceiling is None or high <= self.ceiling)
        return self.name == "linear" or (self.name == "elu" and low >= 0)

    def bounds(self, bounds: Bounds) -> Bounds:
        """Returns between which numbers its values are for inputs between others."""
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
        """Whether it makes another number of zero."""
        return self.name in ("sigmoid", "hard_sigmoid", "softplus", "exponential")

    @property
    def flat_at_zero(self) -> bool:
        """Whether its derivative at zero is zero, as frameworks take it for ReLU."""
        return self.name == "relu" and not self.slope

    def __str__(self) -> str:
        given = []
        if self.name == "relu":
            given += [f"slope={self.slope:g}"] if self.slope else []
            given += [f"max={self.ceiling:g}"] if self.ceiling is not None else []
        if self.name == "elu" and self.alpha != 1:
            given.append(f"alpha={self.alpha:g}")
        return f"{self.name}({', '.join(given)})" if given else self.name


# Only those whose value as computed is monotone too: gelu, silu and mish are not at all.
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
"""Between which numbers the values of a function are, rounded outwards."""

IDENTITY = Function("linear")


def pair(sides: Pair) -> str:
    """Two sizes as they are written: `3`, or `3x5`."""
    return str(sides[0]) if sides[0] == sides[1] else f"{sides[0]}x{sides[1]}"


def ending(then: Function | None) -> str:
    """A fused function as the end of a text."""
    return f", {then}" if then else ""
