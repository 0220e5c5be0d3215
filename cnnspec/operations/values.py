"""Operations on single values: functions, normalization, joins, and noise for training."""

from math import prod
from typing import ClassVar

from cnnspec.core.shapes import Image, Shape, gates_of, shape_of
from cnnspec.operations.base import ANY, Bounds, Function, Operation, Rows, Windows, ending


class Map(Operation):
    """A function applied to every value."""

    kind: ClassVar[str] = "activation"
    in_place: ClassVar[bool] = True
    keeps_shape: ClassVar[bool] = True

    function: Function

    @property
    def linear(self) -> bool:
        return self.function.identity

    @property
    def raises_zero(self) -> bool:  # type: ignore[override]
        return self.function.raises_zero

    @property
    def flat_at_zero(self) -> bool:  # type: ignore[override]
        return self.function.flat_at_zero

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        return self.function.bounds(inputs[0])

    def idle(self, bounds: Bounds) -> bool:
        return self.function.idle(bounds)

    def forgets(self, shape: Shape) -> str:
        low, high = self.function.bounds(ANY)
        return f"it is always {low:g}" if low == high else ""

    def keeps_offset(self, shape: Shape) -> bool:
        return self.linear

    def identity(self, shape: Shape) -> bool:
        return self.function.identity

    @property
    def rows(self) -> Rows | None:
        return Rows()

    def __str__(self) -> str:
        return str(self.function)


class LearnedSlope(Operation):
    """x above zero, a trainable slope times x below; one slope for each value, or for each channel.

    He et al., "Delving deep into rectifiers" (2015).
    """

    kind: ClassVar[str] = "activation"
    in_place: ClassVar[bool] = True
    keeps_shape: ClassVar[bool] = True
    roles: ClassVar[tuple[str, ...]] = ("alpha",)

    flat_at_zero: ClassVar[bool] = True

    alpha: str = "alpha"
    per_channel: bool = False

    def idle(self, bounds: Bounds) -> bool:
        return bounds[0] >= 0

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        return inputs[0] if self.idle(inputs[0]) else ANY

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return {self.alpha: shape.dims[-1:] if self.per_channel else shape.dims}


class Softmax(Operation):
    """exp(x) divided by its sum over the channels of each position."""

    kind: ClassVar[str] = "activation"
    in_place: ClassVar[bool] = True
    keeps_shape: ClassVar[bool] = True
    raises_zero: ClassVar[bool] = True

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        return (0.0, 1.0)

    def forgets(self, shape: Shape) -> str:
        return "a softmax over a single channel is always 1" if shape.dims[-1] == 1 else ""


class BatchNormalization(Operation):
    """Each channel minus its mean, divided by the root of its variance plus epsilon.

    Then times `scale` and plus `offset`, where there are such weights. Training uses mean and
    variance of the batch and updates the weights `mean` and `variance` with `momentum` (Ioffe and
    Szegedy, 2015); inference uses these weights. A pass for training may put a function behind it.
    """

    kind: ClassVar[str] = "normalization, dropout"
    in_place: ClassVar[bool] = True
    keeps_shape: ClassVar[bool] = True
    is_linear: ClassVar[bool] = True
    mixes_images: ClassVar[bool] = True
    roles: ClassVar[tuple[str, ...]] = ("scale", "offset", "mean", "variance")

    epsilon: float
    momentum: float
    scale: str = "gamma"
    offset: str = "beta"
    mean: str = "moving_mean"
    variance: str = "moving_variance"
    then: Function | None = None

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(self.operands, shape.dims[-1:])

    def __str__(self) -> str:
        return f"{self.name}{ending(self.then)}"


class Affine(Operation):
    """Each channel times a number, plus another, which is batch norm at inference."""

    kind: ClassVar[str] = "normalization, dropout"
    in_place: ClassVar[bool] = True
    keeps_shape: ClassVar[bool] = True
    is_linear: ClassVar[bool] = True
    fuses: ClassVar[bool] = True
    roles: ClassVar[tuple[str, ...]] = ("scale", "offset")

    scale: str
    offset: str
    then: Function | None = None

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(self.operands, shape.dims[-1:])

    @property
    def rows(self) -> Rows | None:
        return Rows()

    def __str__(self) -> str:
        return f"{self.name}{ending(self.then)}"


class GroupNormalization(Operation):
    """Mean 0 and variance 1 within each group of channels, then scaled and shifted by channel.

    Over all positions together (group norm, Wu and He 2018), or within each position
    (layer norm, Ba et al. 2016, has one group there).
    """

    kind: ClassVar[str] = "normalization, dropout"
    in_place: ClassVar[bool] = True
    keeps_shape: ClassVar[bool] = True
    roles: ClassVar[tuple[str, ...]] = ("scale", "offset")

    groups: int
    over_positions: bool
    epsilon: float
    scale: str = "gamma"
    offset: str = "beta"

    def weights(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(self.operands, shape.dims[-1:])

    def forgets(self, shape: Shape) -> str:
        *positions, channels = shape.dims
        size = channels // self.groups * (prod(positions) if self.over_positions else 1)
        return "each group has a single value, and less its own mean that is 0" if size == 1 else ""

    def windows(self, shape: Shape) -> Windows | None:
        return None if self.over_positions else super().windows(shape)


class Join(Operation):
    """Joins several inputs value by value: `add`, `multiply`, `average` or `maximum`.

    Beside an image, an input of one pixel is used at every position, and one of one channel for
    every channel.
    """

    kind: ClassVar[str] = "merge"
    in_place: ClassVar[bool] = True
    fuses: ClassVar[bool] = True

    function: str
    then: Function | None = None

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        largest = max(inputs, key=lambda shape: shape.size)
        gates = gates_of(largest) if isinstance(largest, Image) else ()
        if any(shape not in (largest, *gates) for shape in inputs):
            raise ValueError(f"inputs differ: {', '.join(map(str, inputs))}")
        return largest

    @property
    def linear(self) -> bool:
        return self.function in ("add", "average")

    @property
    def gated(self) -> bool:  # type: ignore[override]
        return self.function == "multiply"

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        lows, highs = zip(*inputs, strict=True)
        match self.function:
            case "add":
                return sum(lows), sum(highs)
            case "maximum":
                return max(lows), max(highs)
            case "average":
                return min(lows), max(highs)
        # Bounds of products with negative numbers are not computed.
        return (0.0, prod(highs) if all(highs) else 0.0) if min(lows) >= 0 else ANY

    def keeps_offset(self, shape: Shape) -> bool:
        return self.function in ("add", "average")

    def __str__(self) -> str:
        return f"{self.function}{ending(self.then)}"


class Concatenate(Operation):
    """The channels of the inputs one after another."""

    kind: ClassVar[str] = "merge"
    is_linear: ClassVar[bool] = True
    separate: ClassVar[bool] = True

    def shape(self, inputs: tuple[Shape, ...]) -> Shape:
        if any(shape.dims[:-1] != inputs[0].dims[:-1] for shape in inputs):
            raise ValueError(f"inputs differ: {', '.join(map(str, inputs))}")
        channels = sum(shape.dims[-1] for shape in inputs)
        return shape_of((*inputs[0].dims[:-1], channels))

    @property
    def rows(self) -> Rows | None:
        return Rows()

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        lows, highs = zip(*inputs, strict=True)
        return min(lows), max(highs)

    def keeps_offset(self, shape: Shape) -> bool:
        return True


class Dropout(Operation):
    """Sets a random share of the values, or of whole channels, to zero while training."""

    kind: ClassVar[str] = "normalization, dropout"
    in_place: ClassVar[bool] = True
    keeps_shape: ClassVar[bool] = True
    is_linear: ClassVar[bool] = True
    training_only: ClassVar[bool] = True

    rate: float
    channels: bool = False

    def bounds(self, inputs: tuple[Bounds, ...]) -> Bounds:
        # In training the values that are kept are enlarged, so that the mean stays the same.
        low, high = inputs[0]
        return min(0.0, low / (1 - self.rate)), max(0.0, high / (1 - self.rate))

    @property
    def disturbance(self) -> float:
        return self.rate


class Noise(Operation):
    """Adds normally distributed noise while training."""

    kind: ClassVar[str] = "normalization, dropout"
    in_place: ClassVar[bool] = True
    keeps_shape: ClassVar[bool] = True
    is_linear: ClassVar[bool] = True
    training_only: ClassVar[bool] = True
    raises_zero: ClassVar[bool] = True

    stddev: float

    def keeps_offset(self, shape: Shape) -> bool:
        return True

    @property
    def disturbance(self) -> float:
        return self.stddev
