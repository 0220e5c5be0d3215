"""Normalization: over a whole batch, or within each image."""

from cnnspec.operations.values import Affine, BatchNormalization, GroupNormalization
from cnnspec.targets.c.kernels.relu import fused, masked
from cnnspec.targets.c.site import Kernel, Site, Stage, kernel
from cnnspec.targets.c.text import block, four_sums, loop, number


def batch_normalization(site: Site) -> Kernel:
    """Mean and variance over the batch: every part gives its own, and all meet before they go on.

    A block gives its mean and its squared distances from it while it is in the nearest cache.
    Blocks, then parts, are added in their order, in double precision (Chan et al., "Updating
    formulae and a pairwise algorithm for computing sample variances", 1979).
    """
    op: BatchNormalization = site.operation
    image = site.image
    places, channels = image.height * image.width, image.channels
    gamma = "scale[c]" if op.scale else "1.0f"
    beta = "offset[c]" if op.offset else "0.0f"
    at = f"c * {places} + n"
    forward = (
        Stage(_statistics(channels, places)),
        Stage(
            loop(
                "c",
                channels,
                "V by = fill(prepared[4 * c + 1]), plus = fill(prepared[4 * c + 2]);",
                loop("n", places, f"y[{at}] = {fused(op.then, f'fma16(x[{at}], by, plus)')};"),
            ),
            before=_combined(op, channels, places, gamma, beta),
        ),
    )
    value = f"fma16(x[{at}], fill(by), plus)"
    predict = loop(
        "c",
        channels,
        f"float by = {gamma} / __builtin_sqrtf(variance[c] + {number(op.epsilon)});",
        f"V plus = fill({beta} - mean[c] * by);",
        loop("n", places, f"y[{at}] = {fused(op.then, value)};"),
    )
    sums, gradient = _norm_back(site, op, gamma)
    return Kernel(
        "y = (x - mean) / sqrt(variance + epsilon) * scale + offset, over the batch"
        f"{f', then {op.then}' if op.then else ''}",
        forward,
        (sums, gradient) if site.wanted[0] else (sums,),
        predict=Stage(predict),
        prepared=6 * channels,
        shared=4 * channels,
    )


def _statistics(channels: int, places: int) -> str:
    """The mean of each channel of a block and the squares of distances from it."""
    return "\n".join(
        (
            "I there = lanes_of(p, 0);",
            "const int before = images_before(p);",
            loop(
                "c",
                channels,
                f"const V *xs = x + c * {places};",
                four_sums("a", places, lambda n, k: f"a{k} += keep(there, xs[{n}]);"),
                f"float m = sum16(a) * (1.0f / ({places} * p->count));",
                four_sums(
                    "b",
                    places,
                    lambda n, k: (
                        f"{{ V d = keep(there, xs[{n}] - fill(m)); b{k} = fma16(d, d, b{k}); }}"
                    ),
                ),
                f"add_moments(shared + part * SHARED + c, {channels}, {places}, before, p->count, "
                "m, sum16(b));",
            ),
        )
    )


def _combined(op: BatchNormalization, channels: int, places: int, gamma: str, beta: str) -> str:
    """What every block needs of the statistics of the batch; the moving ones follow them."""
    keep = number(op.momentum)
    return loop(
        "c",
        channels,
        f"struct moments all = combine(shared, images, {channels}, c, {places});",
        f"float inverse = 1.0f / __builtin_sqrtf(all.variance + {number(op.epsilon)});",
        "prepared[4 * c] = all.mean;",
        f"prepared[4 * c + 1] = inverse * {gamma};",
        f"prepared[4 * c + 2] = {beta} - all.mean * inverse * {gamma};",
        "prepared[4 * c + 3] = inverse;",
        block(
            "if (part == PARTS - 1)",  # the one that always has images
            f"mean[c] = mean[c] * {keep} + all.mean * (1.0f - {keep});",
            f"variance[c] = variance[c] * {keep} + all.variance * (1.0f - {keep});",
        ),
    )


def _norm_back(site: Site, op: BatchNormalization, gamma: str) -> tuple[Stage, Stage]:
    """The sums of the gradient, alone and times the normalized value; then the gradient of x.

    dx = scale / root * (dy - mean of dy - normal * mean of dy * normal). What ReLU let through
    is told by the value, computed again from x: that costs less than to read it.
    """
    image = site.image
    places, channels = image.height * image.width, image.channels
    first = 2 * channels
    head = (
        "V middle = fill(prepared[4 * c]), by = fill(prepared[4 * c + 1]);\n"
        "V plus = fill(prepared[4 * c + 2]);\n(void)by; (void)plus;\n"
        f"const V *xs = x + c * {places}, *ds = dy + c * {places};"
    )

    def given(n: str) -> str:
        """The gradient before the function, of lanes with an image."""
        value = masked(op.then, f"fma16(xs[{n}], by, plus)", f"ds[{n}]")
        return f"keep(there, {value})"

    sums = loop(
        "c",
        channels,
        head,
        four_sums(
            "ab",
            places,
            lambda n, k: (
                f"{{ V d = {given(n)}; a{k} += d; b{k} = fma16(d, xs[{n}] - middle, b{k}); }}"
            ),
        ),
        "float s = sum16(a), t = sum16(b) * prepared[4 * c + 3];",
        f"float *kept = shared + part * SHARED + {first} + c;",
        f"if (!before) kept[0] = kept[{channels}] = 0;",
        f"kept[0] += s; kept[{channels}] += t;",
        "d_offset[c] += s;" if op.offset else "",
        "d_scale[c] += t;" if op.scale else "",
    )
    means = f"prepared[{4 * channels} + 2 * c"
    prepare = loop(
        "c",
        channels,
        f"{means}] = mean_of_sums(shared + {first} + c, images, {places});",
        f"{means} + 1] = mean_of_sums(shared + {first + channels} + c, images, {places});",
    )
    gradient = loop(
        "c",
        channels,
        head,
        f"float s = {means}], t = {means} + 1] * prepared[4 * c + 3];",
        "V level = by * fill(-s), slope = by * fill(-t);",
        f"V *to = dx + c * {places};",
        loop(
            "n",
            places,
            f"V d = fma16({given('n')}, by, fma16(xs[n] - middle, slope, level));",
            f"to[n] {site.into()} keep(there, d);",
        ),
    )
    there = "I there = lanes_of(p, 0);\n"
    return (
        Stage(f"{there}const int before = images_before(p);\n{sums}"),
        Stage(there + gradient, before=prepare),
    )


def affine(site: Site) -> Kernel:
    """Each channel times a number, plus another: batch norm at inference."""
    op: Affine = site.operation
    image = site.image
    places = image.height * image.width
    value = f"fma16(x[c * {places} + n], fill(scale[c]), fill(offset[c]))"
    text = loop(
        "c", image.channels, loop("n", places, f"y[c * {places} + n] = {fused(op.then, value)};")
    )
    return kernel("y = x * scale + offset", text)


def group_normalization(site: Site) -> Kernel:
    """Mean 0 and variance 1 within groups of channels: of an image, or of each position."""
    op: GroupNormalization = site.operation
    image = site.image
    places, group = image.height * image.width, image.channels // op.groups
    sets = op.groups if op.over_positions else op.groups * places
    if op.over_positions:
        head = ("g", op.groups, "int set = g;")
        at, count = f"c * {places} + n", group * places
    else:
        head = ("set", sets, f"int g = set / {places}, n = set % {places};")
        at, count = f"c * {places} + n", group

    def members(*body: str) -> str:
        inside = loop("n", places, *body) if op.over_positions else "\n".join(body)
        return block(f"for (int c = g * {group}; c < (g + 1) * {group}; c++)", inside)

    gamma = "fill(scale[c])" if op.scale else "fill(1)"
    beta = "fill(offset[c])" if op.offset else "fill(0)"
    share = f"fill({number(1 / count)})"
    forward = loop(
        head[0],
        head[1],
        head[2],
        "V sum = fill(0), squares = fill(0);",
        members(f"sum += x[{at}];"),
        f"V mean = sum * {share};",
        members(f"V d = x[{at}] - mean;", "squares = fma16(d, d, squares);"),
        f"V inverse = fill(1) / root16(squares * {share} + fill({number(op.epsilon)}));",
        "kept[2 * set] = mean;",
        "kept[2 * set + 1] = inverse;",
        members(f"y[{at}] = fma16((x[{at}] - mean) * inverse, {gamma}, {beta});"),
    )
    back = []
    normal = f"V normal = (x[{at}] - kept[2 * set]) * kept[2 * set + 1];"
    if op.scale or op.offset:
        which = f"c / {group}" if op.over_positions else f"c / {group} * {places} + n"
        inner = loop(
            "n",
            places,
            f"int set = {which};",
            normal,
            f"sum += dy[{at}]; along = fma16(dy[{at}], normal, along);",
        )
        back.append(
            loop(
                "c",
                image.channels,
                "V sum = fill(0), along = fill(0);",
                inner,
                "d_offset[c] += sum16(sum);" if op.offset else "",
                "d_scale[c] += sum16(along);" if op.scale else "",
            )
        )
    if site.wanted[0]:
        back.append(
            loop(
                head[0],
                head[1],
                head[2],
                "V sum = fill(0), along = fill(0);",
                members(
                    normal,
                    f"V d = dy[{at}] * {gamma};",
                    "sum += d;",
                    "along = fma16(d, normal, along);",
                ),
                f"sum *= {share}; along *= {share};",
                members(
                    normal,
                    f"dx[{at}] {site.into()} kept[2 * set + 1] "
                    f"* (dy[{at}] * {gamma} - sum - normal * along);",
                ),
            )
        )
    over = "the image" if op.over_positions else "each position"
    return kernel(
        f"y = (x - mean) / sqrt(variance + epsilon) * scale + offset, within {over}",
        forward,
        "\n".join(back),
        kept=2 * sets,
    )
