"""Pooling: the largest or the mean of a window, or of a whole channel."""

from cnnspec.core.shapes import Image
from cnnspec.operations.windows import Pool
from cnnspec.targets.c.site import Kernel, Site, as_image, kernel
from cnnspec.targets.c.text import block, loop, number


def reduce(site: Site) -> Kernel:
    """The maximum or the average of each channel: a window of the whole image."""
    image = site.image
    size = image.height, image.width
    pool = Pool(site.operation.function, size, size)
    return _pooled(site.replace(operation=pool), Image(1, 1, image.channels))


def pool(site: Site) -> Kernel:
    """The maximum or the average of each window; padded cells are in neither."""
    return _pooled(site, as_image(site.output))


def _window(op: Pool, image: Image) -> str:
    """The rows and columns of the window at (i, j) that are in the image."""
    found = []
    for at, size, step, before, count, top, end in (
        ("i", op.size[0], op.stride[0], op.padding[0], image.height, "top", "bottom"),
        ("j", op.size[1], op.stride[1], op.padding[1], image.width, "left", "right"),
    ):
        found.append(f"int {top} = {at} * {step} - {before[0]}, {end} = {top} + {size};")
        if before[0]:
            found.append(f"if ({top} < 0) {top} = 0;")
        if before[1] or before[0]:
            found.append(f"if ({end} > {count}) {end} = {count};")
    return "\n".join(found)


def _pooled(site: Site, out: Image) -> Kernel:
    op: Pool = site.operation
    image = site.image
    window = _window(op, image)
    x = f"xs[r * {image.width} + s]"

    def over(*body: str) -> str:
        inner = block("for (int s = left; s < right; s++)", *body)
        return block("for (int r = top; r < bottom; r++)", inner)

    def everywhere(*body: str, source: str) -> str:
        inner = loop("i", out.height, loop("j", out.width, window, *body))
        return loop("c", image.channels, source, inner)

    at = f"(c * {out.height} + i) * {out.width} + j"
    xs = f"const V *xs = x + c * {image.height * image.width};"
    ds = f"V *ds = dx + c * {image.height * image.width};"
    clear = f"memset(dx, 0, {image.size} * sizeof(V));" if site.first[0] else ""
    if op.function == "max":
        start = f"V best = xs[top * {image.width} + left];"
        # A number that is none goes on to the output, as in Keras.
        take = f"best = choose(above({x}, best) | unequal({x}, {x}), {x}, best);"
        forward = everywhere(start, over(take), f"y[{at}] = best;", source=xs)
        # The first of equal values has the gradient, as in TensorFlow.
        chosen = f"I here = left_over & equal({x}, y[{at}]);"
        give = f"ds[r * {image.width} + s] += keep(here, dy[{at}]);"
        backward = everywhere(
            "I left_over = fill_int(-1);",
            over(chosen, give, "left_over &= ~here;"),
            source=f"{xs}\n{ds}",
        )
        formula = f"y[c][i][j] = the largest of a window of {op.size[0]}x{op.size[1]}"
    else:
        whole = not any(map(any, op.padding))
        cells = op.size[0] * op.size[1]
        share = f"fill({number(1 / cells)})" if whole else "share"
        count = "" if whole else "V share = fill(1.0f / ((bottom - top) * (right - left)));"
        forward = everywhere(
            count, "V sum = fill(0);", over(f"sum += {x};"), f"y[{at}] = sum * {share};", source=xs
        )
        give = f"ds[r * {image.width} + s] += d;"
        backward = everywhere(count, f"V d = dy[{at}] * {share};", over(give), source=ds)
        formula = f"y[c][i][j] = the mean of a window of {op.size[0]}x{op.size[1]}"
    back = f"{clear}\n{backward}" if site.wanted[0] else ""
    return kernel(formula, forward, back)
