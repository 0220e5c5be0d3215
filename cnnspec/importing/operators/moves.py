"""Which layers move the numbers of a value into another order."""

from collections.abc import Iterator

import numpy as np

from cnnspec.layers.base import Layer
from cnnspec.layers.geometry import Crop, Flatten, Reshape, Resize, Shuffle, Slice, Upsample
from cnnspec.targets.interpreter.resizing import matrix


def layers_for(before: tuple[int, ...], order: np.ndarray) -> tuple[Layer, ...] | None:
    """Returns the layers that give number `order[i]` of a value at place i; `None` without such.

    `before` are the sizes of the value, those of `order` are the sizes after: three of an image,
    or one of a vector.
    """
    whole = np.arange(int(np.prod(before)), dtype=np.int32).reshape(before)
    if order.size == whole.size and np.array_equal(order.ravel(), whole.ravel()):
        if order.shape == before:
            return ()
        return (Flatten(),) if order.ndim == 1 else (Reshape(order.shape),)
    if order.ndim != len(before) or not order.size:
        return None
    for found in (*_cut(whole, order), *_shuffled(whole, order), *_scaled(whole, order)):
        return found
    return None


def _cut(whole: np.ndarray, order: np.ndarray) -> Iterator[tuple[Layer, ...]]:
    """Some of the rows, columns and channels that follow each other."""
    starts = np.unravel_index(int(order.flat[0]), whole.shape)
    ends = [int(start) + size for start, size in zip(starts, order.shape, strict=True)]
    part = tuple(slice(start, end) for start, end in zip(starts, ends, strict=True))
    if not np.array_equal(whole[part], order):
        return
    found: list[Layer] = []
    if whole.ndim == 3 and order.shape[:2] != whole.shape[:2]:
        top, left = int(starts[0]), int(starts[1])
        bottom, right = whole.shape[0] - ends[0], whole.shape[1] - ends[1]
        if top == bottom and left == right:
            found.append(Crop((top, left)))
        else:
            sides = {"top": top, "bottom": bottom, "left": left, "right": right}
            found.append(Crop(None, **{side: size for side, size in sides.items() if size}))
    if order.shape[-1] != whole.shape[-1]:
        found.append(Slice(order.shape[-1], int(starts[-1])))
    yield tuple(found)


def _shuffled(whole: np.ndarray, order: np.ndarray) -> Iterator[tuple[Layer, ...]]:
    """The channels of groups dealt out in turn."""
    channels = whole.shape[-1]
    if order.shape != whole.shape:
        return
    for groups in range(2, channels):
        if channels % groups == 0:
            dealt = np.arange(channels).reshape(groups, -1).T.ravel()
            if np.array_equal(whole[..., dealt], order):
                yield (Shuffle(groups),)


def _scaled(whole: np.ndarray, order: np.ndarray) -> Iterator[tuple[Layer, ...]]:
    """Each pixel several times, or the nearest one of another size."""
    if whole.ndim != 3 or whole.shape[2] != order.shape[2]:
        return
    (height, width), (rows, columns) = whole.shape[:2], order.shape[:2]
    places = (matrix(height, rows, "nearest"), matrix(width, columns, "nearest"))
    down, right = (each.argmax(1) for each in places)
    if not np.array_equal(whole[down][:, right], order):
        return
    if rows % height == 0 and columns % width == 0:
        yield (Upsample((rows // height, columns // width)),)
    else:
        yield (Resize((rows, columns), "nearest"),)
