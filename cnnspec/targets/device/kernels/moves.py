"""Operations that move values about, in float32 and in int8, whose output has their scale."""

import numpy as np

from cnnspec.operations.moves import REACH, Crop, Pad, Resize, Shuffle, Slice
from cnnspec.targets.device.kernels.rows import over_rows
from cnnspec.targets.device.site import Kernel, Site, Table
from cnnspec.targets.device.text import nested, times
from cnnspec.targets.interpreter.resizing import matrix
from cnnspec.targets.quantize.fixed import SHARE_BITS, integer_shares


def pad(site: Site) -> Kernel:
    """Zeros around each image."""
    op: Pad = site.operation
    image, out = site.image, site.out
    (top, _), (left, _) = op.amounts
    zero = "0" if site.scales is None else str(site.scales.zero_point)
    text = nested(
        [("i", out.height), ("j", out.width)],
        f"const int row = i - {top}, column = j - {left};",
        f"const int inside = row >= 0 && row < {image.height} && "
        f"column >= 0 && column < {image.width};",
        nested(
            [("c", image.channels)],
            f"*y++ = inside ? x[(row * {image.width} + column) * {image.channels} + c] : {zero};",
        ),
    )
    return Kernel("y = x with zeros around it", text)


def crop(site: Site) -> Kernel:
    """The edges left out."""
    op: Crop = site.operation
    image, out = site.image, site.out
    (top, _), (left, _) = op.amounts
    row = out.width * out.channels
    text = nested(
        [("i", out.height)],
        f"memcpy(y + i * {row}, x + ((i + {top}) * {image.width} + {left}) * {image.channels}, "
        f"{row} * sizeof *y);",
    )
    return Kernel("y = x without its edges", text)


def slice_channels(site: Site) -> Kernel:
    """Some of the channels."""
    op: Slice = site.operation
    image = site.image
    text = nested(
        [("n", image.height * image.width)],
        f"memcpy(y + n * {op.channels}, x + n * {image.channels} + {op.start}, "
        f"{op.channels} * sizeof *y);",
    )
    return Kernel(f"y = channels {op.start} to {op.start + op.channels - 1} of x", text)


def shuffle_channels(site: Site) -> Kernel:
    """The channels in another order: the first of each group, then the second of each."""
    op: Shuffle = site.operation
    image = site.image
    each = image.channels // op.groups
    source = f"c % {op.groups} * {each} + c / {op.groups}"
    text = nested(
        [("n", image.height * image.width)],
        nested([("c", image.channels)], f"*y++ = x[{source}];"),
        f"x += {image.channels};",
    )
    return Kernel(f"y[c] = x[{source}]", text)


def concatenate(site: Site) -> Kernel:
    """The channels of the inputs one after another."""
    copies = []
    for n, shape in enumerate(site.inputs):
        count, x = shape.dims[-1], site.x(n)
        copies.append(f"memcpy(to, {x} + {place_of(site, count)}, {count} * sizeof *to);")
        copies.append(f"to += {count};")
    text = over_rows(site, "i", nested([("j", site.out.width)], *copies))
    return Kernel("y = the channels of each input, one after another", text)


def place_of(site: Site, channels: int) -> str:
    """Where pixel j of row i is in an input with so many channels."""
    return times(f"{times('i', site.out.width)} + j", channels)


def resize(site: Site) -> Kernel:
    """Rows and columns as sums of those beside them, by tables of places and shares."""
    op: Resize = site.operation
    image, out, kind = site.image, site.out, site.arithmetic
    whole = site.scales is not None
    most = REACH[op.interpolation]
    rows, reach = _shares("row", matrix(image.height, out.height, op.interpolation), most, whole)
    columns, width = _shares(
        "column", matrix(image.width, out.width, op.interpolation), most, whole
    )
    at = (
        f"x[(row_at[i * {reach} + u] * {image.width} + column_at[j * {width} + v]) "
        f"* {image.channels} + c]"
    )
    tables = (*rows, *columns)
    if op.interpolation == "nearest":
        text = nested([("i", out.height), ("j", out.width), ("c", image.channels)], f"*y++ = {at};")
        text = text.replace(" * 1 + u", "").replace(" * 1 + v", "")
        return Kernel("y = the nearest of x", text, (rows[0], columns[0]))
    end = (
        "sum"
        if not whole
        else f"limit((sum + {1 << (2 * SHARE_BITS - 1)}) >> {2 * SHARE_BITS}, -128, 127)"
    )
    text = nested(
        [("i", out.height), ("j", out.width), ("c", image.channels)],
        f"{kind.sum} sum = 0;",
        nested(
            [("u", reach)],
            f"const {kind.sum} share = row_share[i * {reach} + u];",
            nested([("v", width)], f"sum += share * column_share[j * {width} + v] * {at};"),
        ),
        f"*y++ = {end};",
    )
    return Kernel(f"y = x drawn in {out.height}x{out.width}, {op.interpolation}", text, tables)


def _shares(
    name: str, given: np.ndarray, most: int, whole: bool
) -> tuple[tuple[Table, Table], int]:
    """The places that are not zero in each row of a matrix, and their shares.

    There are always as many as the interpolation looks at, so that their number follows
    from the shapes alone.
    """
    places = [np.flatnonzero(row) for row in given]
    most = min(most, given.shape[1])
    at, shares = np.zeros((2, len(given), most))
    for n, found in enumerate(places):
        at[n, : len(found)] = found
        shares[n, : len(found)] = given[n, found]
    made = Table(f"{name}_share", "float", shares, f"what they count for each {name} of y")
    if whole:
        made = made.replace(kind="int16_t", values=integer_shares(shares))
    where = Table(f"{name}_at", "uint16_t", at.astype(np.int64), f"the {name}s of x for each of y")
    return (where, made), most
