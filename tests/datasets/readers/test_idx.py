import struct

import numpy as np
import pytest

from cnnspec.datasets import user_data
from cnnspec.datasets.raw import MAX_ARRAY_BYTES
from cnnspec.diagnostics.errors import CnnspecError
from tests.support.data_files import IDX, arrays, idx_bytes, packed, said, write_idx


@pytest.mark.parametrize("pack", [True, False])
@pytest.mark.parametrize("test_labels", [arrays()["test_labels"], None])
def test_the_four_files_are_read(tmp_path, pack, test_labels):
    found = user_data.read(write_idx(tmp_path / "a", pack=pack, test_labels=test_labels))
    for part, count in ((found.train, 12), (found.test, 6)):
        assert part.images.shape == (count, 8, 6)
    assert (found.test.labels is None) == (test_labels is None)
    assert len(found.files) == 4 - (test_labels is None)


@pytest.mark.parametrize("form", ["{}", "letters-{}", "My.Set_{}"])
@pytest.mark.parametrize("dot", [True, False])
def test_names_that_other_programs_give_are_known(tmp_path, form, dot):
    folder = write_idx(tmp_path / "a", pack=False)
    for path in list(folder.iterdir()):
        name = path.name.replace("-idx", ".idx") if dot else path.name
        path.rename(folder / form.format(name))
    assert user_data.read(folder).train.images.shape == (12, 8, 6)


def test_a_file_gzipped_and_not_is_the_same_set(tmp_path):
    folder = write_idx(tmp_path / "a")
    write_idx(folder, pack=False)
    assert len(user_data.read(folder).files) == 4


def test_two_sets_in_one_folder_are_told_apart_by_a_person(tmp_path):
    folder = write_idx(tmp_path / "a")
    (folder / f"letters-{IDX['train_images']}").write_bytes(idx_bytes(arrays()["train_images"]))
    with pytest.raises(CnnspecError, match="holds 2 sets"):
        user_data.read(folder)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an IDX file"),
        (b"<!DOCTYPE html><p>not found", "an HTML page"),
        (packed(b"<html>"), "an HTML page"),
        (packed(idx_bytes(np.zeros((2, 8, 6))))[:-4], "ended before"),
        (packed(idx_bytes(np.zeros((2, 8, 6)))) + b"junk", "more than the 96 values"),
        (idx_bytes(np.zeros((2, 8, 6))) + b"\0", "more than the 96 values"),
        (idx_bytes(np.zeros((2, 8, 6)))[:-1], "ends after 95 of 96 bytes"),
        (packed(b"\0\0\x08\x03" + struct.pack(">3I", 2**32 - 1, 2**16, 2)), f"{MAX_ARRAY_BYTES:,}"),
        (
            packed(b"\0\0\x08\x03" + struct.pack(">3I", 2, 8, 6) + bytes(2**24)),
            "more than the 96 values",
        ),
        (b"\0\0\x0a\x03" + struct.pack(">3I", 1, 1, 1) + bytes(4), "not an IDX file"),
    ],
)
def test_damaged_files_are_named(tmp_path, data, message):
    folder = write_idx(tmp_path / "a", pack=False)
    (folder / IDX["train_images"]).write_bytes(data)
    with pytest.raises(CnnspecError) as caught:
        user_data.read(folder)
    assert message in said(caught.value)
    assert IDX["train_images"] in said(caught.value)
    assert caught.value.exit_code == 3


def test_a_missing_file_is_named(tmp_path):
    folder = write_idx(tmp_path / "a", train_labels=None)
    with pytest.raises(CnnspecError, match=IDX["train_labels"]):
        user_data.read(folder)
