"""Operations that move values about: pad, crop, resize, reshape, slice, shuffle."""

import numpy as np

from cnnspec.core.shapes import Shape
from cnnspec.operations.moves import Crop, Pad, Resize, Shuffle, Slice
from cnnspec.targets.c.site import Kernel, Site, as_image, kernel
from cnnspec.targets.c.text import block, loop, number
from cnnspec.targets.interpreter.resizing import matrix


def pad(site: Site) -> Kernel:
    """Zeros around each image."""
    op: Pad = site.operation
    return _shifted(site, op.amounts[0][0], op.amounts[1][0], "y = x with zeros around it")


def crop(site: Site) -> Kernel:
    """The edges left out."""
    op: Crop = site.operation
    return _shifted(site, -op.amounts[0][0], -op.amounts[1][0], "y = x without its edges")


def _shifted(site: Site, down: int, right: int, formula: str) -> Kernel:
    """Moves an image: x at (i, j) becomes y at (i + down, j + right), if y has such a place."""
    image, out = site.image, as_image(site.output)
    top, bottom = max(0, -down), min(image.height, out.height - down)
    left, end = max(0, -right), min(image.width, out.width - right)
    x = f"(c * {image.height} + i) * {image.width} + j"
    y = f"(c * {out.height} + i + {down}) * {out.width} + j + {right}"

    def over(text: str) -> str:
        columns = block(f"for (int j = {left}; j < {end}; j++)", text)
        return loop("c", image.channels, block(f"for (int i = {top}; i < {bottom}; i++)", columns))

    clear = f"memset(y, 0, {out.size} * sizeof(V));\n" if out.size > image.size else ""
    back = over(f"dx[{x}] {site.into()} dy[{y}];")
    if site.first[0] and out.size < image.size:
        back = f"memset(dx, 0, {image.size} * sizeof(V));\n{back}"
    return kernel(formula, clear + over(f"y[{y}] = x[{x}];"), back if site.wanted[0] else "")


def resize(site: Site) -> Kernel:
    """Rows and columns as sums of those beside them, by tables of places and shares."""
    op: Resize = site.operation
    image, out = site.image, as_image(site.output)
    rows, reach = _table("row", matrix(image.height, out.height, op.interpolation))
    columns, width = _table("column", matrix(image.width, out.width, op.interpolation))
    x = f"(c * {image.height} + row[i][r]) * {image.width} + column[j][s]"
    y = f"(c * {out.height} + i) * {out.width} + j"
    share = "fill(row_share[i][r] * column_share[j][s])"

    def over(*body: str) -> str:
        return loop("c", image.channels, loop("i", out.height, loop("j", out.width, *body)))

    forward = over(
        "V sum = fill(0);",
        loop("r", reach, loop("s", width, f"sum = fma16(x[{x}], {share}, sum);")),
        f"y[{y}] = sum;",
    )
    back = over(loop("r", reach, loop("s", width, f"dx[{x}] += dy[{y}] * {share};")))
    clear = f"memset(dx, 0, {image.size} * sizeof(V));\n" if site.first[0] else ""
    return kernel(
        f"y = x drawn in {out.height}x{out.width}, {op.interpolation}",
        f"{rows}\n{columns}\n{forward}",
        f"{rows}\n{columns}\n{clear}{back}" if site.wanted[0] else "",
    )


def _table(name: str, shares: np.ndarray) -> tuple[str, int]:
    """The places that are not zero in each row of a matrix, and what they are."""
    places = [np.flatnonzero(row) for row in shares]
    most = max(map(len, places))
    at, given = [], []
    for row, found in zip(shares, places, strict=True):
        more = most - len(found)
        at.append(", ".join(map(str, [*found, *[0] * more])))
        given.append(", ".join([*(number(row[n]) for n in found), *["0"] * more]))
    head = f"[{len(shares)}][{most}]"
    return (
        f"static const int {name}{head} = {{{', '.join(f'{{{row}}}' for row in at)}}};\n"
        f"static const float {name}_share{head} = "
        f"{{{', '.join(f'{{{row}}}' for row in given)}}};",
        most,
    )


def reshape(site: Site) -> Kernel:
    """The same values, row by row, which lie otherwise in memory: channels come first here."""
    before, after = site.inputs[0], site.output
    x, y = _place(before, "n"), _place(after, "n")
    if x == y:
        forward, back = "y[n] = x[n];", f"dx[n] {site.into()} dy[n];"
    else:
        forward, back = f"y[{y}] = x[{x}];", f"dx[{x}] {site.into()} dy[{y}];"
    return kernel(
        "y = x, row by row",
        loop("n", after.size, forward),
        loop("n", after.size, back) if site.wanted[0] else "",
    )


def slice_channels(site: Site) -> Kernel:
    """Some of the channels, which lie together here."""
    op: Slice = site.operation
    image, count = site.image, site.output.size
    first = op.start * image.height * image.width
    back = loop("n", count, f"dx[{first} + n] += dy[n];")
    if site.first[0]:
        back = f"memset(dx, 0, {image.size} * sizeof(V));\n{back}"
    return kernel(
        f"y = channels {op.start} to {op.start + op.channels - 1} of x",
        loop("n", count, f"y[n] = x[{first} + n];"),
        back if site.wanted[0] else "",
    )


def shuffle_channels(site: Site) -> Kernel:
    """The channels in another order: the first of each group, then the second of each."""
    op: Shuffle = site.operation
    image = site.image
    places, each = image.height * image.width, image.channels // op.groups
    x = f"(c % {op.groups} * {each} + c / {op.groups}) * {places} + n"
    y = f"c * {places} + n"

    def over(text: str) -> str:
        return loop("c", image.channels, loop("n", places, text))

    return kernel(
        f"y[c] = x[c % {op.groups} * {each} + c / {op.groups}]",
        over(f"y[{y}] = x[{x}];"),
        over(f"dx[{x}] {site.into()} dy[{y}];") if site.wanted[0] else "",
    )


def _place(shape: Shape, n: str) -> str:
    """Where the n-th value of a shape, row by row, lies."""
    image = as_image(shape)
    places = image.height * image.width
    if places == 1 or image.channels == 1:
        return n
    return f"({n} % {image.channels}) * {places} + {n} / {image.channels}"
