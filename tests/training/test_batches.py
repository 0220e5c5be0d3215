import numpy as np
import pytest

from cnnspec.training.batches import batches, image_weights, order, scale


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


def test_balanced_classes_count_the_same_in_all():
    labels = np.array([0, 0, 0, 1, 2, 2])
    weights = image_weights("balanced", labels, 3)
    assert weights == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2, 1, 1])
    assert [weights[labels == c].sum() for c in range(3)] == pytest.approx([2, 2, 2])
    # A class that no image has is in nobody's way.
    assert image_weights("balanced", labels, 4).mean() == pytest.approx(0.75)


def test_weights_go_to_the_images_of_their_class():
    assert image_weights((1, 2.5), np.array([1, 0, 1]), 2).tolist() == [2.5, 1, 2.5]
    assert image_weights("none", np.array([1, 0]), 2) is None
