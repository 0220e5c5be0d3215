"""How training images are framed, against images whose framing is known."""

import numpy as np
import pytest

from cnnspec.datasets.arrays import load
from cnnspec.datasets.framing import Framing, measure, stroke_widths


def hooks(count: int, centred: str, side: int = 20, ground: int = 0, seed: int = 0) -> np.ndarray:
    """Images 28x28 of an L of several widths, centred in a frame by its mass or by its box."""
    random = np.random.default_rng(seed)
    images = np.full((count, 28, 28, 1), ground, np.uint8)
    for image in images:
        width, foot = int(random.integers(2, 4)), int(random.integers(8, side))
        hook = np.zeros((side, foot), bool)
        hook[:, :width] = hook[-width:] = True
        rows, columns = np.nonzero(hook)
        middle = (rows.mean() + 0.5, columns.mean() + 0.5)
        if centred == "box":
            middle = (side / 2, foot / 2)
        top, left = (round(14 - each) for each in middle)
        image[top : top + side, left : left + foot][hook] = 255 - ground
    return images


@pytest.mark.parametrize("ground", [0, 255])
@pytest.mark.parametrize("centred", ["mass", "box"])
def test_size_ground_and_centre_are_found(ground, centred):
    framing = measure(hooks(300, centred, ground=ground))
    assert framing.ground == (ground,)
    assert framing.ink == 255 - ground
    assert framing.plain > 0.99
    assert framing.fitted == 20
    assert framing.centred == centred
    assert framing.drawn
    row, column, spread = framing.mass if centred == "mass" else framing.box
    assert (row, column) == pytest.approx((14, 14), abs=0.3)
    # Rounded to whole pixels: evenly spread over one.
    assert spread < 0.35


def test_boxes_of_many_sizes_were_not_fitted():
    images = np.concatenate([hooks(50, "box", side) for side in (12, 16, 20, 24)])
    framing = measure(images)
    assert framing.fitted is None
    assert framing.side == (12, 18, 24)


def test_photos_have_no_ground():
    random = np.random.default_rng(0)
    framing = measure(random.integers(0, 256, (200, 32, 32, 3), np.uint8))
    assert not framing.has_ground
    assert framing.fitted is framing.centred is None
    assert not framing.drawn
    assert len(framing.ground) == 3


def test_clothes_fill_the_frame_by_their_box_and_have_shades():
    """As Xiao et al. (2017) made them: the longest edge 28 pixels, the image in the middle."""
    framing = measure(load("fashion_mnist_mini").train.images)
    assert (framing.fitted, framing.centred, framing.drawn) == (28, "box", False)


@pytest.mark.full_data
def test_mnist_says_of_itself_what_its_page_says(published):
    framing = measure(load("mnist").train.images)
    assert (framing.fitted, framing.centred, framing.drawn) == (20, "mass", True)
    assert framing.side == (20, 20, 20)
    # Moved by whole pixels, so evenly spread over one: 1 / sqrt(12).
    assert framing.mass[2] == pytest.approx(12**-0.5, abs=0.01)


def test_blank_images_have_some_framing():
    framing = measure(np.zeros((4, 28, 28, 1), np.uint8))
    assert framing.has_ground
    assert framing.fitted == 28


def test_the_width_of_a_stroke():
    for width in (1, 2, 5):
        bar = np.zeros((1, 40, 60))
        bar[:, 10 : 10 + width, 5:55] = 200
        # Twice the area over the outline, which has two short edges as well.
        assert stroke_widths(bar)[0] == pytest.approx(2 * width * 50 / (2 * 50 + 2 * width))


def test_a_framing_is_read_as_it_was_written():
    framing = measure(hooks(20, "mass"))
    assert Framing.load(framing.dump()) == framing
    with pytest.raises(TypeError):
        Framing.load({"frame": [28, 28]})
