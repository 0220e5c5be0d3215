"""Formulas of tensors: from which tensor alone one can be computed, and its numbers then."""

from collections.abc import Iterator

import numpy as np

from cnnspec.importing.operators.tensors import Expression, Tensor, Value

_LARGEST = 2**22
"""Numbers of a formula that is evaluated, at most; what differs by position takes many."""


def roots(of: Expression) -> Iterator[Value | Expression]:
    """The tensors from each of which alone a formula can be computed; the farthest first."""
    found: list[Value | Expression] = []
    waiting: dict[int, Value | Expression] = {id(of): of}
    while True:
        deepest = max(waiting.values(), key=_depth)
        if not isinstance(deepest, Expression):
            break
        del waiting[id(deepest)]
        waiting |= {id(i): i for i in deepest.inputs if not isinstance(i, np.ndarray)}
        if len(waiting) == 1:
            found += waiting.values()
    return reversed(found)


def _depth(tensor: Value | Expression) -> int:
    return tensor.depth if isinstance(tensor, Expression) else 0


def evaluated(of: Expression, root: Value | Expression, points: np.ndarray) -> np.ndarray:
    """The numbers of a formula in double precision where its root is each of some points.

    `points` are along the first axis; the other axes are those of the tensors.
    """
    known: dict[int, np.ndarray] = {id(root): points}

    def number(tensor: Tensor) -> np.ndarray:
        if isinstance(tensor, np.ndarray):
            if tensor.size > _LARGEST // len(points):
                raise _TooLarge
            return tensor.astype(float) if tensor.dtype != bool else tensor
        if id(tensor) not in known:
            assert isinstance(tensor, Expression)
            inputs = [number(each) for each in tensor.inputs]
            known[id(tensor)] = np.asarray(tensor.formula(*inputs))
        return known[id(tensor)]

    try:
        with np.errstate(all="ignore"):
            return number(of)
    except _TooLarge:
        return np.full(len(points), np.nan)


class _TooLarge(Exception):
    """A constant with too many numbers."""
