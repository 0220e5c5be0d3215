"""Operations on single values, and those that move values, in PyTorch."""

import numpy as np

from cnnspec.operations.base import Function
from cnnspec.targets.interpreter.resizing import matrix
from cnnspec.targets.torch.site import SELF, VALUE, Lowered, Part, Site, around

FIRST = f"{SELF}0"

FUNCTIONS = {
    "linear": VALUE,
    "selu": f"F.selu({VALUE})",
    "gelu": f"F.gelu({VALUE})",
    "silu": f"F.silu({VALUE})",
    "mish": f"F.mish({VALUE})",
    "tanh": f"torch.tanh({VALUE})",
    "sigmoid": f"torch.sigmoid({VALUE})",
    "hard_sigmoid": f"F.hardsigmoid({VALUE})",
    "hard_silu": f"F.hardswish({VALUE})",
    "softplus": f"F.softplus({VALUE})",
    "softsign": f"F.softsign({VALUE})",
    "exponential": f"torch.exp({VALUE})",
}
"""Every function without parameters, by its name."""


def function_of_values(site: Site) -> Lowered:
    """The function of every value."""
    return Lowered(_function(site.operation.function))


def _function(function: Function) -> str:
    slope, ceiling = function.slope, function.ceiling
    if function.name == "elu":
        return f"F.elu({VALUE})" if function.alpha == 1 else f"F.elu({VALUE}, {function.alpha})"
    if function.name != "relu":
        return FUNCTIONS[function.name]
    if ceiling is None:
        return f"F.leaky_relu({VALUE}, {slope})" if slope else f"F.relu({VALUE})"
    above = f"F.relu6({VALUE})" if ceiling == 6 else f"{VALUE}.clamp(0, {ceiling})"
    return f"{above} + {slope} * {VALUE}.clamp(max=0)" if slope else above


def learned_slope(site: Site) -> Lowered:
    """PReLU, or a slope for each value, which PyTorch has no layer for."""
    alpha, dims = site.weights["alpha"], site.shapes[0].dims
    if site.operation.per_channel or len(dims) == 1:
        part = Part(f"nn.PReLU({dims[-1]})", {"weight": alpha.reshape(-1)})
        return Lowered(f"{FIRST}({VALUE})", (part,))
    alpha = np.moveaxis(alpha.reshape(dims), -1, 0)
    part = Part(f"nn.Parameter(torch.zeros{alpha.shape})", {"": alpha})
    return Lowered(f"{VALUE}.clamp(min=0) + {FIRST} * {VALUE}.clamp(max=0)", (part,))


def softmax(site: Site) -> Lowered:
    """Softmax over the channels, which are axis 1."""
    return Lowered(f"F.softmax({VALUE}, dim=1)")


def dropout(site: Site) -> Lowered:
    """Dropout of values or of channels, in training."""
    kind = "dropout2d" if site.operation.channels else "dropout"
    return Lowered(f"F.{kind}({VALUE}, {site.operation.rate}, self.training)")


def noise(site: Site) -> Lowered:
    """Noise, in training."""
    added = f"{site.operation.stddev} * torch.randn_like({VALUE})"
    return Lowered(f"{VALUE} + {added} if self.training else {VALUE}")


def join(site: Site) -> Lowered:
    """Sum, mean, product or maximum of all inputs."""
    names, function = site.inputs, site.operation.function
    if function == "maximum":
        made = names[0]
        for name in names[1:]:
            made = f"torch.maximum({made}, {name})"
        return Lowered(made)
    if function == "multiply":
        return Lowered(" * ".join(names))
    added = " + ".join(names)
    return Lowered(f"({added}) / {len(names)}" if function == "average" else added)


def concatenate(site: Site) -> Lowered:
    """The channels one after another."""
    return Lowered(f"torch.cat([{', '.join(site.inputs)}], dim=1)")


def pad(site: Site) -> Lowered:
    """Zeros around."""
    return Lowered(f"F.pad({VALUE}, {around(site.operation.amounts)})")


def crop(site: Site) -> Lowered:
    """Rows and columns left out."""
    (top, bottom), (left, right) = site.operation.amounts
    height, width, _ = site.shapes[0].dims
    return Lowered(f"{VALUE}[:, :, {top}:{height - bottom}, {left}:{width - right}]")


def slice_channels(site: Site) -> Lowered:
    """Some of the channels."""
    own = site.operation
    return Lowered(f"{VALUE}[:, {own.start or ''}:{own.start + own.channels}]")


def shuffle_channels(site: Site) -> Lowered:
    """The channels as a matrix, column by column."""
    apart = f"unflatten(1, ({site.operation.groups}, -1))"
    return Lowered(f"{VALUE}.{apart}.transpose(1, 2).flatten(1, 2)")


def resize(site: Site) -> Lowered:
    """interpolate; `bicubic`, which has another cubic there, is a product with matrices."""
    own = site.operation
    if own.interpolation == "bicubic":
        sizes = zip(site.shapes[0].dims, own.size, strict=False)
        rows, columns = (matrix(*side, "bicubic").astype(np.float32) for side in sizes)
        fixed = "nn.Parameter(torch.empty{}, requires_grad=False)"
        parts = tuple(Part(fixed.format(each.shape), {"": each}) for each in (rows, columns.T))
        return Lowered(f"{SELF}0 @ {VALUE} @ {SELF}1", parts)
    mode = "nearest-exact" if own.interpolation == "nearest" else "bilinear"
    return Lowered(f'F.interpolate({VALUE}, size={tuple(own.size)}, mode="{mode}")')


def reshape(site: Site) -> Lowered:
    """Values in the order of rows, columns, channels, in another shape."""
    before, after = site.shapes[0].dims, site.output.dims
    moved = len(before) == 3 and before[-1] != 1 and before[:2] != (1, 1)
    x = f"{VALUE}.movedim(1, -1)" if moved else VALUE
    if len(after) == 1:
        return Lowered(f"{x}.flatten(1)")
    height, width, channels = after
    if channels == 1 or (height, width) == (1, 1):
        return Lowered(f"{x}.reshape(-1, {channels}, {height}, {width})")
    return Lowered(f"{x}.reshape(-1, {height}, {width}, {channels}).movedim(-1, 1)")
