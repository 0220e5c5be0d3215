"""Keras follows a network from its end to its beginning by recursion, once for each layer."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def deep_enough(layers: int) -> Iterator[None]:
    """Room on the stack for what Keras does with a network of so many layers, one behind another.

    Without it 980 layers are too many (keras-team/keras#15596). Since Python 3.11 a call of a
    function of Python takes no stack of the machine, so that there is no other limit.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + 2 * layers)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
