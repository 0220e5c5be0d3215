"""The two ends of a graph, the image that it takes and the values for classes; what they need."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from cnnspec.core.shapes import Image, Vector
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotImport
from cnnspec.importing.operators.builder import Builder
from cnnspec.importing.operators.tensors import Place, Tensor

_MAX_BATCH = 1024

T = TypeVar("T")
K = TypeVar("K", int, str)


def input_image(
    dims: tuple[int | None, ...], size: tuple[int, ...] | None, batch: int | None
) -> tuple[Image, int | None]:
    """The image of a graph, from rows, columns and channels with `None` where they are open.

    Raises `CnnspecError` where that is not an image, or its size is not known.
    """
    if len(dims) != 3:
        cause = f"the input has {len(dims)} axes beside that of the batch, and an image has 3"
        raise _refused(cause, "a spec takes images: rows, columns and channels")
    given = size or dims
    fits = len(given) == 3 and all(a in (None, b) for a, b in zip(dims, given, strict=True))
    if None in given or not fits:
        asked = "x".join("?" if each is None else str(each) for each in dims)
        cause = f"the model takes images of {asked}"
        cause += f", not of {'x'.join(map(str, size))}" if size else ""
        raise _refused(cause, "say the size with `--input 224x224x3`")
    rows, columns, channels = (int(each) for each in given if each)
    if (batch or 1) > _MAX_BATCH:
        raise _refused(f"the model takes {batch:,} images at once", "export it for one image")
    Place("input", "input").bounded((batch or 1, rows, columns, channels))
    return Image(rows, columns, channels), batch


def needed(
    operators: Sequence[T], output: K, ends: Callable[[T], tuple[Iterable[K], Iterable[K]]]
) -> list[T]:
    """The operators that an output needs, in the order of the file.

    `ends` gives what an operator takes and what it gives.
    """
    wanted = {output}
    found = []
    for operator in reversed(operators):
        taken, given = ends(operator)
        if not wanted.isdisjoint(given):
            wanted.update(taken)
            found.append(operator)
    return found[::-1]


def output_key(builder: Builder, tensor: Tensor, place: Place) -> str:
    """The step that gives the output. Raises `CnnspecError` where no step has its order."""
    value = builder.settle(tensor, place)
    shape = builder.shapes[value.key]
    straight = np.array_equal(value.example.ravel(), np.arange(shape.size))
    if isinstance(shape, Vector) and straight:
        return value.key
    if len(value.dims) == 4 and max(value.dims[1:]) != value.order[0].size:
        return builder.image(value, place)
    key, rows = builder.vector(value, place)
    if not np.array_equal(rows, np.arange(builder.shapes[key].size)):
        raise place.refused("gives the numbers of an image with its channels first, flattened")
    return key


def _refused(cause: str, remedy: str) -> CnnspecError:
    return CnnspecError(CannotImport(None, cause, remedy))
