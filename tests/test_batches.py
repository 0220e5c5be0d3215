import numpy as np
import pytest

from cnnspec.datasets.arrays import Split

SPLIT = Split(np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1), np.arange(10, dtype=np.uint8))

pytestmark = pytest.mark.usefixtures("backend")


def order(batches):
    return [int(label) for i in range(len(batches)) for label in batches[i][1].argmax(axis=1)]


def batches(seed):
    from cnnspec.training.batches import Batches

    return Batches(SPLIT, 10, 4, seed)


def test_every_image_comes_once_an_epoch_in_another_order_each_time():
    mine = batches(seed=3)
    orders = []
    for _ in range(4):
        orders.append(order(mine))
        mine.on_epoch_end()
    assert all(sorted(one) == list(range(10)) for one in orders)
    assert len({tuple(one) for one in orders}) == 4


def test_the_order_follows_from_seed_and_epoch():
    first, again, other = batches(3), batches(3), batches(4)
    first.on_epoch_end()
    again.on_epoch_end()
    assert order(first) == order(again)
    assert order(batches(3)) != order(other)


def test_without_a_seed_the_order_is_that_of_the_data():
    assert order(batches(None)) == list(range(10))
    assert [len(batches(None)[i][0]) for i in range(3)] == [4, 4, 2]


def test_pixels_become_numbers_from_0_to_1():
    from cnnspec.training.batches import scale

    scaled = scale(np.array([0, 51, 255], np.uint8))
    assert scaled.dtype == np.float32
    assert scaled.tolist() == [0.0, np.float32(0.2), 1.0]
