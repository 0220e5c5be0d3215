"""A ReLU that is applied where a value is written, and undone by looking at the value."""

from cnnspec.operations.base import Function
from cnnspec.targets.c.text import number


def fuses(function: Function) -> bool:
    """Whether the slope of a function can be told from what it gave: plain ReLU, ReLU6."""
    return function.name == "relu" and not function.slope


def fused(then: Function | None, value: str) -> str:
    """The value that is written."""
    if then is None:
        return value
    above = f"max16({value}, fill(0))"
    return above if then.ceiling is None else f"min16({above}, fill({number(then.ceiling)}))"


def masked(then: Function | None, y: str, dy: str) -> str:
    """The gradient before the function, of the gradient behind it and the value it gave."""
    if then is None:
        return dy
    inside = f"above({y}, fill(0))"
    if then.ceiling is not None:
        inside = f"{inside} & below({y}, fill({number(then.ceiling)}))"
    return f"keep({inside}, {dy})"
