"""Operations on single values: functions, learned slopes, softmax, joins."""

from cnnspec.core.shapes import Image
from cnnspec.operations.base import Function
from cnnspec.operations.values import Join, LearnedSlope, Map
from cnnspec.targets.c.site import Kernel, Site, as_image, kernel
from cnnspec.targets.c.text import loop, number


def call(function: Function, x: str, derivative: bool = False) -> str:
    """Returns a function of sixteen numbers, or its derivative, as `functions.h` has it."""
    kind = "d" if derivative else "f"
    if function.name == "linear":
        return "fill(1)" if derivative else x
    if function.name == "relu":
        ceiling = float("inf") if function.ceiling is None else function.ceiling
        return f"{kind}_relu({x}, {number(function.slope)}, {number(ceiling)})"
    if function.name == "elu":
        return f"{kind}_elu({x}, {number(function.alpha)})"
    return f"{kind}_{function.name}({x})"


def function_of_values(site: Site) -> Kernel:
    """A function applied to every value."""
    op: Map = site.operation
    size = site.output.size
    back = f"dx[n] {site.into()} dy[n] * {call(op.function, 'x[n]', True)};"
    return kernel(
        f"y = {op.function}(x)",
        loop("n", size, f"y[n] = {call(op.function, 'x[n]')};"),
        loop("n", size, back) if site.wanted[0] else "",
    )


def learned_slope(site: Site) -> Kernel:
    """Leaves x above zero as it is, and takes the slope of its value or channel times x below."""
    op: LearnedSlope = site.operation
    image = site.image
    places = image.height * image.width
    slope = "c" if op.per_channel else f"n * {image.channels} + c"
    at = f"c * {places} + n"
    forward = loop(
        "c",
        image.channels,
        loop(
            "n",
            places,
            f"V v = x[{at}];",
            f"y[{at}] = choose(above(v, fill(0)), v, v * fill(alpha[{slope}]));",
        ),
    )
    body = [f"V v = x[{at}], d = keep(~above(v, fill(0)), dy[{at}]);"]
    if site.wanted[0]:
        given = f"choose(above(v, fill(0)), dy[{at}], d * fill(alpha[{slope}]))"
        body.append(f"dx[{at}] {site.into()} {given};")
    if op.per_channel:
        inner = loop("n", places, *body, "sum = fma16(d, v, sum);")
        back = loop("c", image.channels, "V sum = fill(0);", inner, "d_alpha[c] += sum16(sum);")
    else:
        body.append(f"d_alpha[{slope}] += sum16(d * v);")
        back = loop("c", image.channels, loop("n", places, *body))
    return kernel("y = x above zero, alpha * x below", forward, back)


def softmax(site: Site) -> Kernel:
    """Over the channels of each position; the largest is subtracted first."""
    image = site.image
    places = image.height * image.width
    at = f"c * {places} + n"
    forward = loop(
        "n",
        places,
        "V most = x[n], sum = fill(0);",
        loop("c", image.channels, f"most = max16(most, x[{at}]);"),
        loop("c", image.channels, f"y[{at}] = exp16(x[{at}] - most);", f"sum += y[{at}];"),
        loop("c", image.channels, f"y[{at}] /= sum;"),
    )
    back = loop(
        "n",
        places,
        "V sum = fill(0);",
        loop("c", image.channels, f"sum = fma16(dy[{at}], y[{at}], sum);"),
        loop("c", image.channels, f"dx[{at}] {site.into()} (dy[{at}] - sum) * y[{at}];"),
    )
    return kernel(
        "y[c] = exp(x[c]) / sum over k of exp(x[k])", forward, back if site.wanted[0] else ""
    )


def join(site: Site) -> Kernel:
    """Several inputs value by value; a single pixel beside an image is taken everywhere."""
    op: Join = site.operation
    out = as_image(site.output)
    places, count = out.height * out.width, len(site.inputs)
    names = [f"{site.x(n)}[{_at(site, n, places)}]" for n in range(count)]
    y = f"y[c * {places} + n]"
    signs = {"multiply": " * ", "maximum": ", "}
    if op.function == "maximum":
        value = names[0]
        for name in names[1:]:
            value = f"max16({value}, {name})"
    else:
        value = signs.get(op.function, " + ").join(names)
        if op.function == "average":
            value = f"({value}) * fill({number(1 / count)})"
    forward = loop("c", out.channels, loop("n", places, f"{y} = {value};"))
    back = [_join_back(site, op, n, names, y, out) for n in range(count) if site.wanted[n]]
    return kernel(f"y = {op.function} of {count} inputs", forward, "\n".join(back))


def _at(site: Site, source: int, places: int) -> str:
    """Where the value of an input for channel c and place n lies: a gate has few."""
    image = as_image(site.inputs[source])
    channel = "c" if image.channels > 1 or as_image(site.output).channels == 1 else "0"
    if image.height * image.width == places:
        return f"{channel} * {places} + n"
    return channel


def _join_back(site: Site, op: Join, n: int, names: list[str], y: str, out: Image) -> str:
    places = out.height * out.width
    dy = y.replace("y[", "dy[", 1)
    match op.function:
        case "multiply":
            given = " * ".join([dy, *(name for m, name in enumerate(names) if m != n)])
        case "maximum":
            given = _of_maximum(n, names, y, dy)
        case "average":
            given = f"{dy} * fill({number(1 / len(names))})"
        case _:
            given = dy
    at = _at(site, n, places)
    if site.inputs[n].size == site.output.size:
        to = f"{site.dx(n)}[{at}] {site.into(n)} {given};"
        return loop("c", out.channels, loop("n", places, to))
    # A gate gets the sum over all that it was taken for.
    clear = f"memset({site.dx(n)}, 0, {site.inputs[n].size} * sizeof(V));\n"
    adds = loop("c", out.channels, loop("n", places, f"{site.dx(n)}[{at}] += {given};"))
    return (clear if site.first[n] else "") + adds


def _of_maximum(n: int, names: list[str], y: str, dy: str) -> str:
    """What an input of `maximum` gets, as TensorFlow has it: of two equal ones the first.

    Keras takes the maximum of the first two, then of that and the third, and so on.
    """
    before = names[0]
    for name in names[1:n]:
        before = f"max16({before}, {name})"
    conditions = [] if n == 0 else [f"({names[n]} > {before})"]
    so_far = names[0]
    for m in range(1, len(names)):
        so_far_next = f"max16({so_far}, {names[m]})"
        if m > n:
            conditions.append(f"at_least({so_far}, {names[m]})")
        so_far = so_far_next
    return f"keep({' & '.join(conditions)}, {dy})" if conditions else dy


def concatenate(site: Site) -> Kernel:
    """The channels of the inputs one after another."""
    forward, back, done = [], [], 0
    for n, shape in enumerate(site.inputs):
        forward.append(loop("n", shape.size, f"y[{done} + n] = {site.x(n)}[n];"))
        if site.wanted[n]:
            given = f"{site.dx(n)}[n] {site.into(n)} dy[{done} + n];"
            back.append(loop("n", shape.size, given))
        done += shape.size
    return kernel("y = the inputs one after another", "\n".join(forward), "\n".join(back))
