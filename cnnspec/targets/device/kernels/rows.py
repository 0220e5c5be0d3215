"""The loop over the rows of an output: all of them in either order, or one a call.

A step whose input is never whole keeps the rows of it that a row of its output needs, `x`, with row
`top` of the input at its beginning. From one row to the next they move on, and what is new is
computed by the step before.
"""

import re
from collections.abc import Callable

from cnnspec.targets.c.text import block
from cnnspec.targets.device.lanes import either
from cnnspec.targets.device.site import Lines, Site
from cnnspec.targets.device.text import nested, times


def over_rows(site: Site, name: str, *body: str) -> str:
    """Returns the loop over the rows of the output, in the order of a site.

    `to` is where the row is; what writes to it moves it on.
    """
    out, element = site.out, site.arithmetic.element
    ready = _ready(site, site.order.lines, name) if site.order.lines else ""
    if site.order.by_row:
        number = f"const int {name} = row;" if _names(name, ready, *body) else ""
        return "\n".join(filter(None, [number, f"{element} *to = y;", ready, *body]))
    if not site.order.backwards:
        return f"{element} *to = y;\n{nested([(name, out.height)], *filter(None, [ready]), *body)}"
    start = f"{element} *to = y + {times(name, out.width * out.channels)};"
    return block(f"for (int {name} = {out.height - 1}; {name} >= 0; {name}--)", start, ready, *body)


def over_values(site: Site, *body: str, wide: Callable[[Site, int], str] | None = None) -> str:
    """Returns the loop over the values n of the output, or of one row of it.

    `wide` gives the text with vectors for so many values, if there is one.
    """
    by_row = site.order.by_row
    values = site.out.width * site.out.channels if by_row else site.output.size
    loop = nested([("n", values)], *body)
    vectors = wide(site, values) if wide else ""
    loop = either(vectors, loop) if vectors else loop
    if not by_row:
        return loop
    moved = (
        _ready(site, site.order.lines, "row")
        if site.order.lines
        else f"x += {times('row', values)};"
    )
    return f"{moved}\n{loop}"


def start_of(site: Site, start: str, name: str) -> str:
    """Returns where a window begins in `x`, given the row of the input where it does."""
    if site.order.lines is None:
        return start
    return "0" if start == _top(site.order.lines, name) else f"{start} - top"


def _top(lines: Lines, name: str) -> str:
    """The row of the input at the beginning of the lines."""
    moved, first = times(name, lines.rows.step), lines.rows.first
    return f"{moved} - {-first}" if first else moved


def _ready(site: Site, lines: Lines, name: str) -> str:
    """What makes the lines those of a row: moves what is still needed, computes the rest."""
    height, row = site.image.height, site.image.width * site.image.channels
    count, step = lines.rows.count, lines.rows.step
    kept = count - step
    further = f"{name} {'<' if site.order.backwards else '>'} {lines.start}"
    if site.order.backwards:
        turns = f"for (int k = {count - 1}; k >= {step}; k--)"
        source = f"(k - {step})"
        first = f"{further} ? top + {step - 1} : top + {count - 1}"
        rows = f"for (int r = {first}; r >= top; r--)"
    else:
        turns = f"for (int k = 0; k < {kept}; k++)"
        source = f"(k + {step})"
        rows = f"for (int r = {further} ? top + {kept} : top; r < top + {count}; r++)"
    copy = f"memcpy(x + k * {row}, x + {source} * {row}, {row} * sizeof *x);"
    made = ", ".join([*lines.passed, f"x + (r - top) * {row}", "r"])
    return "\n".join(
        [
            f"const int top = {_top(lines, name)};",
            *([block(f"if ({further})", block(turns, copy))] if kept else []),
            block(rows, f"if (r >= 0 && r < {height}) {lines.maker}({made});"),
        ]
    )


def _names(name: str, *texts: str) -> bool:
    """Whether a text uses the number of the row."""
    return any(re.search(rf"\b{name}\b", text) for text in texts)
