"""Texts of C: lines with their indentation, names, and numbers that keep their bits."""

import re
from collections.abc import Callable

from cnnspec.core.shapes import Shape


def indent(text: str, by: int = 4) -> str:
    """Returns the text with every line that has something on it moved to the right."""
    return "\n".join(" " * by + line if line.strip() else "" for line in text.splitlines())


def block(head: str, *body: str) -> str:
    """Returns `head { … }` with the body moved to the right."""
    return f"{head} {{\n{indent(chr(10).join(part for part in body if part))}\n}}"


def loop(name: str, count: int | str, *body: str, step: int = 1) -> str:
    """Returns a loop of `name` from 0; the body alone where there is one turn."""
    if count == 1:
        return block(f"for (int {name} = 0; {name} < 1; {name}++)", *body)
    more = f"{name}++" if step == 1 else f"{name} += {step}"
    return block(f"for (int {name} = 0; {name} < {count}; {more})", *body)


def four_sums(names: str, count: int, add: Callable[[str, str], str]) -> str:
    """Returns sums over `n` from 0 to `count`, each of four beside each other.

    An addition has to wait for the one before it, so a single sum would take several times as
    long. `names` are letters; `add(at, which)` is the statement that adds what lies at `at` to
    the sums `a<which>`, …; afterwards `a` is the sum.
    """
    declared = ", ".join(f"{name}{k} = fill(0)" for name in names for k in range(4))
    whole = count // 4 * 4
    body = [f"V {declared};"]
    if whole:
        turns = " ".join(add(f"n + {k}", str(k)) for k in range(4))
        body.append(block(f"for (int n = 0; n < {whole}; n += 4)", turns))
    body += [add(str(whole + k), str(k)) for k in range(count - whole)]
    body += [f"V {name} = ({name}0 + {name}1) + ({name}2 + {name}3);" for name in names]
    return "\n".join(body)


def number(value: float) -> str:
    """Returns a float32 as C writes it, all bits kept."""
    if value in (float("inf"), float("-inf")):
        return f"{'-' if value < 0 else ''}__builtin_inff()"
    return f"{float(value).hex()}f"


def identifier(name: str) -> str:
    """Returns what of a name can stand in an identifier of C."""
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or "layer"


def comment(*lines: str) -> str:
    """Returns a comment. What would end it, in the name of a layer, is written apart."""
    safe = [line.replace("*/", "* /").replace("/*", "/ *") for line in lines]
    return "/* " + "\n".join(f"   {line}".rstrip() for line in safe).lstrip() + " */"


def sizes(shape: Shape) -> str:
    """Returns a shape as comments have it: `28x28x1`."""
    return "x".join(map(str, shape.dims))
