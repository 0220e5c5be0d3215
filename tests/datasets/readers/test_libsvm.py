import bz2

import numpy as np
import pytest

from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import normal
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Data
from tests.support.data_files import said
from tests.support.published_data import digits, libsvm

IMAGES, LABELS = digits()
IMAGES[0, 27, 20] = 9  # else the number of rows could not be known


@pytest.mark.parametrize("name", ["mnist", "mnist.scale", "mnist.bz2"])
def test_mnist_as_libsvm_publishes_it(tmp_path, name):
    """Values as bytes, or divided by 255 in `mnist.scale`; trailing zeros are not written."""
    scale = 255 if name.endswith("scale") else 1
    path = libsvm(tmp_path / name, IMAGES, LABELS, scale=scale)
    if name.endswith("bz2"):
        path.write_bytes(bz2.compress(path.read_bytes()))
    known = normal(user_data.read(path))
    assert np.abs(known.train.images[..., 0].astype(int) - IMAGES).max() <= (scale == 255)
    assert known.train.labels.tolist() == LABELS.tolist()


def test_usps_goes_from_minus_one_to_one_and_its_labels_from_1(tmp_path):
    small, labels = digits(side=16)
    values = small / 127.5 - 1
    lines = [
        f"{label + 1} " + " ".join(f"{i + 1}:{v:.6g}" for i, v in enumerate(row))
        for row, label in zip(values.reshape(20, -1), labels, strict=True)
    ]
    (tmp_path / "usps").write_text("\n".join(lines))
    known = normal(user_data.read(tmp_path / "usps"))
    assert np.array_equal(known.train.images[..., 0], small)
    assert known.train.labels.tolist() == labels.tolist()


def test_a_test_file_of_its_own(tmp_path):
    libsvm(tmp_path / "mnist", IMAGES, LABELS)
    others, labels = digits(10, seed=1)
    others[3, 27, 20] = 9
    libsvm(tmp_path / "mnist.t", others, labels)
    found = user_data.read_all(tmp_path / "mnist", Data("mnist", test="mnist.t"), None)
    assert np.array_equal(normal(found).test.images[..., 0], others)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("3 1:2 x:4", "x:4"),
        ("3 1:2 5", "where `place:value` belongs"),
        ("a 1:2", "not a number"),
        ("3 999999999:1", "at place 999,999,999"),
        ("3 1:2 2:zz 3:3", "not `place:value`"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path, line, words):
    path = libsvm(tmp_path / "a", IMAGES, LABELS)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(CnnspecError) as caught:
        user_data.read(path)
    assert words in said(caught.value)
