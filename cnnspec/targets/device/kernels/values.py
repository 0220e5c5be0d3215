"""Operations on single values in float32: functions, normalization, joins."""

from math import prod

from cnnspec.operations.values import Affine, GroupNormalization, Join, LearnedSlope, Map
from cnnspec.targets.device.endings import applied, last
from cnnspec.targets.device.kernels import wide_values
from cnnspec.targets.device.kernels.rows import over_values
from cnnspec.targets.device.lanes import either
from cnnspec.targets.device.site import Kernel, Site, Table
from cnnspec.targets.device.text import literal, nested


def function_of_values(site: Site) -> Kernel:
    """The function of every value."""
    op: Map = site.operation
    text = over_values(
        site, f"y[n] = {applied(op.function, 'x[n]')};", wide=wide_values.function_of_values
    )
    return Kernel(f"y = {op.function}(x)", text)


def learned_slope(site: Site) -> Kernel:
    """Each x above zero, the slope of its value or channel times x below."""
    op: LearnedSlope = site.operation
    slopes = Table("alpha", "float", site.weights["alpha"], "the slopes below zero", op.alpha)
    at = "n"
    if op.per_channel and len(site.output.dims) > 1:
        at = f"n % {site.output.dims[-1]}"
    text = nested([("n", site.output.size)], f"y[n] = x[n] > 0.0f ? x[n] : alpha[{at}] * x[n];")
    return Kernel("y = x above zero, alpha * x below", text, (slopes,))


def softmax(site: Site) -> Kernel:
    """Over the channels of each position; the largest is subtracted from the exponents."""
    *positions, channels = site.output.dims
    text = nested(
        [("p", prod(positions))],
        "float most = x[0], sum = 0;",
        nested([("c", channels)], "if (x[c] > most) most = x[c];"),
        nested([("c", channels)], "y[c] = f_exp(x[c] - most);", "sum += y[c];"),
        nested([("c", channels)], "y[c] /= sum;"),
        f"x += {channels};\ny += {channels};",
    )
    return Kernel("y[c] = exp(x[c]) / the sum over the channels of exp(x)", text)


def affine(site: Site) -> Kernel:
    """Each channel times a number, plus another."""
    op: Affine = site.operation
    channels = site.output.dims[-1]
    tables = _tables(site)
    made = last(site, "x[n] * scale[c] + offset[c]")
    text = over_values(
        site,
        f"const int c = n % {channels};",
        f"y[n] = {made};",
        wide=wide_values.affine,
    )
    ending = f", then {op.then}" if op.then else ""
    return Kernel(f"y = x * scale[c] + offset[c]{ending}", text, tables)


def _tables(site: Site) -> tuple[Table, ...]:
    about = {"scale": "what each channel is multiplied by", "offset": "what is added to it"}
    return tuple(
        Table(role, "float", site.weights[role], words, getattr(site.operation, role))
        for role, words in about.items()
        if role in site.weights
    )


def group_normalization(site: Site) -> Kernel:
    """Mean and variance of each group of channels, of a position or of all of them."""
    op: GroupNormalization = site.operation
    *positions, channels = site.output.dims
    places, each = prod(positions), channels // op.groups
    outer, within = (1, places) if op.over_positions else (places, 1)
    at = f"(n * {channels} + g * {each} + c)" if within > 1 else f"(g * {each} + c)"
    scale = f" * scale[g * {each} + c]" if "scale" in site.weights else ""
    offset = f" + offset[g * {each} + c]" if "offset" in site.weights else ""
    values = [("n", within), ("c", each)] if within > 1 else [("c", each)]
    count = f"{within * each}.0f"
    text = nested(
        [("p", outer), ("g", op.groups)],
        f"const float *from = x + p * {channels};",
        f"float *to = y + p * {channels};",
        "float sum = 0, squares = 0;",
        nested(values, f"sum += from[{at[1:-1]}];"),
        f"const float mean = sum / {count};",
        nested(values, f"const float d = from[{at[1:-1]}] - mean;", "squares += d * d;"),
        f"const float root = f_root(squares / {count} + {literal(op.epsilon)});",
        nested(values, f"to[{at[1:-1]}] = (from[{at[1:-1]}] - mean) / root{scale}{offset};"),
    )
    formula = "y = (x - mean) / sqrt(variance + epsilon) of each group, then scaled by channel"
    return Kernel(formula, text, _tables(site))


def join(site: Site) -> Kernel:
    """Value by value, in the order of the inputs; a single pixel or channel counts everywhere."""
    op: Join = site.operation
    found = places_of(site)
    names = [f"x{n}[{at}]" for n, at in enumerate(found)]
    if op.function == "maximum":
        lines = [f"float best = {names[0]};"]
        lines += [f"if ({name} > best) best = {name};" for name in names[1:]]
        made = "best"
    else:
        lines = []
        made = (" * " if op.function == "multiply" else " + ").join(names)
        if op.function == "average":
            made = f"({made}) / {len(names)}.0f"
    lines.append(f"const float value = {made};")
    text = nested([("n", site.output.size)], *lines, f"y[n] = {last(site, 'value')};")
    vectors = wide_values.join(site, found)
    return Kernel(f"y = {op} of the inputs", either(vectors, text) if vectors else text)


def places_of(site: Site) -> list[str]:
    """Where the n-th value of the output is in each input."""
    channels = site.output.dims[-1]
    found = []
    for shape in site.inputs:
        if shape.size == site.output.size:
            found.append("n")
        elif shape.dims[-1] == channels:
            found.append(f"n % {channels}")
        else:
            found.append(f"n / {channels}")
    return found
