"""What the arrays of a set take together is limited, and known before any of them is read."""

import re
import tracemalloc

import numpy as np
import pytest
import scipy.io
from PIL import Image

from cnnspec.datasets import raw, user_data
from cnnspec.datasets.normalize import normal
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Data
from tests.support import published_data as published
from tests.support.data_files import WRITERS, images, labels

COUNT, SIDE = 30, 200
EACH = COUNT * SIDE * SIDE
"""The bytes of the images of a split."""
ARRAYS = {
    "train_images": images(COUNT, SIDE, SIDE),
    "train_labels": labels(COUNT),
    "test_images": images(COUNT, SIDE, SIDE, seed=1),
    "test_labels": labels(COUNT),
}


def npy(folder):
    for name, array in ARRAYS.items():
        np.save(folder / f"{name}.npy", array)
    return folder


def one_each(folder):
    for name, array in ARRAYS.items():
        np.savez_compressed(folder / f"{name}.npz", array)
    return folder


def mat(folder):
    scipy.io.savemat(folder / "a.mat", ARRAYS, do_compression=True)
    return folder / "a.mat"


def structures(folder):
    parts = {
        part: {"images": ARRAYS[f"{part}_images"], "labels": ARRAYS[f"{part}_labels"][:, None]}
        for part in ("train", "test")
    }
    scipy.io.savemat(folder / "a.mat", {"dataset": parts}, do_compression=True)
    return folder / "a.mat"


def cifar(folder):
    for name in ("data_batch_1", "test_batch"):
        pixels = images(EACH // 3072, 3072)
        records = np.c_[labels(len(pixels)), pixels]
        (folder / f"{name}.bin").write_bytes(records.tobytes())
    return folder


MAKERS = {
    **{kind: lambda folder, make=make: make(folder, **ARRAYS) for kind, make in WRITERS.items()},
    "npy": npy,
    "one-each": one_each,
    "mat": mat,
    "mat-structures": structures,
    "cifar": cifar,
}


@pytest.mark.parametrize("kind", MAKERS)
def test_two_splits_that_are_too_large_together_are_refused_unread(kind, tmp_path, monkeypatch):
    path = MAKERS[kind](tmp_path)
    assert len(normal(user_data.read(path)).test) == len(normal(user_data.read(path)).train)
    monkeypatch.setattr(raw, "MAX_ARRAY_BYTES", int(1.5 * EACH))
    tracemalloc.start()
    with pytest.raises(CnnspecError) as caught:
        user_data.read(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < EACH
    (error,) = caught.value.diagnostics
    (size,) = re.findall(r"([\d,]+) bytes; the limit is 1,800,000", error.message)
    assert 1.9 * EACH < int(size.replace(",", "")) < 2.1 * EACH
    assert error.help == "if that is right, raise it in GiB: `CNNSPEC_DATA_LIMIT=1`"
    monkeypatch.setenv("CNNSPEC_DATA_LIMIT", "1")
    assert len(user_data.read(path).test.images)


def test_tables_are_one_array(tmp_path, monkeypatch):
    pixels, numbers = published.digits(100)
    header = ["label", *published.pixel_names()]
    path = published.csv(tmp_path / "a.csv", pixels, numbers, names=header)
    monkeypatch.setattr(raw, "MAX_ARRAY_BYTES", pixels.nbytes - 1)
    with pytest.raises(CnnspecError, match="claims 100x784 values, 78,400 bytes"):
        user_data.read(path)
    monkeypatch.setattr(raw, "MAX_ARRAY_BYTES", pixels.nbytes)
    assert len(user_data.read(path).train.images) == 100


@pytest.mark.parametrize("kind", ["npz", "csv", "pictures"])
def test_paths_of_one_spec_are_limited_together(kind, tmp_path, monkeypatch):
    """Each split has a path of its own, and each alone is within the limit."""
    paths = [split(kind, tmp_path / name, seed) for seed, name in enumerate(("a", "b", "c"))]
    data = Data(str(paths[0]), validation=str(paths[1]), test=str(paths[2]))
    sizes = [part.images.nbytes for part in user_data.read_all(paths[0], data, None).parts.values()]
    assert len(sizes) == 3
    labels = 8 * 100
    monkeypatch.setattr(raw, "MAX_ARRAY_BYTES", sum(sizes) + 3 * labels)
    assert len(user_data.read_all(paths[0], data, None).parts) == 3
    monkeypatch.setattr(raw, "MAX_ARRAY_BYTES", sum(sizes) - 1)
    with pytest.raises(CnnspecError) as caught:
        user_data.read_all(paths[0], data, None)
    (error,) = caught.value.diagnostics
    assert str(paths[2]) in error.message
    assert re.search(r"bytes, [\d,]+ with those of the other paths; the limit is", error.message)
    monkeypatch.setenv("CNNSPEC_DATA_LIMIT", "1")
    assert len(user_data.read_all(paths[0], data, None).parts) == 3


def split(kind, path, seed):
    """A file or folder with 100 images, the training images of a set."""
    pixels, numbers = published.digits(100, seed=seed)
    if kind == "npz":
        np.savez(path.with_suffix(".npz"), x_train=pixels, y_train=numbers)
        return path.with_suffix(".npz")
    if kind == "csv":
        names = ["label", *published.pixel_names()]
        return published.csv(path.with_suffix(".csv"), pixels, numbers, names=names)
    for number, (image, label) in enumerate(zip(pixels, numbers, strict=True)):
        (path / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.reshape(28, 28)).save(path / str(label) / f"{number}.png")
    return path
