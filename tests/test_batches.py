import numpy as np
import pytest

from cnnspec.training.batches import batches, order, scale


def test_every_image_comes_once_an_epoch_in_another_order_each_time():
    orders = [order(10, seed=3, epoch=epoch) for epoch in range(4)]
    assert all(sorted(one) == list(range(10)) for one in orders)
    assert len({tuple(one) for one in orders}) == 4


def test_the_order_follows_from_seed_and_epoch():
    assert order(10, 3, 1).tolist() == order(10, 3, 1).tolist()
    assert order(10, 3, 1).tolist() != order(10, 4, 1).tolist()


@pytest.mark.parametrize(("count", "full", "rest"), [(10, 2, 2), (8, 2, 0), (3, 0, 3)])
def test_batches_hold_every_row_in_its_place(count, full, rest):
    whole, left = batches(np.arange(count), 4)
    assert whole.shape == (full, 4)
    assert left.size == rest
    assert [*whole.ravel(), *left.ravel()] == list(range(count))


def test_pixels_become_numbers_from_0_to_1():
    scaled = scale(np.array([0, 51, 255], np.uint8))
    assert scaled.dtype == np.float32
    assert scaled.tolist() == [0.0, np.float32(0.2), 1.0]
