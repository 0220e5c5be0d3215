"""Operations in int8 that differ from those in float32 by more than the type of a value.

The formulas are those of `targets/quantize/arithmetic.py`.
"""

from math import prod
from typing import Any

from cnnspec.operations.values import GroupNormalization, Join, LearnedSlope, Map
from cnnspec.targets.device.kernels import moves, pooling
from cnnspec.targets.device.kernels.rows import over_rows, over_values
from cnnspec.targets.device.kernels.values import places_of
from cnnspec.targets.device.site import Kernel, Site, Table
from cnnspec.targets.device.text import nested
from cnnspec.targets.quantize.constants import Constants, product_shifts


def _given(site: Site) -> Constants:
    found: Constants = site.scales.constants
    return found


def _apart(value: str, zero: int) -> str:
    """An input less its zero point."""
    return f"({value} {'-' if zero > 0 else '+'} {abs(zero)})" if zero else value


def _plus(zero: int) -> str:
    return f" {'+' if zero > 0 else '-'} {abs(zero)}" if zero else ""


def reduce(site: Site) -> Kernel:
    """The largest of each channel, or their sum times a factor."""
    if site.operation.function == "max":
        return pooling.reduce(site)
    given = _given(site)
    channels, places = site.image.channels, site.image.height * site.image.width
    scaled = f"rescale(sum, {given.more.factor[0]}, {given.more.shift}){_plus(given.zero)}"
    text = nested(
        [("c", channels)],
        f"int32_t sum = {-places * given.zeros[0]};",
        nested([("n", places)], f"sum += x[n * {channels} + c];"),
        f"y[c] = limit({scaled}, {given.low}, {given.high});",
    )
    return Kernel("y[c] = the mean of x[., ., c]", text)


def function_of_values(site: Site) -> Kernel:
    """The function of every value, from a table."""
    op: Map = site.operation
    table = Table("values", "int8_t", _given(site).more.table, f"{op.function} of -128 to 127")
    text = over_values(site, "y[n] = values[x[n] + 128];")
    return Kernel(f"y = {op.function}(x)", text, (table,))


def learned_slope(site: Site) -> Kernel:
    """Each x above zero, the slope of its value or channel times x below."""
    op: LearnedSlope = site.operation
    given = _given(site)
    more = given.more
    per_channel = op.per_channel and len(site.output.dims) > 1
    at = f"n % {site.output.dims[-1]}" if per_channel else "n"
    slopes = Table("alpha", "int8_t", more.alpha, "the slopes below zero", op.alpha)
    above, below = (f"{factor}, {more.shift}" for factor in (more.above, more.below))
    text = nested(
        [("n", site.output.size)],
        f"const int32_t d = {_apart('x[n]', given.zeros[0])};",
        f"const int32_t z = d > 0 ? rescale(d, {above}) : rescale(d * alpha[{at}], {below});",
        f"y[n] = limit(z{_plus(given.zero)}, -128, 127);",
    )
    return Kernel("y = x above zero, alpha * x below", text, (slopes,))


def softmax(site: Site) -> Kernel:
    """Exponentials of the distance from the largest by a table, then shares of 256."""
    *positions, channels = site.output.dims
    about = "65535 exp(-x) for the distances 0 to 255"
    table = Table("grown", "uint16_t", _given(site).more.table, about)
    text = nested(
        [("p", prod(positions))],
        "int most = x[0];",
        nested([("c", channels)], "if (x[c] > most) most = x[c];"),
        "uint32_t sum = 0;",
        nested([("c", channels)], "sum += grown[most - x[c]];"),
        nested(
            [("c", channels)],
            "const uint32_t share = (grown[most - x[c]] * (uint32_t)256 + sum / 2) / sum;",
            "y[c] = limit((int32_t)share - 128, -128, 127);",
        ),
        f"x += {channels};\ny += {channels};",
    )
    return Kernel(
        "y[c] = exp(x[c]) / the sum over the channels of exp(x), in 256ths", text, (table,)
    )


def affine(site: Site) -> Kernel:
    """Each channel times a number, plus another."""
    given = _given(site)
    more, channels = given.more, site.output.dims[-1]
    half = 1 << (more.shift - 1)
    tables = (
        Table("factor", "int32_t", more.factor, f"of each channel, over 2^{more.shift}"),
        Table("added", "int32_t", more.added, "what is added to it"),
    )
    product = f"{_apart('x[n]', given.zeros[0])} * factor[c] + added[c] + {half}"
    scaled = f"(({product}) >> {more.shift}){_plus(given.zero)}"
    text = over_values(
        site,
        f"const int c = n % {channels};",
        f"y[n] = limit({scaled}, {given.low}, {given.high});",
    )
    return Kernel("y = x * factor[c] + added[c]", text, tables)


def join(site: Site) -> Kernel:
    """Value by value, each input in the scale of the output."""
    op: Join = site.operation
    given = _given(site)
    more = given.more
    apart = [
        _apart(f"x{n}[{at}]", zero)
        for n, (at, zero) in enumerate(zip(places_of(site), given.zeros, strict=True))
    ]
    if op.function == "multiply":
        lines = [f"int32_t product = {apart[0]};"]
        for each, shift in zip(apart[1:], product_shifts(len(apart))[1:], strict=True):
            lines.append(f"product *= {each};")
            if shift:
                lines.append("product = (product + 128) >> 8;")
        scaled = f"rescale(product, {more.factor[0]}, {more.shift})"
    else:
        terms = [f"{each} * {factor}" for each, factor in zip(apart, more.factor, strict=True)]
        half = 1 << (more.shift - 1)
        if op.function == "maximum":
            lines = [f"int32_t sum = {terms[0]};"]
            for term in terms[1:]:
                lines.append(f"if ({term} > sum) sum = {term};")
        else:
            lines = [f"const int32_t sum = {' + '.join(terms)};"]
        scaled = f"((sum + {half}) >> {more.shift})"
    text = nested(
        [("n", site.output.size)],
        *lines,
        f"y[n] = limit({scaled}{_plus(given.zero)}, {given.low}, {given.high});",
    )
    return Kernel(f"y = {op} of the inputs", text)


def concatenate(site: Site) -> Kernel:
    """The channels of the inputs one after another, each in the scale of the output."""
    given = _given(site)
    more: Any = given.more
    copies = []
    half = 1 << (more.shift - 1)
    for n, (shape, zero, factor) in enumerate(
        zip(site.inputs, given.zeros, more.factor, strict=True)
    ):
        count = shape.dims[-1]
        x = f"{site.x(n)}[{moves.place_of(site, count)} + c]"
        value = x
        if factor:
            product = f"({_apart(x, zero)} * {factor} + {half}) >> {more.shift}"
            value = f"limit(({product}){_plus(given.zero)}, -128, 127)"
        copies.append(nested([("c", count)], f"*to++ = {value};"))
    if not any(more.factor):
        return moves.concatenate(site)
    text = over_rows(site, "i", nested([("j", site.out.width)], *copies))
    return Kernel("y = the channels of each input, one after another", text)


def group_normalization(site: Site) -> Kernel:
    """Mean, variance and the root of it in integers; the normal value has 16 binary digits."""
    op: GroupNormalization = site.operation
    given = _given(site)
    more: Any = given.more
    *positions, channels = site.output.dims
    places, each = prod(positions), channels // op.groups
    outer, within = (1, places) if op.over_positions else (places, 1)
    at = f"n * {channels} + g * {each} + c" if within > 1 else f"g * {each} + c"
    values = [("n", within), ("c", each)] if within > 1 else [("c", each)]
    tables = (
        Table("factor", "int32_t", more.factor, "of each channel, over 2^16"),
        Table("added", "int32_t", more.added, "what is added to it, over 2^16"),
    )
    scaled = f"scaled = (int64_t)normal * factor[g * {each} + c] + added[g * {each} + c] * 65536LL"
    scaled = scaled.replace("added[", "(int64_t)added[").replace("65536LL", "65536")
    text = nested(
        [("p", outer), ("g", op.groups)],
        f"const int8_t *from = x + p * {channels};",
        f"int8_t *to = y + p * {channels};",
        "int64_t sum = 0, squares = 0;",
        nested(values, f"sum += from[{at}];", f"squares += from[{at}] * from[{at}];"),
        f"const int64_t spread = {more.count} * squares - sum * sum + INT64_C({more.epsilon});",
        f"const int64_t inverse = INT64_C({1 << (40 + more.digits)}) / "
        f"root(spread * INT64_C({1 << (2 * more.digits)}));",
        nested(
            values,
            f"const int64_t d = {more.count} * (int64_t)from[{at}] - sum;",
            "const int64_t normal = (d * inverse + INT64_C(8388608)) >> 24;",
            f"const int64_t {scaled};",
            f"to[{at}] = limit((int32_t)((scaled + INT64_C(2147483648)) >> 32)"
            f"{_plus(given.zero)}, -128, 127);",
        ),
    )
    formula = "y = (x - mean) / sqrt(variance + epsilon) of each group, then scaled by channel"
    return Kernel(formula, text, tables)
