import re
import tracemalloc

import numpy as np
import pytest

from cnnspec.datasets.duplicates import shared
from cnnspec.datasets.normalize import agree, doubts, normal, to_bytes
from cnnspec.datasets.raw import Found, Raw
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Data
from tests.support.data_files import CLASSES, SHAPE, images, labels, said

NAMES = ("a", "b", "c")


def found(pixels=None, numbers=None, test=None, test_numbers=None, names=()) -> Found:
    pixels = images() if pixels is None else pixels
    numbers = labels(len(pixels)) if numbers is None else numbers
    second = None if test is None else Raw(test, test_numbers, "test images", "test labels")
    return Found("arrays", (), Raw(pixels, numbers, "train images", "train labels"), second, names)


def codes(notes) -> list[str]:
    return [note.code for note in notes]


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint32, np.int64, np.float32])
def test_whole_numbers_stay_as_they_are(dtype):
    pixels = images() // 3 + 2
    known = normal(found(pixels.astype(dtype)))
    assert known.train.images.dtype == np.uint8
    assert np.array_equal(known.train.images[..., 0], pixels)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_fractions_from_0_to_1_become_bytes_and_that_is_said(dtype):
    pixels = images()
    known = normal(found((pixels / 255).astype(dtype)))
    assert np.array_equal(known.train.images[..., 0], pixels)
    assert "times 255" in known.notes[0].message


def test_yes_and_no_become_white_and_black():
    pixels = images() > 127
    known = normal(found(pixels))
    assert np.array_equal(known.train.images[..., 0], pixels * np.uint8(255))


@pytest.mark.parametrize("test", [np.full((3, 8, 6), 1.0), images(3, seed=1)])
def test_training_and_test_images_of_two_scales_are_refused(test):
    with pytest.raises(CnnspecError, match="two scales"):
        normal(found(images() / (255 if test.max() > 1 else 1), test=test))


def test_ones_alone_are_white():
    known = normal(found((images() > 127).astype(np.uint8)))
    assert np.array_equal(known.train.images[..., 0], (images() > 127) * np.uint8(255))
    assert codes(known.notes) == ["CNN915"]


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (images() * 999.0, "values up to 254745"),
        (images() - 128.0, "values below zero"),
        (images().astype(int) - 9, "values below zero"),
        (np.where(images() > 9, np.nan, 1.0), "not a finite number"),
        (np.where(images() > 9, np.inf, 1.0), "not a finite number"),
        (images().astype(complex), "complex128, not pixels"),
        (images().astype("U3"), "not pixels"),
        (images(12, 8, 5).reshape(12, 40), "12x40, which are not square images"),
        (images().reshape(12, 2, 2, 2, 6), "volumes of 12x2x2x2x6"),
        (np.float64(3), "a single value"),
        (images()[:0], "holds no images"),
        (images(12, 8, 6, 5), "8x6x5, and no axis can be the channels"),
    ],
)
def test_what_are_no_pixels_is_refused(pixels, message):
    numbers = labels(len(pixels) if np.ndim(pixels) else 1)
    with pytest.raises(CnnspecError, match=message) as caught:
        normal(found(np.asarray(pixels), numbers))
    assert caught.value.exit_code == 3


def test_channels_that_come_first_are_put_last():
    pixels = images(12, 8, 6, 3)
    known = normal(found(pixels.transpose(0, 3, 1, 2)))
    assert np.array_equal(known.train.images, pixels)
    assert "channels first" in known.notes[0].message


@pytest.mark.parametrize(
    "numbers",
    [
        labels(),
        labels().astype(np.int64),
        labels().astype(float),
        labels()[:, np.newaxis],
        np.eye(CLASSES)[labels()],
        np.eye(CLASSES, dtype=bool)[labels()],
    ],
    ids=["bytes", "whole", "float", "column", "one-hot", "one-hot-bool"],
)
def test_labels_come_in_many_forms(numbers):
    known = normal(found(numbers=numbers))
    assert np.array_equal(known.train.labels, labels())
    assert known.train.labels.dtype == np.uint8
    assert known.classes == CLASSES


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (labels(11), "12 images, train labels 11 labels"),
        (labels().astype(int) - 1, "a label -1"),
        (labels() + 0.5, "not whole numbers"),
        (np.where(labels() > 1, np.nan, 0), "not whole numbers"),
        (labels() * 2.0**40, "has a label"),
        (labels().astype("O"), "Python objects"),
        (np.ones((12, 3)), "multi-label"),
        (np.full((12, 3), 2), "not one-hot"),
        (np.eye(3)[labels()] * np.nan, "not one-hot"),
        (labels().reshape(3, 2, 2), "one number for each image"),
        (np.uint8(3), "a single value"),
    ],
)
def test_what_are_no_labels_is_refused(numbers, message):
    with pytest.raises(CnnspecError, match=message) as caught:
        normal(found(numbers=np.asarray(numbers)))
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("count", [2, 256, 257, 70_000])
def test_many_classes_fit_their_labels(count):
    known = normal(found(np.zeros((count, 1, 2), np.uint8) + 9, np.arange(count)))
    assert known.train.labels.tolist() == list(range(count))
    assert known.classes == count


def test_a_test_set_may_have_no_labels_and_training_images_may_not():
    assert normal(found(test=images(3))).test.labels is None
    raw = Raw(images(), None, "train images")
    with pytest.raises(CnnspecError, match="no labels"):
        normal(Found("arrays", (), raw, None))


def test_two_sizes_are_refused():
    with pytest.raises(CnnspecError, match="8x6x1 and 9x6x1"):
        normal(found(test=images(3, 9, 6)))


@pytest.mark.parametrize(
    ("shape", "classes", "line"),
    [
        ((8, 6, 3), 3, "write `input 8x6x1`"),
        ((28, 28, 1), 3, "write `input 8x6x1`"),
        (SHAPE, 10, "write `classes 3`"),
        (SHAPE, 2, "write `classes 3`"),
    ],
)
def test_what_the_spec_says_otherwise_is_told_with_the_line_to_write(shape, classes, line):
    agree(normal(found()), SHAPE, CLASSES)
    with pytest.raises(CnnspecError) as caught:
        agree(normal(found()), shape, classes)
    assert line in said(caught.value)
    assert caught.value.exit_code == 3


def test_a_label_that_only_the_test_set_has_counts():
    assert normal(found(test=images(2), test_numbers=np.array([0, 7]))).classes == 8


def test_a_class_without_training_images_is_doubted():
    known = normal(found(numbers=np.where(labels() == 1, 2, labels()), test=images(3, seed=1)))
    (doubt,) = doubts(known.train, {"test": known.test}, CLASSES, NAMES)
    assert doubt.severity == "warning"
    assert "of class b" in doubt.message


def test_images_that_are_in_both_sets_are_counted():
    known = normal(found(test=np.concatenate([images()[3:5], images(4, seed=1)])))
    assert shared(known.train.images, known.test.images).tolist() == [0, 1]
    (doubt,) = doubts(known.train, {"test": known.test}, CLASSES, NAMES)
    assert "2 of 6 test images" in doubt.message


def test_large_fractions_are_cast_in_parts():
    pixels = images(2500)
    (cast,) = to_bytes([Raw(pixels / 255, None, "x")], [])
    assert np.array_equal(cast[..., 0], pixels)


def test_fractions_a_little_above_1_are_shares_of_1():
    pixels = images() / 255 * 1.0000001
    assert pixels.max() > 1
    known = normal(found(pixels))
    assert np.array_equal(known.train.images[..., 0], images())


def test_what_resampling_brings_a_little_below_zero_is_black():
    pixels = images() / 255
    pixels[0, 0, 0] = -0.01
    assert normal(found(pixels)).train.images[0, 0, 0, 0] == 0


def test_yes_and_no_beside_bytes_are_on_one_scale():
    known = normal(found(images() > 127, test=images(3, seed=1).astype(np.int64)))
    assert set(np.unique(known.train.images)) == {0, 255}
    assert np.array_equal(known.test.images[..., 0], images(3, seed=1))


@pytest.mark.parametrize(("bits", "white"), [(12, 4095), (16, 65535), (10, 1023)])
def test_more_than_8_bits_are_brought_to_bytes(bits, white):
    deep = images().astype(np.uint16) * (white // 255)
    deep[0, 0, 0] = white
    known = normal(found(deep))
    assert np.abs(known.train.images[..., 0].astype(int) - images())[1:].max() <= 1
    assert known.options.scale == white
    assert codes(known.notes) == ["CNN915"]


@pytest.mark.parametrize("top", [63, 100, 300, 2000])
def test_a_top_far_from_every_white_is_a_doubt_with_both_readings(top):
    pixels = np.minimum(images().astype(int), top) if top < 255 else images().astype(int)
    pixels[0, 0, 0] = top
    known = normal(found(pixels))
    (doubt,) = known.notes
    assert doubt.severity == "warning"
    assert f"`scale={top}`" in doubt.help
    for written in re.findall(r"scale=(\d+)", doubt.help):
        assert normal(found(pixels), Data(".", scale=float(written))).notes == ()


def test_a_scale_that_is_written_is_taken():
    known = normal(found(images() // 4), Data(".", scale=63.0))
    expected = np.rint((images() // 4) * (255 / 63))
    assert np.array_equal(known.train.images[..., 0], expected)
    with pytest.raises(CnnspecError, match="values up to 255") as caught:
        normal(found(), Data(".", scale=16.0))
    assert "`scale=255`" in said(caught.value)


def test_fractions_whose_white_is_not_clear_are_not_rounded_away():
    with pytest.raises(CnnspecError, match="which value is white is not clear"):
        normal(found(images() / 100))


def test_white_and_black_can_be_swapped():
    given = images()
    known = normal(found(given.copy()), Data(".", invert=True))
    assert np.array_equal(known.train.images[..., 0], 255 - given)
    seen = np.concatenate([images(12, 8, 6, 3), np.full((12, 8, 6, 1), 7, np.uint8)], axis=3)
    clear = normal(found(seen.copy()), Data(".", invert=True)).train.images
    assert np.array_equal(clear[..., :3], 255 - seen[..., :3])
    assert (clear[..., 3] == 7).all()


def test_rows_and_columns_can_be_swapped():
    known = normal(found(images()), Data(".", transpose=True))
    assert np.array_equal(known.train.images[..., 0], images().transpose(0, 2, 1))


@pytest.mark.parametrize("pixels", [images(), images(12, 8, 6, 3)])
def test_images_that_are_counted_last_are_put_first(pixels):
    turned = np.moveaxis(pixels, 0, -1)
    known = normal(found(turned.copy(), labels(12)))
    assert np.array_equal(known.train.images.reshape(pixels.shape), pixels)
    assert "last axis counts" in known.notes[0].message


@pytest.mark.parametrize("classes", [None, 3])
def test_labels_from_1_are_brought_to_0_with_a_note(classes):
    known = normal(found(numbers=labels() + 1), classes=classes)
    assert known.train.labels.tolist() == labels().tolist()
    assert (known.classes, known.names) == (3, ("1", "2", "3"))
    assert known.options.labels_from == 1
    assert "`labels_from=1`" in known.notes[0].message
    agree(known, SHAPE, 3)


def test_labels_from_1_stay_where_the_spec_has_a_class_more():
    known = normal(found(numbers=labels() + 1), classes=4)
    assert known.train.labels.tolist() == (labels() + 1).tolist()
    doubt = doubts(known.train, {}, 4, tuple("0123"))[0]
    assert "`labels_from=1`" in doubt.help


@pytest.mark.parametrize("first", [0, 1, 5])
def test_the_first_label_can_be_written(first):
    numbers = labels().astype(int) + first
    known = normal(found(numbers=numbers), Data(".", labels_from=first))
    assert known.train.labels.tolist() == labels().tolist()
    assert known.classes == 3
    with pytest.raises(CnnspecError, match=f"label {first}, below"):
        normal(found(numbers=numbers), Data(".", labels_from=first + 1))


@pytest.mark.parametrize("label", [2_000_000_000, 20_000, 1000])
def test_a_number_that_names_an_image_is_not_a_class(label):
    numbers = labels().astype(np.int64)
    numbers[3] = label
    tracemalloc.start()
    with pytest.raises(CnnspecError, match=f"a label {label}: more classes than images"):
        normal(found(numbers=numbers))
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


def test_equal_images_with_two_labels_are_doubted():
    pixels = images()
    pixels[4] = pixels[0]
    known = normal(found(pixels))
    (doubt,) = doubts(known.train, {}, CLASSES, NAMES)
    assert "1 training image has more than one label" in doubt.message


def test_ink_on_paper_beside_light_on_black_is_doubted():
    light = np.zeros((12, 8, 6), np.uint8)
    light[:, 2:6, 2:4] = images(12, 4, 2) // 2 + 128
    known = normal(found(light, test=255 - light[:6], test_numbers=labels(6)))
    doubt = doubts(known.train, {"test": known.test}, CLASSES, NAMES)[-1]
    assert "light on dark and the test images dark on light" in doubt.message


def test_large_images_are_put_in_order_in_their_own_memory():
    stored = images(400, 3, 40, 40)
    expected = stored.transpose(0, 2, 3, 1).copy()
    tracemalloc.start()
    known = normal(found(stored, labels(400)))
    assert tracemalloc.get_traced_memory()[1] < stored.nbytes + 10**6
    tracemalloc.stop()
    assert np.array_equal(known.train.images, expected)
    assert np.shares_memory(known.train.images, stored)
