"""What is done to training images: Keras's layers for `augment`, in their definitions.

What is drawn follows from the seed, the step, the option and the place of the image in its
batch, as with dropout. Nothing is done at inference.
"""

from collections.abc import Callable

from cnnspec.core.shapes import Image
from cnnspec.ir.augmentation import Augment
from cnnspec.operations.base import Operation
from cnnspec.operations.values import Noise
from cnnspec.targets.c.operations import Erased, Moved
from cnnspec.targets.c.site import Kernel, Site, Stage, kernel
from cnnspec.targets.c.text import block, loop, number

_SCALE = (0.02, 0.33)
"""The share of an image that a rectangle covers if it is a square: Keras's default."""


def augmentation(augment: Augment) -> list[Operation]:
    """Returns the operations of the setting, in the order in which they work."""
    found: list[Operation] = [
        Moved(side) for side in ("horizontal", "vertical") if augment.flip in (side, "both")
    ]
    for how in ("crop", "shift", "rotate", "shear", "zoom"):
        if by := getattr(augment, how):
            found.append(Moved(how, float(by), augment.fill))
    if augment.erase:
        found.append(Erased(augment.erase))
    if augment.noise:
        found.append(Noise(augment.noise))
    return found


Matrix = Callable[[float, Image], str]
"""Text that sets `m` from random bits `w`: a pixel comes from x = m[0] j + m[1] i + m[2] and
y = m[3] j + m[4] i + m[5], of column j and row i."""


def _mirrored(place: int, side: int) -> str:
    turn = "at_most(uniform(w[0]), fill(0.5f))"
    return (
        f"m[{place}] = choose({turn}, fill(-1), fill(1));\n"
        f"m[{place // 4 * 3 + 2}] = keep({turn}, fill({number(side - 1)}));"
    )


def _translated(share: float, share_down: float, image: Image) -> str:
    """Keras takes the rows' share first."""
    down = f"between(w[0], {number(-share_down)}, {number(share_down)})"
    along = f"between(w[1], {number(-share)}, {number(share)})"
    return (
        f"m[2] = -{along} * fill({number(image.width)});\n"
        f"m[5] = -{down} * fill({number(image.height)});"
    )


def _rotated(degrees: float, image: Image) -> str:
    turns = number(degrees / 360)
    x, y = number((image.width - 1) / 2), number((image.height - 1) / 2)
    return (
        f"V sine, cosine;\nturn_by(between(w[0], -{turns}, {turns}), &sine, &cosine);\n"
        "m[0] = m[4] = cosine;\nm[1] = -sine;\nm[3] = sine;\n"
        f"m[2] = fill({x}) - fill({x}) * m[0] - fill({y}) * m[1];\n"
        f"m[5] = fill({y}) - fill({x}) * m[3] - fill({y}) * m[4];"
    )


def _sheared(share: float, image: Image) -> str:
    # Keras draws a sign as well, which changes nothing of what is as likely on both sides.
    drawn = f"{number(-share)}, {number(share)}"
    return f"m[1] = between(w[0], {drawn});\nm[3] = between(w[1], {drawn});"


def _zoomed(share: float, image: Image) -> str:
    x, y = number((image.width - 1) / 2), number((image.height - 1) / 2)
    return (
        f"m[0] = m[4] = between(w[0], {number(1 - share)}, {number(1 + share)});\n"
        f"m[2] = fill({x}) * (fill(1) - m[0]);\nm[5] = fill({y}) * (fill(1) - m[4]);"
    )


_MATRICES: dict[str, Matrix] = {
    "horizontal": lambda by, image: _mirrored(0, image.width),
    "vertical": lambda by, image: _mirrored(4, image.height),
    # To the nearest of 2 * crop + 1 pixels, as `keras/lowering/augmentation.py` has it.
    "crop": lambda by, image: _translated(
        (by + 0.49) / image.width, (by + 0.49) / image.height, image
    ),
    "shift": lambda by, image: _translated(by, by, image),
    "rotate": _rotated,
    "shear": _sheared,
    "zoom": _zoomed,
}
_WHOLE = ("horizontal", "vertical", "crop")
"""What takes pixels as they are, and no value between them."""
_EDGES = {"background": "as_it_is", "nearest": "at_edge", "reflect": "turned_back"}


def moved(site: Site) -> Kernel:
    """Each pixel from another place of its image, or from between four of them."""
    op: Moved = site.operation
    image = site.image
    width, height = image.width, image.height
    size, edge = width * height, _EDGES[op.fill]
    take: tuple[str, ...]
    if op.how in _WHOLE:
        take = (
            "I column = __builtin_convertvector(round16(sx), I);",
            "I row = __builtin_convertvector(round16(sy), I);",
            f"I inside = at_least_int(row, fill_int(0)) & ~at_least_int(row, fill_int({height})) &",
            f"    at_least_int(column, fill_int(0)) & ~at_least_int(column, fill_int({width}));",
            f"I at = inside & (row * {width} + column);",
            loop(
                "c",
                image.channels,
                f"y[c * {size} + i * {width} + j] = keep(inside, gather(x + c * {size}, at));",
            ),
        )
    else:
        take = (
            f"struct around p4 = pixels_around(sx, sy, {width}, {height});",
            loop(
                "c",
                image.channels,
                f"V sum = gather(x + c * {size}, p4.at[0]) * p4.by[0];",
                "for (int n = 1; n < 4; n++)",
                f"    sum = fma16(gather(x + c * {size}, p4.at[n]), p4.by[n], sum);",
                f"y[c * {size} + i * {width} + j] = sum;",
            ),
        )
    forward = "\n".join(
        (
            f"struct words drawn = {_draw(site, 0)};",
            "const U *w = drawn.w;",
            "V m[6] = {fill(1), fill(0), fill(0), fill(0), fill(1), fill(0)};",
            _MATRICES[op.how](op.by, image),
            loop(
                "i",
                height,
                loop(
                    "j",
                    width,
                    f"V sx = {edge}(fma16(m[0], fill(j), fma16(m[1], fill(i), m[2])), {width});",
                    f"V sy = {edge}(fma16(m[3], fill(j), fma16(m[4], fill(i), m[5])), {height});",
                    *take,
                ),
            ),
        )
    )
    return kernel(
        f"y[c][i][j] = x[c][m3 j + m4 i + m5][m0 j + m1 i + m2], m drawn for each image: {op}",
        forward,
        predict=_unchanged(site),
    )


def erased(site: Site) -> Kernel:
    """A rectangle of some of the images becomes 0."""
    op: Erased = site.operation
    image = site.image
    width, height = image.width, image.height
    size = width * height
    low, high = map(number, _SCALE)
    forward = "\n".join(
        (
            f"struct words a = {_draw(site, 0)};",
            f"struct words b = {_draw(site, 1)};",
            f"V across = root16(between(a.w[0], {low}, {high})) * fill({width});",
            f"V down = root16(between(a.w[1], {low}, {high})) * fill({height});",
            f"V left = uniform(a.w[2]) * (fill({width}) - across);",
            f"V top = uniform(a.w[3]) * (fill({height}) - down);",
            f"I chosen = below(uniform(b.w[0]), fill({number(op.rate)}));",
            loop(
                "i",
                height,
                "I rows = chosen & (fill(i) >= top) & (fill(i) < top + down);",
                loop(
                    "j",
                    width,
                    "I gone = rows & (fill(j) >= left) & (fill(j) < left + across);",
                    loop(
                        "c",
                        image.channels,
                        f"const int n = c * {size} + i * {width} + j;",
                        "y[n] = keep(~gone, x[n]);",
                    ),
                ),
            ),
        )
    )
    return kernel(
        f"y = x without a rectangle in {op.rate:g} of the images",
        forward,
        predict=_unchanged(site),
    )


def _draw(site: Site, which: int) -> str:
    """Four words of random bits for each image of a block."""
    return f"philox(seed, fill_bits({which}), images_of(number), step, {site.index})"


def _unchanged(site: Site) -> Stage:
    return Stage(block("for (int n = 0; n < " + str(site.output.size) + "; n++)", "y[n] = x[n];"))
