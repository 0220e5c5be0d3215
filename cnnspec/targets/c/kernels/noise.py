"""What training disturbs: dropout of values and of channels, and noise.

Which values are dropped follows from the seed, the step, the layer and the place, by
`random.h`; each value takes 16 bits, so a rate is a multiple of 1/65536.
"""

from cnnspec.operations.values import Dropout, Noise
from cnnspec.targets.c.site import Kernel, Site, Stage, kernel
from cnnspec.targets.c.text import block, loop, number

_BITS = 1 << 16


def dropped(rate: float) -> int:
    """Returns of how many of 65536 numbers a value is dropped."""
    return min(round(_BITS * rate), _BITS - 1)


def dropout(site: Site) -> Kernel:
    """A random share of the values, or of the channels, becomes zero; the others grow."""
    op: Dropout = site.operation
    image, size = site.image, site.output.size
    places = image.height * image.width
    count = image.channels if op.channels else size
    out = dropped(op.rate)
    factor = number(_BITS / (_BITS - out))
    place = f"n / {places}" if op.channels else "n"
    forward = "\n".join(
        (
            "B *stays = (B *)kept;",
            block(
                f"for (int n = 0; n < {count}; n += 8)",
                "struct words drawn = philox(seed, fill_bits(n / 8), images_of(number), step, "
                f"{site.index});",
                block(
                    f"for (int m = 0; m < 8 && n + m < {count}; m++)",
                    "I bits = (I)((drawn.w[m / 2] >> (m % 2 * 16)) & 0xffff);",
                    f"I stay = at_least_int(bits, fill_int({out}));",
                    "stays[n + m] = __builtin_convertvector(stay, B);",
                ),
            ),
            loop("n", size, f"y[n] = {_masked('x[n]', place, factor)};"),
        )
    )
    back = f"dx[n] {site.into()} {_masked('dy[n]', place, factor)};"
    backward = "const B *stays = (const B *)kept;\n" + loop("n", size, back)
    what = "channels" if op.channels else "values"
    return kernel(
        f"y = x without {op.rate:g} of the {what}, times {_BITS / (_BITS - out):g}",
        forward,
        backward if site.wanted[0] else "",
        predict=Stage(loop("n", size, "y[n] = x[n];")),
        kept=-(-count // 4),
    )


def _masked(value: str, place: str, factor: str) -> str:
    return f"keep(__builtin_convertvector(stays[{place}], I), {value} * fill({factor}))"


def noise(site: Site) -> Kernel:
    """Normally distributed noise added to every value."""
    op: Noise = site.operation
    size = site.output.size
    forward = block(
        f"for (int n = 0; n < {size}; n += 4)",
        "struct words drawn = philox(seed, fill_bits(n / 4), images_of(number), step, "
        f"{site.index});",
        "V e[4];",
        "normal(drawn.w[0], drawn.w[1], &e[0], &e[1]);",
        "normal(drawn.w[2], drawn.w[3], &e[2], &e[3]);",
        block(
            f"for (int m = 0; m < 4 && n + m < {size}; m++)",
            f"y[n + m] = fma16(e[m], fill({number(op.stddev)}), x[n + m]);",
        ),
    )
    back = loop("n", size, f"dx[n] {site.into()} dy[n];") if site.wanted[0] else ""
    return kernel(
        f"y = x + {op.stddev:g} * normal noise",
        forward,
        back,
        predict=Stage(loop("n", size, "y[n] = x[n];")),
    )
