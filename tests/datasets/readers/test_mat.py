"""MATLAB's files before version 7.3, and 7.3, which is HDF5 behind a block of text."""

import h5py
import numpy as np
import pytest
import scipy.io

from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import normal
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Data
from tests.support.data_files import said
from tests.support.published_data import colours, digits, svhn

IMAGES, LABELS = digits()


def test_svhn_has_its_images_last_and_10_for_0(tmp_path):
    folder = svhn(tmp_path / "svhn")
    data = Data("train_32x32.mat", test="test_32x32.mat")
    for found in (
        user_data.read_all(folder / "train_32x32.mat", data, None),
        user_data.read(folder),
    ):
        known = normal(found)
        for split, count in ((known.train, 20), (known.test, 10)):
            images, labels = colours(count)
            assert np.array_equal(split.images, images)
            assert split.images.flags.c_contiguous
            assert split.labels.tolist() == labels.tolist()
        assert known.classes == 10
        assert any("10 is the digit 0" in note.message for note in known.notes)


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_images_first_and_images_last(tmp_path, compressed, first):
    stored = IMAGES if first else IMAGES.transpose(1, 2, 0)
    values = {"x_train": stored, "y_train": LABELS, "title": "digits"}
    scipy.io.savemat(tmp_path / "a.mat", values, do_compression=compressed)
    known = normal(user_data.read(tmp_path / "a.mat"))
    assert np.array_equal(known.train.images[..., 0], IMAGES)
    assert known.train.labels.tolist() == LABELS.tolist()


def test_structures_are_walked_and_emnist_is_set_upright(tmp_path):
    """EMNIST's matlab.zip: dataset.train.images (n, 784), labels (n, 1), dataset.mapping."""
    letters, labels = digits(52, classes=26)
    flat = letters.transpose(0, 2, 1).reshape(52, -1)
    part = {"images": flat, "labels": labels[:, None] + 1, "writers": labels[:, None]}
    mapping = np.array([[i + 1, 65 + i, 97 + i] for i in range(26)])
    scipy.io.savemat(
        tmp_path / "emnist-letters.mat",
        {"dataset": {"train": part, "test": part, "mapping": mapping}},
        do_compression=True,
    )
    known = normal(user_data.read(tmp_path / "emnist-letters.mat"))
    assert np.array_equal(known.train.images[..., 0], letters)
    assert known.train.labels.tolist() == labels.tolist()
    assert known.names == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def mat73(path, **arrays):
    """As MATLAB writes it: a block of 512 bytes, sizes reversed, the class as an attribute."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, array in arrays.items():
            made = file.create_dataset(name, data=np.ascontiguousarray(array.T), compression=3)
            made.attrs["MATLAB_class"] = np.bytes_(str(array.dtype))
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM")
    return path


@pytest.mark.parametrize("first", [True, False])
def test_version_73_is_read_with_rows_and_columns_as_in_matlab(tmp_path, first):
    stored = IMAGES if first else IMAGES.transpose(1, 2, 0)
    path = mat73(tmp_path / "a.mat", x_train=stored, y_train=LABELS[:, None])
    known = normal(user_data.read(path))
    assert np.array_equal(known.train.images[..., 0], IMAGES)
    assert known.train.labels.tolist() == LABELS.tolist()


def test_arrays_that_matlab_wrote_to_h5_can_be_transposed(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x_train"], file["y_train"] = IMAGES.transpose(0, 2, 1), LABELS
    found = user_data.read(tmp_path / "a.h5")
    known = normal(found, Data(".", transpose=True))
    assert np.array_equal(known.train.images[..., 0], IMAGES)


def test_what_holds_no_images_is_told(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"words": np.array(["a", "b"], object), "z": 3})
    with pytest.raises(CnnspecError, match="no array is called like the training images"):
        user_data.read(tmp_path / "a.mat")


def test_a_cut_file_is_told_before_scipy_reads_it(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"x_train": IMAGES, "y_train": LABELS})
    data = (tmp_path / "a.mat").read_bytes()
    (tmp_path / "a.mat").write_bytes(data[:-200])
    with pytest.raises(CnnspecError, match="cut short") as caught:
        user_data.read(tmp_path / "a.mat")
    assert "copy or download it again" in said(caught.value)
