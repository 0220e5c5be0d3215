"""Pictures prepared as training images are framed: geometry against arithmetic."""

import io

import numpy as np
import pytest
from PIL import Image

from cnnspec.datasets.arrays import load
from cnnspec.datasets.framing import boxes, mass_centres, measure
from cnnspec.datasets.given import decoded, read
from cnnspec.datasets.prepare import prepare
from cnnspec.diagnostics.errors import CnnspecError
from tests.datasets.test_framing import hooks
from tests.support.digits import SIX, THREE

BY_MASS = measure(hooks(300, "mass"))
BY_BOX = measure(hooks(300, "box"))


def hook(ground: int = 255, ink: int = 0) -> np.ndarray:
    """A page (h, w, 1) with an L of 200x90 pixels, its lines 30 wide, in a corner."""
    pixels = np.full((500, 400, 1), ground, np.uint8)
    pixels[40:240, 60:90] = pixels[210:240, 60:150] = ink
    return pixels


def framed(image: np.ndarray) -> tuple[int, int, tuple[float, float]]:
    """Height and width of the box of an image (h, w, 1), and the centre of its mass."""
    top, left, bottom, right = (int(each[0]) for each in boxes(image[None, ..., 0] > 60))
    row, column = mass_centres(image[None, ..., 0].astype(float))
    return bottom - top, right - left, (float(row[0]), float(column[0]))


@pytest.mark.parametrize(("ground", "ink"), [(255, 0), (0, 255), (180, 30), (40, 220)])
def test_a_drawing_gets_the_size_and_place_of_those_in_training(ground, ink):
    made = prepare(hook(ground, ink), BY_MASS)
    height, width, centre = framed(made.image)
    assert 20 <= height <= 21
    assert 9 <= width <= 10
    assert centre == pytest.approx(BY_MASS.mass[:2], abs=0.1)
    assert (made.image[0] == 0).all()
    assert made.image.max() == 255
    assert ("inverted" in made.steps) == (ground > ink)
    assert made.steps[-3:] == (
        "cropped to 200x90 of 500x400",
        "scaled to a longer side of 20",
        "centred by its mass",
    )
    # A fifth of a row is 30 wide, the rest 90: by hand, in pixels of the page.
    rows = (170 * 30 * 85 + 30 * 90 * 185) / (170 * 30 + 30 * 90)
    top = centre[0] - rows / 10
    assert top == pytest.approx(np.flatnonzero(made.image.any(axis=(1, 2)))[0], abs=1)


def test_a_box_comes_to_the_middle_where_boxes_did():
    made = prepare(hook(), BY_BOX)
    top, left, bottom, right = (float(each[0]) for each in boxes(made.image[None, ..., 0] > 60))
    assert (top + bottom) / 2 == pytest.approx(14, abs=0.6)
    assert (left + right) / 2 == pytest.approx(14, abs=0.6)
    assert made.steps[-1] == "centred by its box"


def test_both_polarities_and_dim_light_look_the_same_to_the_network():
    images = [
        prepare(hook(*pair), BY_MASS).image.astype(int) for pair in ((255, 0), (0, 255), (90, 10))
    ]
    for image in images[1:]:
        assert np.abs(image - images[0]).max() <= 12


def test_images_framed_as_in_training_stay_bit_for_bit():
    for images, framing in (
        (hooks(30, "mass", seed=1), BY_MASS),
        (hooks(30, "box", seed=1), BY_BOX),
    ):
        for image in images:
            made = prepare(np.repeat(image, 3, axis=2), framing)
            assert made.steps == ()
            np.testing.assert_array_equal(made.image, image)


def test_an_image_of_the_right_size_is_still_framed():
    image = np.roll(hooks(1, "mass")[0], 6, axis=1)
    made = prepare(255 - image, BY_MASS)
    assert framed(made.image)[2] == pytest.approx((14, 14), abs=0.3)


def test_thin_strokes_get_the_width_of_those_in_training():
    pixels = np.full((500, 400, 1), 255, np.uint8)
    pixels[40:440, 60:64] = pixels[436:440, 60:240] = 0
    made = prepare(pixels, BY_MASS)
    assert "strokes widened" in made.steps
    # Lines of 4 pixels, fitted, would be a fifth of a pixel wide.
    middle = made.image[8, :, 0].astype(float)
    assert middle.sum() / 255 >= 1.4
    assert framed(made.image)[0] == pytest.approx(20, abs=1)


def test_photos_keep_their_aspect_and_lose_their_sides():
    random = np.random.default_rng(0)
    framing = measure(random.integers(0, 256, (200, 8, 8, 3), np.uint8))
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, 8:24] = random.integers(0, 256, (16, 16, 3))
    made = prepare(pixels, framing)
    means = pixels[:, 8:24].reshape(8, 2, 8, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(made.image, np.rint(means), atol=0.5)
    assert made.steps == ("cut to its middle, 16x16 of 16x32", "scaled to 8x8")
    stretched = prepare(pixels, framing.replace(stretched=True))
    means = pixels.reshape(8, 2, 8, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(stretched.image, np.rint(means), atol=0.5)


def test_things_with_shades_keep_them():
    """A grey wedge on white, for a network of wedges on black."""
    wedge = np.linspace(60, 220, 20).astype(np.uint8)
    images = np.zeros((100, 28, 28, 1), np.uint8)
    images[:, 4:24, 8:20, 0] = wedge[:, None]
    framing = measure(images)
    assert not framing.drawn
    page = np.full((300, 300, 1), 255, np.uint8)
    page[20:220, 30:150, 0] = 255 - np.repeat(wedge, 10)[:, None]
    made = prepare(page, framing)
    np.testing.assert_allclose(made.image[5:23, 13, 0], wedge[1:19], atol=6)


def test_clothes_on_a_white_page_come_back_as_they_were():
    """Fashion-MNIST's images enlarged, dark on white, somewhere on a page."""
    data = load("fashion_mnist_mini")
    framing = measure(data.train.images)
    random = np.random.default_rng(0)
    off = []
    for image in data.test.images[:60, ..., 0]:
        large = Image.fromarray(255 - image).resize((168, 168), Image.Resampling.BILINEAR)
        page = np.full((300, 420), 250, np.uint8)
        top, left = random.integers(10, 120), random.integers(10, 240)
        page[top : top + 168, left : left + 168] = np.minimum(large, 250)
        seen = prepare(page[..., None], framing).image[..., 0]
        off.append(np.abs(seen.astype(int) - image).mean())
    # Moved by one pixel they would differ by 17, not inverted by 202.
    assert np.median(off) < 10
    assert np.mean(off) < 14


def test_a_scene_is_not_cut():
    y, x = np.mgrid[0:200, 0:200]
    waves = 128 + 100 * np.sin(x / 23) * np.cos(y / 17)
    made = prepare(np.repeat(waves[..., None], 3, axis=2).astype(np.uint8), BY_MASS)
    assert made.steps[0].endswith("nothing cut out")
    assert made.steps[-1] == "scaled to 28x28"


@pytest.mark.parametrize("form", [*SIX, *THREE])
def test_every_form_of_a_digit_is_framed_alike(form):
    """What the network sees of a photo is nearly what it sees of a clean drawing."""
    random = lambda: np.random.default_rng(3)  # noqa: E731 - the same hand each time
    draw = (SIX | THREE)[form]
    for digit in (0, 4):
        made = prepare(read_bytes(draw(digit, random())), BY_MASS)
        height, width, centre = framed(made.image)
        assert max(height, width) == pytest.approx(20, abs=2)
        assert centre == pytest.approx(BY_MASS.mass[:2], abs=0.1)
        ring = np.concatenate([made.image[:2].ravel(), made.image[-2:].ravel()])
        assert ring.max() < 60
        # A hole for 0 and 4 alike: nothing filled it, neither shadow nor line.
        assert 0.05 < (made.image > 100).mean() < 0.3


def read_bytes(data: bytes) -> np.ndarray:
    return read(Image.open(io.BytesIO(data))).pixels


def test_transparent_ink_is_put_on_what_shows_it():
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 15:25] = 255
    for ink, ground in ((0, 255), (255, 0)):
        picture = Image.new("RGBA", (40, 40), (ink, ink, ink, 0))
        picture.putalpha(Image.fromarray(mask))
        given = read(picture)
        assert given.steps == (f"put on {'white' if ground else 'black'}",)
        assert given.pixels[0, 0].tolist() == [ground] * 3
        assert given.pixels[20, 20].tolist() == [ink] * 3


def test_exif_turns_a_picture_and_large_ones_are_reduced(tmp_path):
    pixels = np.zeros((1200, 1600, 3), np.uint8)
    pixels[:, 800:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    given = read(tmp_path / "a.png")
    assert given.steps == ("turned as its EXIF says",)
    assert given.pixels.shape == (534, 400, 3)
    assert given.pixels[10, 10].tolist() == [0, 0, 0]
    assert given.pixels[-10, 10].tolist() == [255, 255, 255]


def test_arrays_are_pictures():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(read(grey).pixels[..., 0], grey)
    np.testing.assert_array_equal(read(grey[..., None]).pixels[..., 1], grey)
    np.testing.assert_array_equal(read(grey / 255.0).pixels[..., 2], grey)
    sixteen = Image.fromarray((np.arange(12, dtype=np.uint16) << 8).reshape(3, 4))
    np.testing.assert_array_equal(read(sixteen).pixels[..., 0], grey)
    for bad in (np.zeros(5), np.zeros((2, 2, 2)), np.full((2, 2), 300), np.full((2, 2), -1.0)):
        with pytest.raises(CnnspecError):
            read(bad)


def test_the_grey_that_a_png_of_sixteen_bits_calls_transparent_is_not_seen():
    # python-pillow/Pillow#3379, in another mode: dark ink on what is black and transparent.
    pixels = np.zeros((8, 6), np.uint16)
    pixels[:, 3:] = 100 * 257
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "png", transparency=0)
    given = decoded(Image.open(written))
    assert given.steps == ("put on white",)
    assert np.unique(given.pixels[:, :3]).tolist() == [255]
    assert np.unique(given.pixels[:, 3:]).tolist() == [100]
