"""Convolutions, products, pooling and normalization in PyTorch.

Kernels change their order: (rows, columns, channels, filters) to (filters, channels, rows,
columns), as PyTorch has them.
"""

import numpy as np

from cnnspec.operations.base import NO_PADDING
from cnnspec.operations.windows import ceil_padding
from cnnspec.targets.torch.site import (
    SELF,
    VALUE,
    Lowered,
    Part,
    Site,
    around,
    keywords,
    padding,
    pair,
    symmetric,
)

FIRST = f"{SELF}0"


def _weights(site: Site, kernel: np.ndarray) -> dict[str, np.ndarray]:
    bias = {"bias": site.weights["bias"]} if "bias" in site.weights else {}
    return {"weight": kernel, **bias}


def _unless(value: tuple[int, int], usual: tuple[int, int] = (1, 1)) -> str | None:
    return None if tuple(value) == usual else pair(value)


def _no_bias(site: Site) -> str | None:
    return None if "bias" in site.weights else "False"


def convolution(site: Site) -> Lowered:
    """Conv2d; padding that differs on two sides comes before it."""
    own = site.operation
    even = symmetric(own.padding)
    made = f"nn.Conv2d({site.shapes[0].dims[-1]}, {own.filters}, {pair(own.size)}" + keywords(
        stride=_unless(own.stride),
        padding=padding(own.padding) if even else None,
        dilation=_unless(own.dilation),
        groups=own.groups if own.groups > 1 else None,
        bias=_no_bias(site),
    )
    part = Part(f"{made})", _weights(site, site.weights["kernel"].transpose(3, 2, 0, 1)))
    given = VALUE if even else f"F.pad({VALUE}, {around(own.padding)})"
    return Lowered(f"{FIRST}({given})", (part,))


def transposed_convolution(site: Site) -> Lowered:
    """ConvTranspose2d; what is cut unevenly is cut from what it gives."""
    own = site.operation
    rows, columns = ((before, max(behind, 0)) for before, behind in own.cut)
    even = symmetric((rows, columns))
    more = tuple(max(-behind, 0) for _, behind in own.cut)
    made = (
        f"nn.ConvTranspose2d({site.shapes[0].dims[-1]}, {own.filters}, {pair(own.size)}"
        + keywords(
            stride=_unless(own.stride),
            padding=padding(own.cut) if even else None,
            output_padding=_unless((more[0], more[1]), (0, 0)),
            bias=_no_bias(site),
            dilation=_unless(own.dilation),
        )
    )
    part = Part(f"{made})", _weights(site, site.weights["kernel"].transpose(3, 2, 0, 1)))
    if even:
        return Lowered(f"{FIRST}({VALUE})", (part,))
    (top, _), (left, _) = own.cut
    height, width = site.output.dims[:2]
    cut = f"[:, :, {top}:{top + height}, {left}:{left + width}]"
    return Lowered(f"{FIRST}({VALUE}){cut}", (part,))


def matrix_product(site: Site) -> Lowered:
    """Linear, whose weight is (units, inputs)."""
    kernel = site.weights["kernel"]
    made = f"nn.Linear({kernel.shape[0]}, {kernel.shape[1]}" + keywords(bias=_no_bias(site))
    return Lowered(f"{FIRST}({VALUE})", (Part(f"{made})", _weights(site, kernel.T)),))


def pool(site: Site) -> Lowered:
    """max_pool2d or avg_pool2d, which divides by the cells that are not padding."""
    own, size, stride = site.operation, pair(site.operation.size), None
    if own.stride != own.size:
        stride = pair(own.stride)
    kind = f"F.{'max' if own.function == 'max' else 'avg'}_pool2d"
    windows = f"{size}{keywords(stride=stride)}"
    sides = zip(site.shapes[0].dims[:2], own.size, own.stride, strict=False)
    if own.padding == NO_PADDING:
        return Lowered(f"{kind}({VALUE}, {windows})")
    if own.padding == tuple(ceil_padding(*side) for side in sides):
        return Lowered(f"{kind}({VALUE}, {windows}, ceil_mode=True)")
    # PyTorch pads by half a window at most.
    small = all(2 * before <= size for (before, _), size in zip(own.padding, own.size, strict=True))
    if symmetric(own.padding) and small:
        apart = ", count_include_pad=False" if own.function == "average" else ""
        return Lowered(f"{kind}({VALUE}, {windows}, padding={padding(own.padding)}{apart})")
    if own.function == "max":
        padded = f'F.pad({VALUE}, {around(own.padding)}, value=float("-inf"))'
        return Lowered(f"{kind}({padded}, {windows})")
    given = f"{size}, {pair(own.stride)}, {around(own.padding)}"
    return Lowered(f"average({VALUE}, {given})", helper="average")


def reduce(site: Site) -> Lowered:
    """The mean or the maximum over rows and columns."""
    return Lowered(f"{VALUE}.{'amax' if site.operation.function == 'max' else 'mean'}((2, 3))")


def batch_normalization(site: Site) -> Lowered:
    """BatchNorm2d, or BatchNorm1d for vectors; its momentum is 1 minus ours."""
    own, shape = site.operation, site.shapes[0]
    kind = "BatchNorm2d" if len(shape.dims) == 3 else "BatchNorm1d"
    momentum = round(1 - own.momentum, 10)
    made = f"nn.{kind}({shape.dims[-1]}, eps={own.epsilon}, momentum={momentum}"
    state = {
        **_affine(site),
        "running_mean": site.weights["mean"],
        "running_var": site.weights["variance"],
        "num_batches_tracked": np.array(0),
    }
    return Lowered(f"{FIRST}({VALUE})", (Part(f"{made})", state),))


def _affine(site: Site) -> dict[str, np.ndarray]:
    """Factors and offsets of channels; PyTorch has both, 1 or 0 where there are none."""
    channels = site.shapes[0].dims[-1]
    return {
        "weight": site.weights.get("scale", np.ones(channels, np.float32)),
        "bias": site.weights.get("offset", np.zeros(channels, np.float32)),
    }


def group_normalization(site: Site) -> Lowered:
    """GroupNorm, or LayerNorm over channels, which have to be the last axis for it."""
    own, dims = site.operation, site.shapes[0].dims
    if own.over_positions:
        made = f"nn.GroupNorm({own.groups}, {dims[-1]}, eps={own.epsilon})"
        return Lowered(f"{FIRST}({VALUE})", (Part(made, _affine(site)),))
    part = Part(f"nn.LayerNorm({dims[-1]}, eps={own.epsilon})", _affine(site))
    if len(dims) == 1:
        return Lowered(f"{FIRST}({VALUE})", (part,))
    return Lowered(f"{FIRST}({VALUE}.movedim(1, -1)).movedim(-1, 1)", (part,))
