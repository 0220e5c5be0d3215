"""Augmentation changes training images, each in its own way, and follows from seed and epoch."""

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.shapes import Image
from cnnspec.core.source import Source
from cnnspec.datasets.arrays import load
from cnnspec.training.batches import scale

pytestmark = pytest.mark.usefixtures("backend")

EVERY = "flip=both crop=2 shift=0.1 rotate=10 shear=0.1 zoom=0.1 erase=0.5 noise=0.1"


def augmenter(options, seed=1, shape=(28, 28, 1)):
    from cnnspec.training.augment import Augmenter

    checked = check(Source("x", f"dense 10 softmax; train {{ augment {options} }}"))
    assert checked.ok
    return Augmenter(checked.spec.train.augment, Image(*shape), seed)


def images(count=64):
    return scale(load("fashion_mnist_mini").train.images[:count])


def changed(options, epoch=1, given=None, **kwargs):
    made = augmenter(options, **kwargs)
    made.reseed(epoch)
    return np.asarray(made(images() if given is None else given))


@pytest.mark.parametrize("option", EVERY.split())
def test_every_option_changes_images_and_keeps_their_shape(option):
    before, after = images(), changed(option)
    assert after.shape == before.shape
    assert after.dtype == np.float32
    assert not np.array_equal(before, after)
    # Each in its own way: what was done to one image is not what was done to all.
    same = np.repeat(before[:1], 64, axis=0)
    kinds = {picture.tobytes() for picture in changed(option, given=same)}
    assert len(kinds) >= (4 if option == "flip=both" else 10)


def test_the_same_seed_and_epoch_give_the_same_images():
    first = changed(EVERY)
    assert np.array_equal(first, changed(EVERY))
    assert not np.array_equal(first, changed(EVERY, epoch=2))
    assert not np.array_equal(first, changed(EVERY, seed=2))
    made = augmenter(EVERY)
    made(images())
    made.reseed(1)
    assert np.array_equal(first, np.asarray(made(images())))


def test_two_batches_of_an_epoch_are_changed_differently():
    made = augmenter("shift=0.1")
    made.reseed(1)
    assert not np.array_equal(np.asarray(made(images())), np.asarray(made(images())))


def test_half_of_the_images_are_mirrored():
    before, after = images(), changed("flip=horizontal")
    kept = [np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    mirrored = [np.array_equal(a[:, ::-1], b) for a, b in zip(before, after, strict=True)]
    assert all(a or b for a, b in zip(kept, mirrored, strict=True))
    assert 16 <= sum(kept) <= 48


def test_a_crop_moves_by_whole_pixels_up_to_its_size():
    point = np.zeros((512, 9, 9, 1), np.float32)
    point[:, 4, 4] = 1
    after = changed("crop=2", given=point, shape=(9, 9, 1))
    where = np.argwhere(after[..., 0] == 1)
    assert len(where) == 512
    assert set(np.unique(after)) == {0, 1}
    for axis in (1, 2):
        places, counts = np.unique(where[:, axis], return_counts=True)
        assert places.tolist() == [2, 3, 4, 5, 6]
        assert counts.min() > 512 / 5 / 2


def test_erase_changes_the_given_share_of_images():
    white = np.ones((400, 28, 28, 1), np.float32)
    erased = changed("erase=0.25", given=white).min(axis=(1, 2, 3)) == 0
    assert 0.15 < erased.mean() < 0.35


def test_fill_is_background_by_default():
    white = np.ones((64, 28, 28, 1), np.float32)
    assert changed("shift=0.3", given=white).min() == 0
    assert changed("shift=0.3 fill=nearest", given=white).min() == 1
    assert changed("rotate=30 zoom=0.2 shear=0.2 fill=reflect", given=white).min() > 0.999


def test_augmentation_changes_training_images_only():
    """With the rate at 0 nothing is learned: validation stays, training figures do not."""
    from cnnspec.datasets.splits import divide
    from cnnspec.targets.keras.build import build, compile_model
    from cnnspec.training.backends.keras import KerasTrainer
    from cnnspec.training.fit import Fit

    def history(settings):
        text = f"pool 4; dense 10 softmax; train {{ optimizer sgd(1e-30); batch 500; {settings} }}"
        checked = check(Source("x", text))
        assert checked.ok
        model = build(checked, 1)
        compile_model(model, checked.spec.train)
        splits = divide(checked.spec, offline=True)
        fit = Fit(KerasTrainer(model, checked, splits), checked.spec, splits)
        fit.run(lambda state: None, lambda: None)
        assert len(model.layers) == 4
        return fit.state.history

    plain = history("epochs 2")
    changed = history("epochs 2; augment shift=0.3")
    assert [e["val_loss"] for e in plain] == [e["val_loss"] for e in changed]
    assert plain[0]["loss"] == pytest.approx(plain[1]["loss"], rel=1e-6)
    assert changed[0]["loss"] != plain[0]["loss"]
    assert abs(changed[0]["loss"] - changed[1]["loss"]) > 1e-6
