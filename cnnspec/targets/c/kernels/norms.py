"""Normalization: over a whole batch, or within each image."""

from cnnspec.operations.values import Affine, BatchNormalization, GroupNormalization
from cnnspec.targets.c.kernels.relu import fused
from cnnspec.targets.c.site import Kernel, Site, Stage, kernel
from cnnspec.targets.c.text import block, loop, number


def batch_normalization(site: Site) -> Kernel:
    """Mean and variance over the batch: every part gives its own, and all meet before they go on.

    The parts are added in their order, in double precision (Chan et al., "Updating formulae
    and a pairwise algorithm for computing sample variances", 1979).
    """
    op: BatchNormalization = site.operation
    image = site.image
    places, channels = image.height * image.width, image.channels
    gamma = "scale[c]" if op.scale else "1.0f"
    beta = "offset[c]" if op.offset else "0.0f"
    at = f"b * STRIDE + c * {places} + n"

    def blocks(*body: str) -> str:
        return loop("b", "blocks", "I there = lanes_of(p, b);", loop("n", places, *body))

    statistics = loop(
        "c",
        channels,
        "V sum = fill(0), squares = fill(0);",
        blocks(f"sum += keep(there, x[{at}]);"),
        f"float m = sum16(sum) * (1.0f / ({places} * images[part]));",
        blocks(f"V d = keep(there, x[{at}] - fill(m));", "squares = fma16(d, d, squares);"),
        "shared[part * SHARED + c] = m;",
        f"shared[part * SHARED + {channels} + c] = sum16(squares);",
    )
    combined = (
        f"struct moments all = combine(shared, images, {channels}, c, {places});\n"
        f"float inverse = 1.0f / __builtin_sqrtf(all.variance + {number(op.epsilon)});"
    )
    keep = number(op.momentum)
    follow = block(
        "if (part == PARTS - 1)",  # the one that always has images
        f"mean[c] = mean[c] * {keep} + all.mean * (1.0f - {keep});",
        f"variance[c] = variance[c] * {keep} + all.variance * (1.0f - {keep});",
    )
    normalize = loop(
        "c",
        channels,
        combined,
        f"V by = fill(inverse * {gamma}), plus = fill({beta} - all.mean * inverse * {gamma});",
        loop("b", "blocks", loop("n", places, f"y[{at}] = fma16(x[{at}], by, plus);")),
        follow,
    )
    predict = loop(
        "c",
        channels,
        f"float by = {gamma} / __builtin_sqrtf(variance[c] + {number(op.epsilon)});",
        f"V plus = fill({beta} - mean[c] * by);",
        loop("n", places, f"y[c * {places} + n] = fma16(x[c * {places} + n], fill(by), plus);"),
    )
    normal = f"V normal = (x[{at}] - fill(all.mean)) * fill(inverse);"
    first = 2 * channels
    sums = loop(
        "c",
        channels,
        combined,
        "V sum = fill(0), along = fill(0);",
        blocks(
            normal, f"V d = keep(there, dy[{at}]);", "sum += d; along = fma16(d, normal, along);"
        ),
        f"float s = shared[part * SHARED + {first} + c] = sum16(sum);",
        f"float t = shared[part * SHARED + {first + channels} + c] = sum16(along);",
        "d_offset[c] += s;" if op.offset else "",
        "d_scale[c] += t;" if op.scale else "",
        "(void)s; (void)t;",
    )
    given = f"keep(there, fill({gamma} * inverse) * (dy[{at}] - fill(s) - normal * fill(t)))"
    gradient = loop(
        "c",
        channels,
        combined,
        f"float s = mean_of_sums(shared + {first} + c, images, {places});",
        f"float t = mean_of_sums(shared + {first + channels} + c, images, {places});",
        blocks(normal, f"dx[{at}] {site.into()} {given};"),
    )
    back = (Stage(sums, chunk=True), Stage(gradient, chunk=True))
    return Kernel(
        "y = (x - mean) / sqrt(variance + epsilon) * scale + offset, over the batch",
        (Stage(statistics, chunk=True), Stage(normalize, chunk=True)),
        back if site.wanted[0] else back[:1],
        predict=Stage(predict),
        shared=4 * channels,
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
