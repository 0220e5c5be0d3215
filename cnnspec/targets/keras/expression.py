"""Keras objects as a person writes them in Python: without defaults, no line too long."""

import re
from typing import Any

from cnnspec.targets.keras.objects import Keras
from cnnspec.targets.keras.signatures import SIGNATURES

WIDTH = 88
"""Columns of a line, those before it not counted."""


def expression(thing: Keras, **more: Any) -> str:
    """A Keras object as Python makes it, without arguments that have their default."""
    required, defaults = SIGNATURES[thing.name]
    arguments = {name: literal(value) for name, value in (thing.arguments | more).items()}
    given = [arguments.pop(name) for name in required]
    for name, text in arguments.items():
        usual = name not in more and text == literal(defaults[name])
        # What a layer does without an activation.
        if not usual and (name, text) != ("activation", '"linear"'):
            given.append(f"{name}={text}")
    prefix = "" if thing.name.startswith("layers.") else "keras."
    return f"{prefix}{thing.name}({', '.join(given)})"


def literal(value: Any) -> str:
    """A value as a person writes it: one number for two that are equal, a word for its class."""
    if isinstance(value, Keras):
        if value.name.startswith("initializers.") and not value.arguments:
            word = re.sub(r"(?<!^)(?=[A-Z])", "_", value.name.partition(".")[2]).lower()
            return f'"{word}"'
        return expression(value)
    if isinstance(value, list | tuple):
        if len(value) == 2 and value[0] == value[1] and isinstance(value[0], int):
            return str(value[0])
        inside = ", ".join(map(literal, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' * (len(value) == 1)})"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def indented(text: str, indent: str = "") -> list[str]:
    """The lines of an expression: with a line for each argument where one line is too short."""
    if len(indent) + len(text) <= WIDTH:
        return [f"{indent}{text}"]
    opened = text.index("(", text.index("layers.") if "layers." in text else 0)
    depth, start, parts, end = 0, opened + 1, [], len(text)
    for at in range(opened, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth == 1 and text[at] == ",":
            parts.append(text[start:at].strip())
            start = at + 1
        if depth == 0:
            parts.append(text[start:at].strip())
            end = at
            break
    inner = [f"{indent}    {part}," for part in parts if part]
    return [f"{indent}{text[: opened + 1]}", *inner, f"{indent}{text[end:]}"]
