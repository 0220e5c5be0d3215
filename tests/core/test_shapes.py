import itertools

import pytest

from cnnspec.core.counts import count
from cnnspec.core.shapes import Image, Vector, reach, shape_of, unwindow, window


@pytest.mark.parametrize(
    ("dims", "shape", "text", "size"),
    [
        ((10,), Vector(10), "10", 10),
        ((28, 28), Image(28, 28, 1), "28x28x1", 784),
        ((4, 5, 6), Image(4, 5, 6), "4x5x6", 120),
    ],
)
def test_shape_of_its_sizes(dims, shape, text: str, size: int) -> None:
    assert shape_of(dims) == shape
    assert (str(shape), shape.size) == (text, size)
    assert shape_of(shape.dims) == shape


def positions(size: int, kernel: int, stride: int, dilation: int) -> int:
    """Counts by hand where a window can stand."""
    return len([at for at in range(0, size, stride) if at + (kernel - 1) * dilation < size])


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation"),
    list(itertools.product(range(1, 12), (1, 2, 3, 5), (1, 2, 3), (1, 2))),
)
def test_window_counts_its_places(size: int, kernel: int, stride: int, dilation: int) -> None:
    if reach(kernel, dilation) > size:
        return
    numbers = [count(n) for n in (size, kernel, stride)]
    assert window(*numbers, "valid", count(dilation)).value == positions(
        size, kernel, stride, dilation
    )
    # With padding a window stands at every stride.
    assert window(*numbers, "same", count(dilation)).value == len(range(0, size, stride))


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "valid", "same"),
    [(4, 3, 1, 6, 4), (4, 3, 2, 9, 8), (4, 2, 2, 8, 8), (4, 1, 3, 12, 12), (1, 5, 1, 5, 1)],
)
def test_unwindow_counts_the_places_a_window_was_applied(
    size: int, kernel: int, stride: int, valid: int, same: int
) -> None:
    numbers = [count(n) for n in (size, kernel, stride)]
    assert unwindow(*numbers, "valid", count(1)).value == valid
    assert unwindow(*numbers, "same", count(1)).value == same
