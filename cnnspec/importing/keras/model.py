"""A network of another tool as plain data: calls of layers, and the arrays that they hold."""

from typing import Any

import numpy as np

from cnnspec.core.record import Record

Weights = dict[str, list[np.ndarray]]
"""The arrays of each layer in the order of the tool, by the path of the layer."""


class Call(Record):
    """A layer of the other tool, applied once.

    `owner` is the path of the layer, by which its weights are found: two calls with one owner
    share them. `inputs` are keys of other calls; `constants` are the numbers that stand beside
    them as arguments.
    """

    key: str
    name: str
    kind: str
    module: str
    config: dict[str, Any]
    owner: str
    inputs: tuple[str, ...]
    constants: tuple[Any, ...] = ()


class ForeignModel(Record):
    """A network of another tool with one image as input and one output.

    Calls are in an order in which they can be computed; the first one is the input.
    """

    name: str
    calls: tuple[Call, ...]
    output: str
    tool: str
    """The program that wrote the file, with its version where that is known."""
    weights: Weights = {}  # noqa: RUF012 - a record never changes its defaults
    """Empty where the file has none."""
