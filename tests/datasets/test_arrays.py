import struct

import numpy as np
import pytest

from cnnspec.datasets.arrays import Split, idx, load, split_off
from cnnspec.datasets.duplicates import shared
from tests.support.data_files import images, labels
from tests.support.make_sample import sample


def test_the_sample_is_balanced():
    images = load("fashion_mnist_mini")
    assert images.train.images.shape == (5000, 28, 28, 1)
    assert images.train.images.dtype == np.uint8
    assert np.bincount(images.train.labels).tolist() == [500] * 10
    assert np.bincount(images.test.labels).tolist() == [100] * 10


@pytest.mark.full_data
@pytest.mark.usefixtures("published")
def test_the_sample_is_the_first_images_of_each_published_class():
    full, mini = load("fashion_mnist"), load("fashion_mnist_mini")
    for whole, part, each in ((full.train, mini.train, 500), (full.test, mini.test, 100)):
        images, labels = sample(whole, each)
        assert idx(images).tobytes() == part.images.tobytes()
        assert idx(labels).tobytes() == part.labels.tobytes()


def test_idx_reads_dimensions_of_any_number():
    data = b"\0\0\x08\x03" + struct.pack(">3I", 2, 3, 4) + bytes(range(24))
    assert np.array_equal(idx(data), np.arange(24).reshape(2, 3, 4))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\x0d\x01" + struct.pack(">I", 1) + b"\0\0\0\0",
        b"\0\0\x08\x03\0\0",
        b"\0\0\x08\x01" + struct.pack(">I", 5) + b"\0",
        b"\0\0\x08\x01" + struct.pack(">I", 5) + b"\0" * 6,
    ],
)
def test_what_is_no_idx_file_is_refused(data):
    with pytest.raises(ValueError, match=r"IDX|header|values"):
        idx(data)


@pytest.mark.parametrize("share", [0.1, 0.125, 0.2, 1 / 3, 0.5])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_split_is_stratified_disjoint_and_complete(share, seed):
    labels = np.repeat(np.arange(10, dtype=np.uint8), np.arange(50, 150, 10))
    split = Split(np.arange(len(labels)).reshape(-1, 1, 1, 1), labels)
    train, held = split_off(split, share, seed)
    assert len(held) == round(len(labels) * share)
    together = np.concatenate([train.images, held.images]).ravel()
    assert sorted(together) == list(range(len(labels)))
    wanted = np.bincount(labels) * share
    assert np.all(np.abs(np.bincount(held.labels, minlength=10) - wanted) <= 1)


def test_a_split_follows_the_seed():
    split = load("fashion_mnist_mini").train
    first, again, other = (split_off(split, 0.1, seed)[1] for seed in (7, 7, 8))
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)


def test_equal_images_stay_on_one_side():
    pixels = images(120)
    for row in range(0, 60, 6):
        pixels[row + 3] = pixels[row]  # the class repeats every 3 rows
    split = Split(pixels, labels(120))
    for seed in range(20):
        train, held = split_off(split, 0.25, seed)
        assert len(shared(train.images, held.images)) == 0
        assert np.bincount(held.known).tolist() == [10, 10, 10]
        assert len(train) + len(held) == 120


def test_equal_images_of_two_classes_stay_on_one_side_too():
    pixels = images(60)
    pixels[1::3] = pixels[0::3]
    for seed in range(20):
        train, held = split_off(Split(pixels, labels(60)), 0.2, seed)
        assert len(shared(train.images, held.images)) == 0
        assert set(train.known) == {0, 1, 2}


def test_a_class_of_equal_images_stays_with_those_to_train_on():
    pixels = images(60)
    pixels[0::3] = pixels[0]
    _, held = split_off(Split(pixels, labels(60)), 0.2, 0)
    assert 0 not in held.known
