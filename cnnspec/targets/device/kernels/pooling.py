"""Pooling in windows and over whole images, in float32 and in int8.

In int8 the output of either has the scale of its input, so that the maximum is one of the
inputs and a mean is a sum of integers divided by their number.
"""

from cnnspec.operations.windows import Pool, Reduce
from cnnspec.targets.c.text import block
from cnnspec.targets.device.endings import last
from cnnspec.targets.device.kernels.rows import over_rows, start_of
from cnnspec.targets.device.kernels.wide_values import WideWindow
from cnnspec.targets.device.lanes import either
from cnnspec.targets.device.site import Kernel, Site
from cnnspec.targets.device.text import nested, plus, side, times


def _mean(site: Site, total: str, count: str) -> str:
    """A sum divided by the number of its terms; in int8 rounded to the nearest."""
    if site.arithmetic.element == "float":
        return f"{total} / (float)({count})" if not count.isdecimal() else f"{total} / {count}.0f"
    return f"({total} < 0 ? {total} - {count} / 2 : {total} + {count} / 2) / ({count})"


def pool(site: Site) -> Kernel:
    """The largest or the mean of each window; padded cells are in neither."""
    op: Pool = site.operation
    image, out, kind = site.image, site.out, site.arithmetic
    rows = side("i", image.height, out.height, op.size[0], op.stride[0], 1, op.padding[0][0])
    columns = side("j", image.width, out.width, op.size[1], op.stride[1], 1, op.padding[1][0])
    row = plus(start_of(site, rows.start, "i"), "u")
    place = f"{times(row, image.width)} + {columns.start} + v"
    at = f"{times(place, image.channels)} + c"
    maximum = op.function == "max"
    turn = (
        f"const {kind.element} value = x[{at}];\nif (value > best) best = value;"
        if maximum
        else f"sum += x[{at}];"
    )
    if not rows.before and not columns.before and op.size[0] * op.size[1] <= UNROLLED:
        return Kernel(_formula(op), _unrolled(site))
    window = block(
        f"for (int u = {rows.first}; u < {rows.end}; u++)",
        block(f"for (int v = {columns.first}; v < {columns.end}; v++)", turn),
    )
    wide = WideWindow(site)
    counts = (rows.count, columns.count)
    plain = all(count.isdecimal() for count in counts)
    count = str(int(counts[0]) * int(counts[1])) if plain else f"(({counts[0]}) * ({counts[1]}))"
    begin = f"{kind.element} best = {kind.lowest};" if maximum else f"{kind.sum} sum = 0;"
    made = last(site, "best" if maximum else _mean(site, "sum", count))
    channel = nested([("c", image.channels)], begin, window, f"*to++ = {made};")
    row = nested([("j", out.width)], columns.before, channel)
    if wide.possible:
        taken = block(
            f"for (int u = {rows.first}; u < {rows.end}; u++)",
            block(
                f"for (int v = {columns.first}; v < {columns.end}; v++)",
                wide.take(f"x + {times(place, image.channels)}"),
            ),
        )
        place_of_output = f"to + {times('j', image.channels)}"
        vectors = nested(
            [("j", out.width)], columns.before, wide.text(taken, place_of_output, count)
        )
        row = either(f"{vectors}\n{wide.after('to')}", row)
    return Kernel(_formula(op), over_rows(site, "i", rows.before, row))


UNROLLED = 4
"""Points of a window that are looked at without a loop."""


def _formula(op: Pool) -> str:
    word = "the largest" if op.function == "max" else "the mean"
    return f"y[i, j, c] = {word} of a window of x[., ., c]"


def _unrolled(site: Site) -> str:
    """Small windows that nothing is cut off of: the points of one are at fixed distances."""
    op: Pool = site.operation
    image, out, kind = site.image, site.out, site.arithmetic
    distances = [
        (u * image.width + v) * image.channels for u in range(op.size[0]) for v in range(op.size[1])
    ]
    points = [f"in[{distance}]" for distance in distances]
    if op.function == "max":
        lines = [f"{kind.element} best = {points[0]};"]
        lines += [f"if ({point} > best) best = {point};" for point in points[1:]]
        made = last(site, "best")
    else:
        lines = [f"const {kind.sum} sum = {' + '.join(points)};"]
        made = last(site, _mean(site, "sum", str(len(points))))
    row = times(start_of(site, times("i", op.stride[0]), "i"), image.width)
    place = times(plus(row, times("j", op.stride[1])), image.channels)
    start = f"const {kind.element} *in = x + {place};"
    window = nested(
        [("j", out.width)],
        start,
        nested([("c", image.channels)], *lines, f"*to++ = {made};", "in++;"),
    )
    wide = WideWindow(site)
    if wide.possible:
        taken = "\n".join(wide.take(f"in + {distance}") for distance in distances[1:])
        to = f"to + {times('j', image.channels)}"
        vectors = nested(
            [("j", out.width)], start, wide.text(taken, to, str(len(points)), first="in")
        )
        window = either(f"{vectors}\n{wide.after('to')}", window)
    return over_rows(site, "i", window)


def reduce(site: Site) -> Kernel:
    """The largest or the mean of each channel."""
    op: Reduce = site.operation
    image, kind = site.image, site.arithmetic
    places = image.height * image.width
    at = f"x[{times('n', image.channels)} + c]"
    if op.function == "max":
        begin, made = f"{kind.element} best = {kind.lowest};", "best"
        turn = f"const {kind.element} value = {at};\nif (value > best) best = value;"
    else:
        begin, turn = f"{kind.sum} sum = 0;", f"sum += {at};"
        made = _mean(site, "sum", str(places))
    text = nested(
        [("c", image.channels)],
        begin,
        nested([("n", places)], turn),
        f"y[c] = {last(site, made)};",
    )
    wide = WideWindow(site)
    if wide.possible:
        taken = nested([("n", places)], wide.take(f"x + {times('n', image.channels)}"))
        text = either(f"{wide.text(taken, 'y', str(places))}\n{wide.after('y')}", text)
    word = "the largest" if op.function == "max" else "the mean"
    return Kernel(f"y[c] = {word} of x[., ., c]", text)
