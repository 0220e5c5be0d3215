"""Training images are changed as Keras's layers change them.

What was drawn for an image is read off the image itself: of its three channels the first two
hold the column and the row of each pixel, so they show where every pixel came from.
"""

from typing import Any

import numpy as np
import pytest

from cnnspec.targets.c.initial import initial_weights
from cnnspec.targets.c.native import NativeNetwork
from tests.targets.c.support import checked, needs_compiler

pytestmark = needs_compiler

HEIGHT, WIDTH = 18, 22
EVERY = "flip=both crop=2 shift=0.1 rotate=10 shear=0.1 zoom=0.1 erase=0.5 noise=0.1"


def network(options: str, channels: int = 3, seed: int = 1, threads: int = 1) -> NativeNetwork:
    spec = checked(
        f'model x\ndata "x"\ninput {HEIGHT}x{WIDTH}x{channels}\nclasses 2\ndense 2 softmax\n'
        f"train {{ batch 16; seed {seed}; augment {options} }}"
    )
    return NativeNetwork(spec, initial_weights(spec), threads=threads)


def changed(options: str, images: np.ndarray, **more: Any) -> np.ndarray:
    """What becomes of float32 images, a batch of 16 in each step."""
    trained = network(options, images.shape[-1], **more)
    count = sum("augment" in step.layers for step in trained.layout.program.steps)
    at = trained.layout.steps[count].value
    channels, found = images.shape[-1], []
    for first in range(0, len(images), 16):
        order = np.arange(first, first + 16)
        trained.train(images, np.zeros(len(images)), order, np.zeros(1))
        # One part works in the first arena, and each value has its own place there.
        block = trained._arenas[16 * at : 16 * (at + HEIGHT * WIDTH * channels)]
        found.append(block.reshape(channels, HEIGHT, WIDTH, 16).transpose(3, 1, 2, 0).copy())
    return np.concatenate(found)


def pictures(count: int = 64) -> np.ndarray:
    """Columns, rows, and a picture."""
    found = np.empty((count, HEIGHT, WIDTH, 3), np.float32)
    found[..., 0] = np.arange(WIDTH)
    found[..., 1] = np.arange(HEIGHT)[:, None]
    found[..., 2] = np.random.default_rng(1).random((count, HEIGHT, WIDTH))
    return found


def matrices(options: str) -> np.ndarray:
    """Where the pixels of each image come from: six numbers, as Keras has them."""
    shown = changed(f"{options} fill=nearest", pictures())
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    found = []
    for x, y in zip(shown[..., 0], shown[..., 1], strict=True):
        inside = (x > 0.01) & (x < WIDTH - 1.01) & (y > 0.01) & (y < HEIGHT - 1.01)
        places = np.stack([columns[inside], rows[inside], np.ones(inside.sum())], 1)
        fitted = [np.linalg.lstsq(places, each[inside], rcond=None)[0] for each in (x, y)]
        found.append(np.concatenate(fitted))
    return np.array(found)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("fill", ["background", "nearest", "reflect"])
@pytest.mark.parametrize("option", ["shift=0.3", "rotate=180", "shear=0.3", "zoom=0.4"])
def test_pixels_are_those_that_keras_computes(option: str, fill: str) -> None:
    from keras import ops

    found = matrices(option)
    transforms = np.concatenate([found, np.zeros((64, 2))], 1).astype(np.float32)
    modes = {"background": "constant", "nearest": "nearest", "reflect": "reflect"}
    picture = pictures()[..., 2:]
    theirs = ops.image.affine_transform(picture, transforms, "bilinear", modes[fill])
    ours = changed(f"{option} fill={fill}", pictures())[..., 2:]
    off = np.abs(ours - np.asarray(theirs))
    # The matrices are read off to 1e-5; at the very edge that can be a pixel inside or outside.
    assert np.quantile(off, 0.995) < 1e-3
    assert off.mean() < 1e-3


def spread(values: np.ndarray, most: float) -> None:
    """Drawn evenly from `-most` to `most`."""
    assert np.abs(values).max() <= most * 1.001
    assert np.abs(values).max() > most * 0.8
    assert abs(values.mean()) < most * 0.35
    assert np.abs(values).mean() == pytest.approx(most / 2, rel=0.35)


def test_a_shift_is_a_share_of_each_side() -> None:
    found = matrices("shift=0.2")
    np.testing.assert_allclose(found[:, [0, 1, 3, 4]], [[1, 0, 0, 1]] * 64, atol=1e-4)
    spread(found[:, 2], 0.2 * WIDTH)
    spread(found[:, 5], 0.2 * HEIGHT)
    assert abs(np.corrcoef(found[:, 2], found[:, 5])[0, 1]) < 0.5


def test_a_rotation_is_about_the_middle() -> None:
    found = matrices("rotate=30")
    angles = np.degrees(np.arctan2(found[:, 3], found[:, 0]))
    spread(angles, 30)
    np.testing.assert_allclose(found[:, 0] ** 2 + found[:, 3] ** 2, 1, atol=1e-4)
    np.testing.assert_allclose(found[:, 1], -found[:, 3], atol=1e-4)
    middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2, 1])
    np.testing.assert_allclose(found[:, :3] @ middle, middle[0], atol=1e-3)
    np.testing.assert_allclose(found[:, 3:] @ middle, middle[1], atol=1e-3)


def test_a_zoom_keeps_the_proportions_and_the_middle() -> None:
    found = matrices("zoom=0.25")
    spread(found[:, 0] - 1, 0.25)
    np.testing.assert_allclose(found[:, 0], found[:, 4], atol=1e-4)
    np.testing.assert_allclose(found[:, 2], (WIDTH - 1) / 2 * (1 - found[:, 0]), atol=1e-3)


def test_a_shear_leans_both_ways() -> None:
    found = matrices("shear=0.2")
    spread(found[:, 1], 0.2)
    spread(found[:, 3], 0.2)
    np.testing.assert_allclose(found[:, [0, 4]], 1, atol=1e-4)


def test_half_of_the_images_are_mirrored() -> None:
    before = pictures()
    for option, axis in (("horizontal", 2), ("vertical", 1)):
        after = changed(f"flip={option}", before)
        kept = (after == before).all(axis=(1, 2, 3))
        mirrored = (after == np.flip(before, axis)).all(axis=(1, 2, 3))
        assert (kept | mirrored).all()
        assert 16 <= kept.sum() <= 48


def test_a_crop_moves_by_whole_pixels_up_to_its_size() -> None:
    point = np.zeros((512, HEIGHT, WIDTH, 1), np.float32)
    point[:, 9, 9] = 1
    where = np.argwhere(changed("crop=2", point)[..., 0] == 1)
    assert len(where) == 512
    for axis in (1, 2):
        places, counts = np.unique(where[:, axis], return_counts=True)
        assert places.tolist() == [7, 8, 9, 10, 11]
        assert counts.min() > 512 / 5 / 2


def test_erase_takes_a_rectangle_out_of_a_share_of_the_images() -> None:
    gone = changed("erase=0.25", np.ones((400, HEIGHT, WIDTH, 1), np.float32))[..., 0] == 0
    touched = gone[gone.any(axis=(1, 2))]
    assert 0.15 < len(touched) / 400 < 0.35
    for each in touched:
        rows, columns = np.flatnonzero(each.any(1)), np.flatnonzero(each.any(0))
        assert each.sum() == len(rows) * len(columns)
        assert each[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    # Each side is a root of 0.02 to 0.33: a seventh to a little over a half.
    assert touched.any(1).sum(1).max() <= 0.5745 * WIDTH + 1
    assert touched.any(1).sum(1).min() >= 0.1414 * WIDTH - 1


def test_noise_is_normal() -> None:
    noise = changed("noise=0.1", pictures()) - pictures()
    assert noise.std() == pytest.approx(0.1, rel=0.02)
    assert abs(noise.mean()) < 0.002


def test_every_step_and_seed_draws_anew_and_threads_change_nothing() -> None:
    same = np.repeat(pictures()[:1], 64, axis=0)
    first = changed(EVERY, same)
    assert len({each.tobytes() for each in first}) == 64
    assert np.array_equal(first, changed(EVERY, same, threads=3))
    assert not np.array_equal(first, changed(EVERY, same, seed=2))


def test_nothing_is_changed_when_it_predicts() -> None:
    trained, plain = network(EVERY), network("noise=0.000001")
    given = pictures()
    assert np.array_equal(trained.predict(given), plain.predict(given))
