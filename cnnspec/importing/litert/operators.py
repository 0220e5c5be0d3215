"""THE TABLE of the reader of LiteRT: what each operator is in a spec."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cnnspec.importing.operators import windows
from cnnspec.importing.operators.builder import Builder
from cnnspec.importing.operators.site import GraphSite
from cnnspec.importing.operators.tensors import Place, Tensor, Value, dims_of
from cnnspec.importing.operators.windows import Window
from cnnspec.layers.activations import ACTIVATION_LAYERS, Prelu
from cnnspec.layers.geometry import Resize
from cnnspec.layers.pooling import AveragePool, GlobalAverage, GlobalMax, MaxPool
from cnnspec.operations.base import Pair, Sides
from cnnspec.targets.interpreter.functions import FUNCTIONS, sigmoid

_SAME = 0
_FUSED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda x: np.maximum(x, 0),
    2: lambda x: np.clip(x, -1, 1),
    3: lambda x: np.clip(x, 0, 6),
    4: np.tanh,
}
"""The functions that operators end with, by their numbers in the format."""


class Site(GraphSite):
    """An operator of LiteRT with its settings."""

    def __init__(
        self,
        builder: Builder,
        place: Place,
        inputs: Sequence[Tensor | None],
        names: Sequence[str],
        options: Any,
        outputs: int,
    ) -> None:
        super().__init__(builder, place, inputs)
        self.names = names
        self.options = options
        self.outputs = outputs

    def ints(self, index: int) -> list[int]:
        """A constant of whole numbers."""
        return [int(each) for each in self.constant(index).ravel()]

    def get(self, name: str, default: Any = 0) -> Any:
        """A setting; the default where the operator has none."""
        return default if self.options is None else getattr(self.options, name)()

    def axis(self, axis: int) -> int:
        """An axis of the first input, counted from the first. Raises `CnnspecError`."""
        rank = len(dims_of(self.input()))
        if not -rank <= axis < rank:
            raise self.place.refused(f"names axis {axis}, where there are {rank}")
        return axis % rank

    def weights(self, kernel: np.ndarray, bias: int = 2) -> tuple[list[np.ndarray], str]:
        """The kernel and the bias where there is one, and the name that sharing shows by."""
        arrays = [kernel]
        # The converter gives a convolution without a bias one of zeros.
        if self.has(bias) and self.constant(bias).any():
            arrays.append(self.constant(bias).ravel())
        return arrays, " ".join(self.names)

    def ended(self, value: Tensor) -> Tensor:
        """A value with the function that the operator ends with."""
        number = self.get("FusedActivationFunction")
        if not number:
            return value
        if number not in _FUSED:
            raise self.place.refused(f"ends with function {number}")
        return self.builder.formula(self.place, _FUSED[number], value)


Read = Callable[[Site], Tensor | list[Tensor]]


def _window(site: Site, size: Pair) -> Window:
    stride = (int(site.get("StrideH", 1)), int(site.get("StrideW", 1)))
    dilation = (1, 1)
    if hasattr(site.options, "DilationHFactor"):
        dilation = (int(site.get("DilationHFactor", 1)), int(site.get("DilationWFactor", 1)))
    if min(*size, *stride, *dilation) < 1:
        raise site.place.refused("has a size or a step below 1")
    padding: Sides | str = "same" if site.get("Padding", _SAME) == _SAME else ((0, 0), (0, 0))
    return Window(size, stride, dilation, padding)


def _convolution(site: Site) -> Tensor:
    kernel = site.constant(1)
    if kernel.ndim != 4:
        raise site.place.refused(f"has a kernel with {kernel.ndim} axes")
    _, rows, columns, depth = kernel.shape
    arrays, owner = site.weights(kernel.transpose(1, 2, 3, 0))
    groups = max(1, dims_of(site.input())[-1] // max(1, depth))
    window = _window(site, (rows, columns))
    made = windows.convolution(
        site.builder, site.place, site.input(), window, arrays, groups, owner
    )
    return site.ended(made)


def _depthwise(site: Site) -> Tensor:
    kernel = site.constant(1)
    if kernel.ndim != 4:
        raise site.place.refused(f"has a kernel with {kernel.ndim} axes")
    _, rows, columns, filters = kernel.shape
    arrays, owner = site.weights(kernel.reshape(rows, columns, 1, filters))
    window, groups = _window(site, (rows, columns)), dims_of(site.input())[-1]
    made = windows.convolution(
        site.builder, site.place, site.input(), window, arrays, groups, owner
    )
    return site.ended(made)


def _transposed(site: Site) -> Tensor:
    after, kernel = site.ints(0), site.constant(1)
    _, rows, columns, _ = kernel.shape
    before = dims_of(site.input(2))
    stride = (int(site.get("StrideH", 1)), int(site.get("StrideW", 1)))
    same = site.get("Padding") == _SAME
    cut = []
    for axis, (size, step) in enumerate(zip((rows, columns), stride, strict=True), 1):
        whole = (before[axis] - 1) * step + size
        lacks = whole - after[axis]
        first = max(lacks, 0) // 2 if same else 0
        cut.append((first, lacks - first))
    arrays, owner = site.weights(kernel.transpose(1, 2, 0, 3), bias=3)
    window = Window((rows, columns), stride)
    made = windows.transposed(
        site.builder, site.place, site.input(2), window, (cut[0], cut[1]), arrays, owner
    )
    return site.ended(made)


def _dense(site: Site) -> Tensor:
    kernel = site.constant(1)
    if kernel.ndim != 2 or site.get("WeightsFormat"):
        raise site.place.refused("has a kernel that is not a matrix of floats")
    x = site.input()
    dims = dims_of(x)
    if dims[-1] != kernel.shape[1] or not site.get("KeepNumDims"):
        # What it takes is looked at as rows of as many numbers as the kernel has.
        x = site.moved(lambda order: order.reshape(-1, kernel.shape[1]))
    arrays, owner = site.weights(kernel.T)
    return site.ended(windows.dense(site.builder, site.place, x, arrays, owner))


def _pool(kind: type[MaxPool | AveragePool]) -> Read:
    def read(site: Site) -> Tensor:
        size = (int(site.get("FilterHeight", 1)), int(site.get("FilterWidth", 1)))
        window = _window(site, size)
        return site.ended(windows.pooling(site.builder, site.place, site.input(), kind, window))

    return read


def _reduce(kind: type[GlobalAverage | GlobalMax]) -> Read:
    def read(site: Site) -> Tensor:
        axes = tuple(sorted(site.axis(axis) for axis in site.ints(1)))
        keep = bool(site.get("KeepDims"))
        return windows.over_all(site.builder, site.place, site.input(), kind, axes, keep)

    return read


def _reshape(site: Site) -> Tensor:
    if len(site.inputs) > 1:
        dims = site.ints(1)
    else:
        dims = [int(site.options.NewShape(at)) for at in range(site.options.NewShapeLength())]
    return site.moved(lambda order: order.reshape(dims))


def _squeeze(site: Site) -> Tensor:
    count = site.get("SqueezeDimsLength")
    axes = tuple(site.axis(int(site.options.SqueezeDims(at))) for at in range(min(count, 8)))
    dims = dims_of(site.input())
    given = axes or tuple(axis for axis, size in enumerate(dims) if size == 1 and axis)
    return site.moved(lambda order: order.squeeze(given))


def _expand_dims(site: Site) -> Tensor:
    return site.moved(lambda order: np.expand_dims(order, site.ints(1)[0]))


def _transpose(site: Site) -> Tensor:
    return site.moved(lambda order: order.transpose(site.ints(1)))


def _slice(site: Site) -> Tensor:
    starts, sizes = site.ints(1), site.ints(2)
    part = tuple(
        slice(start, None if size < 0 else start + size)
        for start, size in zip(starts, sizes, strict=True)
    )
    return site.moved(lambda order: order[part])


def _strided_slice(site: Site) -> Tensor:
    starts, ends, steps = (site.ints(index) for index in (1, 2, 3))
    if site.get("EllipsisMask") or site.get("NewAxisMask"):
        raise site.place.refused("has a mask that is not known here")
    masks = [int(site.get(name)) for name in ("BeginMask", "EndMask", "ShrinkAxisMask")]
    part: list[slice | int] = []
    for at, (start, end, step) in enumerate(zip(starts, ends, steps, strict=True)):
        open_, closed, single = (mask >> at & 1 for mask in masks)
        whole = slice(None if open_ else start, None if closed else end, step)
        part.append(start if single else whole)
    return site.moved(lambda order: order[tuple(part)])


def _split(site: Site) -> list[Tensor]:
    axis, count = site.axis(int(site.constant(0).ravel()[0])), site.outputs
    builder, place, x = site.builder, site.place, site.input(1)
    axis = axis if axis < len(dims_of(x)) else -1

    def part(at: int) -> Tensor:
        return builder.moved(place, x, lambda order: np.split(order, count, axis)[at])

    return [part(at) for at in range(count)]


def _gather(site: Site) -> Tensor:
    axis, places = site.axis(int(site.get("Axis"))), site.constant(1)
    dims = dims_of(site.input())
    site.place.bounded((*dims[:axis], *places.shape, *dims[axis + 1 :]))
    return site.moved(lambda order: order.take(places, axis))


def _tile(site: Site) -> Tensor:
    times = site.ints(1)
    site.place.bounded(tuple(a * b for a, b in zip(dims_of(site.input()), times, strict=True)))
    return site.moved(lambda order: np.tile(order, times))


def _broadcast(site: Site) -> Tensor:
    dims = tuple(site.ints(1))
    site.place.bounded(dims)
    return site.moved(lambda order: np.broadcast_to(order, dims))


def _shape(site: Site) -> Tensor:
    return np.array(dims_of(site.input()), np.int32)


def _pack(site: Site) -> Tensor:
    arrays = [site.constant(index) for index in range(len(site.inputs))]
    return np.stack(arrays, int(site.get("Axis")))


def _pad(site: Site) -> Tensor:
    amounts = site.constant(1)
    if amounts.shape != (4, 2) or amounts[[0, 3]].any() or (amounts < 0).any():
        raise site.place.refused("pads another axis than rows and columns")
    if len(site.inputs) > 2 and float(site.constant(2).ravel()[0]):
        raise site.place.refused("pads with other numbers than zeros")
    rows, columns = ((int(a), int(b)) for a, b in amounts[1:3])
    return windows.padded(site.builder, site.place, site.input(), (rows, columns))


def _concatenate(site: Site) -> Tensor:
    given = [site.input(index) for index in range(len(site.inputs))]
    arrays = [each for each in given if isinstance(each, np.ndarray)]
    if len(arrays) == len(given):
        return np.concatenate(arrays, int(site.get("Axis")))
    axis = site.axis(int(site.get("Axis", -1)))
    return site.ended(site.builder.concatenated(site.place, axis, *given))


def _resize(how: str) -> Read:
    def read(site: Site) -> Tensor:
        builder, place, x = site.builder, site.place, site.input()
        rows, columns = site.ints(1)
        dims = dims_of(x)
        place.bounded((dims[0], rows, columns, dims[-1]))
        whole = rows % dims[1] == 0 and columns % dims[2] == 0
        half = bool(site.get("HalfPixelCenters"))
        if site.get("AlignCorners") or not (half or (how == "nearest" and whole)):
            raise place.refused("has other places of pixels than layers of a spec")
        if how == "nearest" and whole:
            up, right = rows // dims[1], columns // dims[2]
            return site.moved(lambda order: order.repeat(up, 1).repeat(right, 2))
        layer = Resize((rows, columns), how)
        return builder.given(builder.add(place, layer, (builder.image(x, place),)))

    return read


def _softmax(site: Site) -> Tensor:
    builder, place = site.builder, site.place
    if site.get("Beta", 1.0) != 1:
        raise place.refused("has a `beta` other than 1")
    value = builder.straight(site.input(), place)
    layer = ACTIVATION_LAYERS["softmax"]()
    return Value(builder.add(place, layer, (value.key,)), value.order)


def _prelu(site: Site) -> Tensor:
    builder, place = site.builder, site.place
    slope, value = site.constant(1), builder.straight(site.input(), place)
    dims = builder.shapes[value.key].dims
    shared = len(dims) == 3 and slope.size == dims[-1]
    alpha = slope.reshape((1, 1, -1) if shared else dims)
    return Value(builder.add(place, Prelu(shared), (value.key,), (alpha,)), value.order)


def _cast(site: Site) -> Tensor:
    found = site.input()
    if not isinstance(found, np.ndarray):
        raise site.place.refused("changes the type of a value", "export the model in float32")
    return found


def _formula(formula: Callable[..., np.ndarray]) -> Read:
    def read(site: Site) -> Tensor:
        given = [site.input(index) for index in range(len(site.inputs))]
        made = site.builder.formula(site.place, formula, *given)
        return site.ended(made) if hasattr(site.options, "FusedActivationFunction") else made

    return read


def _leaky(site: Site) -> Tensor:
    alpha = site.get("Alpha", 0.0)
    return site.builder.formula(site.place, lambda x: np.where(x > 0, x, alpha * x), site.input())


def _gelu(site: Site) -> Tensor:
    if site.get("Approximate", False):
        raise site.place.refused("approximates GELU by tanh; that of a spec is exact")
    return site.builder.formula(site.place, FUNCTIONS["gelu"], site.input())


def _select(which: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(which, a, b))


def _elu(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(x > 0, x, np.expm1(np.minimum(x, 0))))


OPERATORS: dict[str, Read] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transposed,
    "FULLY_CONNECTED": _dense,
    "MAX_POOL_2D": _pool(MaxPool),
    "AVERAGE_POOL_2D": _pool(AveragePool),
    "MEAN": _reduce(GlobalAverage),
    "REDUCE_MAX": _reduce(GlobalMax),
    "RESHAPE": _reshape,
    "SQUEEZE": _squeeze,
    "EXPAND_DIMS": _expand_dims,
    "TRANSPOSE": _transpose,
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "SPLIT": _split,
    "GATHER": _gather,
    "TILE": _tile,
    "BROADCAST_TO": _broadcast,
    "SHAPE": _shape,
    "PACK": _pack,
    "PAD": _pad,
    "PADV2": _pad,
    "CONCATENATION": _concatenate,
    "RESIZE_BILINEAR": _resize("bilinear"),
    "RESIZE_NEAREST_NEIGHBOR": _resize("nearest"),
    "SOFTMAX": _softmax,
    "PRELU": _prelu,
    "CAST": _cast,
    "LEAKY_RELU": _leaky,
    "GELU": _gelu,
    "ADD": _formula(np.add),
    "SUB": _formula(np.subtract),
    "MUL": _formula(np.multiply),
    "DIV": _formula(np.divide),
    "MAXIMUM": _formula(np.maximum),
    "MINIMUM": _formula(np.minimum),
    "POW": _formula(np.power),
    "SQUARED_DIFFERENCE": _formula(lambda a, b: (a - b) ** 2),
    "RELU": _formula(_FUSED[1]),
    "RELU6": _formula(_FUSED[3]),
    "RELU_N1_TO_1": _formula(_FUSED[2]),
    "ELU": _formula(_elu),
    "TANH": _formula(np.tanh),
    "LOGISTIC": _formula(sigmoid),
    "HARD_SWISH": _formula(FUNCTIONS["hard_silu"]),
    "EXP": _formula(np.exp),
    "LOG": _formula(np.log),
    "ABS": _formula(np.abs),
    "NEG": _formula(np.negative),
    "SQRT": _formula(np.sqrt),
    "RSQRT": _formula(lambda x: 1 / np.sqrt(x)),
    "SQUARE": _formula(np.square),
    "GREATER": _formula(np.greater),
    "LESS": _formula(np.less),
    "SELECT": _formula(_select),
    "SELECT_V2": _formula(_select),
}
"""Every operator that is read, by its word in the format."""
