"""Scaling and moving against arithmetic."""

import numpy as np
import pytest

from cnnspec.datasets.resample import placed, resized, shares


def test_a_half_is_the_mean_of_four():
    values = np.random.default_rng(0).random((8, 12))
    means = values.reshape(4, 2, 6, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(resized(values, (4, 6)), means)


def test_whole_pixels_are_moved_as_they_are():
    values = np.random.default_rng(0).random((5, 4, 3))
    moved = placed(values, (10, 10), 1, (2, 3))
    np.testing.assert_allclose(moved[2:7, 3:7], values)
    assert moved.sum() == pytest.approx(values.sum())


def test_a_half_of_a_pixel_is_shared():
    moved = placed(np.array([[1.0]]), (1, 4), 1, (0, 1.5))
    np.testing.assert_allclose(moved, [[0, 0.5, 0.5, 0]])


@pytest.mark.parametrize(("old", "new"), [(100, 20), (31, 7), (7, 28), (5, 5)])
def test_a_constant_stays_one(old, new):
    np.testing.assert_allclose(resized(np.ones((old, old)), (new, new)), 1)
    weights = shares(old, new, new / old, 0)
    assert weights.shape == (new, old)
    assert (weights >= 0).all()


def test_mass_and_its_centre_follow():
    values = np.random.default_rng(1).random((60, 40))
    image = placed(values, (28, 28), 0.3, (4.2, 7.7))
    assert image.sum() == pytest.approx(values.sum() * 0.3**2)
    centre = (values.sum(axis=1) @ (np.arange(60) + 0.5)) / values.sum()
    found = (image.sum(axis=1) @ (np.arange(28) + 0.5)) / image.sum()
    # Within a pixel mass lies in its middle, so only nearly the same.
    assert found == pytest.approx(4.2 + 0.3 * centre, abs=0.01)
