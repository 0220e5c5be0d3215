"""Reading takes little more memory than the images do, whatever holds them."""

import json
import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
import scipy.io
from PIL import Image

from tests.support import published_data as published
from tests.support.paths import ROOT

MOST = 50
"""Megabytes beyond the images."""
READ = """
import json, resource, sys
from pathlib import Path
import numpy as np
from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import normal
from cnnspec.datasets.readers import (
    arrays_folder, cifar, delimited, folders, hdf5, idx, libsvm, mat, npz, parquet, part_files,
)
# What libraries load with their first file is no reading.
user_data.read(Path(sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
known = normal(user_data.read(Path(sys.argv[2])))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([grown / 1024, known.train.images.nbytes / 2**20]))
"""
COUNT, SIDE = 24_000, 64


def grey(count):
    """Images that do not compress to nothing: 94 MiB of 24,000."""
    some = np.random.default_rng(0).integers(0, 256, (500, SIDE, SIDE), np.uint8)
    some[:, 0, 0] = 255
    return np.tile(some, (count // 500 + 1, 1, 1))[:count], np.arange(count) % 10


def npz(folder, count):
    images, labels = grey(count)
    np.savez_compressed(folder / "a.npz", x_train=images, y_train=labels)
    return folder / "a.npz"


def npy(folder, count):
    images, labels = grey(count)
    np.save(folder / "x_train.npy", images)
    np.save(folder / "y_train.npy", labels)
    return folder


def idx(folder, count):
    images, labels = grey(count)
    published.idx(folder / "emnist-digits-train-images-idx3-ubyte.gz", images)
    published.idx(folder / "emnist-digits-train-labels-idx1-ubyte.gz", labels)
    return folder


def hdf5(folder, count):
    images, labels = grey(count)
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("x_train", data=images, compression="gzip", compression_opts=1)
        file["y_train"] = labels
    return folder / "a.h5"


def mat(folder, count):
    images, _ = published.colours(500)
    images = np.tile(images, (count // 500 + 1, 1, 1, 1))[:count]
    values = {"X": images.transpose(1, 2, 3, 0), "y": (np.arange(count) % 10 + 1)[:, None]}
    scipy.io.savemat(folder / "train_32x32.mat", values)
    return folder / "train_32x32.mat"


def csv(folder, count):
    images, labels = grey(count)
    header = ["label", *published.pixel_names(SIDE * SIDE)]
    return published.csv(folder / "a.csv", images[: count // 4], labels[: count // 4], names=header)


def cifar(folder, count):
    published.cifar10(folder / "c")
    record = (folder / "c" / "data_batch_1.bin").read_bytes()
    (folder / "c" / "data_batch_1.bin").write_bytes(record * (count // 20))
    return folder / "c"


def libsvm(folder, count):
    images, labels = published.digits(1000)
    images[0, -1, -1] = 1
    path = published.libsvm(folder / "a.libsvm", images, labels)
    path.write_text(path.read_text() * max(1, count * 4 // 1000))
    return path


def parquet(folder, count):
    images, labels = grey(min(count, 4000))
    return published.hub(folder / "a.parquet", images, labels)


def pictures(folder, count):
    images, labels = grey(min(count, 3000))
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / str(label)).mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / str(label) / f"{number}.png")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [npz, npy, idx, hdf5, mat, csv, cifar, libsvm, parquet, pictures],
    ids=lambda make: make.__name__,
)
def test_reading_takes_the_images_and_little_more(make, tmp_path):
    for name in ("little", "much"):
        (tmp_path / name).mkdir()
    paths = [str(make(tmp_path / name, n)) for name, n in (("little", 500), ("much", COUNT))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", READ, *paths], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    grown, images = json.loads(done.stdout)
    assert images > 10
    assert grown < images + MOST, f"{grown:.0f} MB for {images:.0f} MB of images"
