"""Values rounded in training as int8 holds them.

They become `factor * (integer - zero_point)` with an integer from -128 to 127. The gradient
goes straight through (Bengio et al., "Estimating or propagating gradients through stochastic
neurons for conditional computation", 2013), and is zero for a value outside of the range.
"""

from cnnspec.targets.c.operations import Rounded
from cnnspec.targets.c.site import Kernel, Site, kernel
from cnnspec.targets.c.text import block, loop

SCALE = 4
"""Floats of a scale: 1 / factor, factor, the least and the largest integer above zero's."""


def rounded(site: Site) -> Kernel:
    """Rounds values, or looks which there are, or copies them where there is no scale."""
    op: Rounded = site.operation
    size = site.output.size
    look = block(
        "if (p->job->seen)",
        f"float *seen = p->job->seen + (part * ROUNDED + {op.number}) * 2;",
        "V least = x[0], most = x[0];",
        loop("n", size, "least = min16(least, x[n]);", "most = max16(most, x[n]);"),
        loop(
            "l",
            "LANES",
            "if (least[l] < seen[0]) seen[0] = least[l];",
            "if (most[l] > seen[1]) seen[1] = most[l];",
        ),
    )
    copy = block("if (!p->job->scales)", f"memcpy(y, x, {size} * sizeof(V));", "return;")
    scale = f"const float *scale = p->job->scales + {SCALE * op.number};"
    cut = "min16(max16(nearest16(x[n] * fill(scale[0])), fill(scale[2])), fill(scale[3]))"
    forward = "\n".join((look, copy, scale, loop("n", size, f"y[n] = {cut} * fill(scale[1]);")))
    inside = "at_least(v, fill(scale[2])) & at_most(v, fill(scale[3]))"
    back = "\n".join(
        (
            block(
                "if (!p->job->scales)",
                loop("n", size, f"dx[n] {site.into()} dy[n];"),
                "return;",
            ),
            scale,
            loop(
                "n",
                size,
                "V v = x[n] * fill(scale[0]);",
                f"dx[n] {site.into()} keep({inside}, dy[n]);",
            ),
        )
    )
    return kernel(
        "y = the nearest to x that int8 can hold",
        forward,
        back if site.wanted[0] else "",
    )
