"""The `.cnn` text of networks that are plain data, as `keras_network` describes them.

Written by the rules of docs/reference.md, not by the printer of `cnnspec`.
"""

from typing import Any

from tests.support.keras_layers import LAYERS

POSITIONS = {
    "conv": ("filters", "kernel"),
    "sepconv": ("filters", "kernel"),
    "tconv": ("filters", "kernel"),
    "dwconv": ("kernel",),
    "pool": ("size",),
    "avgpool": ("size",),
    "dense": ("units",),
    "dropout": ("rate",),
    "sdropout": ("rate",),
    "noise": ("stddev",),
    "gn": ("groups",),
    "pad": ("border",),
    "crop": ("border",),
    "resize": ("size",),
    "reshape": ("shape",),
    "upsample": ("factor",),
    "slice": ("channels",),
    "shuffle": ("groups",),
    "leaky_relu": ("slope",),
    "elu": ("alpha",),
}
"""The arguments without a name, in their order; written with `x` where there are several."""

FLAGS = ("padding", "activation", "interpolation")
"""The arguments that are words by themselves."""

SWITCHES = {
    "bias": (False, "no_bias"),
    "center": (False, "no_center"),
    "scale": (False, "no_scale"),
    "shared": (True, "shared"),
    "keep": (True, "keep"),
}
"""The value of an argument that a word stands for, and the word."""


def network_text(network: dict[str, Any]) -> str:
    """A whole spec."""
    lines = [
        "model drawn",
        'data "drawn.npz"',
        f"input {_dims(network['input'])}",
        f"classes {network['classes']}",
        *(f"let {name} = {value}" for name, value in network["lets"].items()),
    ]
    for block in network["blocks"]:
        parameters = ", ".join(
            name if value is None else f"{name}={value}"
            for name, value in block["parameters"].items()
        )
        head = f"block {block['name']}" + (f"({parameters})" if parameters else "")
        lines += _braces(head, body_lines(block["body"]))
    return "\n".join([*lines, *body_lines(network["body"])]) + "\n"


def body_lines(body: list[dict[str, Any]]) -> list[str]:
    """The lines of a list of statements."""
    return [line for statement in body for line in statement_lines(statement)]


def statement_lines(statement: dict[str, Any]) -> list[str]:
    """The lines of one statement."""
    word = statement["word"]
    if word == "from":
        return [f'from "{statement["source"]}"']
    name = f' name="{statement["name"]}"' if statement.get("name") else ""
    if word == "repeat":
        rounds = f"{statement['times']}" if "times" in statement else _running(statement)
        shared = " shared" if statement.get("shared") else ""
        return _braces(f"repeat {rounds}{shared}", body_lines(statement["body"]))
    project = " project" if statement.get("project") else ""
    project += " bn" if statement.get("bn") else ""
    if word == "residual":
        return _braces(f"residual{project}{name}", body_lines(statement["body"]))
    if "branches" in statement:
        inside = [
            line
            for branch in statement["branches"]
            for line in _braces("branch", body_lines(branch))
        ]
        return _braces(f"{word}{project}{name}", inside)
    if word in LAYERS:
        return [layer_text(word, statement["arguments"]) + name]
    given = "".join(f" {n}={_value(v)}" for n, v in statement["arguments"].items())
    return [f"{word}{given}{name}"]


def layer_text(word: str, arguments: dict[str, Any]) -> str:
    """A layer with its arguments; those without a name come first."""
    rest = dict(arguments)
    positions = [rest.pop(name) for name in POSITIONS.get(word, ()) if name in rest]
    size = _dims if word == "reshape" else _side
    parts = [word, *(["x".join(map(size, positions))] if positions else [])]
    for name, value in rest.items():
        if name in FLAGS:
            parts.append(value)
        elif name in SWITCHES:
            meant, switch = SWITCHES[name]
            parts += [switch] if value is meant else []
        elif name in ("init", "bias_init"):
            parts.append(f"{name}={_call(*value)}")
        elif value is not None:
            parts.append(f"{name}={_side(value)}")
    return " ".join(parts)


def _running(statement: dict[str, Any]) -> str:
    return f"{statement['variable']} in {statement['first']}..{statement['last']}"


def _call(word: str, values: dict[str, Any]) -> str:
    inside = ", ".join(f"{name}={value}" for name, value in values.items())
    return f"{word}({inside})" if inside else word


def _dims(value: Any) -> str:
    return "x".join(map(_value, value)) if isinstance(value, tuple) else _value(value)


def _side(value: Any) -> str:
    """A size in rows and columns: `3x5`, and `3` for `3x3`."""
    square = isinstance(value, tuple) and value[0] == value[1]
    return _dims(value[0] if square else value)


def _value(value: Any) -> str:
    if isinstance(value, str) and value.startswith("="):
        return f"({value[1:]})"
    return str(value)


def _braces(head: str, inside: list[str]) -> list[str]:
    return [f"{head} {{", *(f"  {line}" for line in inside), "}"]
