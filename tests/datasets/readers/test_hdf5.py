import h5py
import numpy as np
import pytest

from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import normal
from cnnspec.datasets.raw import MAX_ARRAY_BYTES
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Data
from tests.support.data_files import images, labels, said, write_h5


@pytest.fixture
def other(tmp_path):
    """Another file, which no spec has named."""
    return write_h5(tmp_path / "other.h5")


def refused(path, message):
    with pytest.raises(CnnspecError) as caught:
        user_data.read(path)
    assert message in said(caught.value)
    assert caught.value.exit_code == 3


def test_arrays_and_groups_are_read(tmp_path):
    path = tmp_path / "a.hdf5"
    with h5py.File(path, "w") as file:
        file["train/images"] = images()
        file.create_dataset("train/labels", data=labels(), compression="lzf", shuffle=True)
        file["me"] = file["/"]
    found = user_data.read(path)
    assert np.array_equal(found.train.images, images())
    assert np.array_equal(found.train.labels, labels())
    assert found.test is None


def test_an_external_link_is_refused(tmp_path, other):
    path = write_h5(tmp_path / "a.h5", train_images=None)
    with h5py.File(path, "a") as file:
        file["train_images"] = h5py.ExternalLink(other.name, "/train_images")
    refused(path, "`train_images` is a link")


@pytest.mark.parametrize("target", ["/train_labels", "/nothing", "/far/train_images"])
def test_a_soft_link_is_refused(tmp_path, other, target):
    path = write_h5(tmp_path / "a.h5", train_images=None)
    with h5py.File(path, "a") as file:
        file["far"] = h5py.ExternalLink(other.name, "/")
        file["train_images"] = h5py.SoftLink(target)
    refused(path, "`train_images` is a link")


def test_a_name_through_a_link_is_refused(tmp_path, other):
    path = write_h5(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        file["far"] = h5py.ExternalLink(other.name, "/")
    with pytest.raises(CnnspecError, match="has no array far/train_images"):
        user_data.read(path, Data(".", train_images="far/train_images"))


def test_a_virtual_dataset_is_refused(tmp_path, other):
    path = write_h5(tmp_path / "a.h5", train_images=None)
    layout = h5py.VirtualLayout(shape=(12, 8, 6), dtype="u1")
    layout[:] = h5py.VirtualSource(str(other), "train_images", shape=(12, 8, 6))
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset("train_images", layout)
    refused(path, "takes its values from other files")


def test_storage_in_another_file_is_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(576))
    path = write_h5(tmp_path / "a.h5", train_images=None)
    with h5py.File(path, "a") as file:
        file.create_dataset("train_images", (12, 8, 6), "u1", external=[(str(secret), 0, 576)])
    refused(path, "takes its values from other files")


def test_absurd_shapes_are_refused_before_anything_is_read(tmp_path):
    path = write_h5(tmp_path / "a.h5", train_images=None)
    with h5py.File(path, "a") as file:
        file.create_dataset("train_images", (2**31, 2**20, 28), "f8", chunks=(1, 1024, 28))
    refused(path, f"the limit is {MAX_ARRAY_BYTES:,}")


def test_a_shape_without_values_is_refused(tmp_path):
    path = write_h5(tmp_path / "a.h5", train_images=None)
    with h5py.File(path, "a") as file:
        file.create_dataset("train_images", (1000, 28, 28), "u1", chunks=(10, 28, 28))
    refused(path, "a shape and no values")


@pytest.mark.parametrize(
    "value",
    [
        h5py.Empty("f4"),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]),
    ],
    ids=["empty", "fields"],
)
def test_what_holds_no_plain_numbers_is_refused(tmp_path, value):
    path = write_h5(tmp_path / "a.h5", train_images=None)
    with h5py.File(path, "a") as file:
        file["train_images"] = value
    refused(path, "not plain numbers")


def test_a_filter_that_would_have_to_be_loaded_is_named(tmp_path):
    """32001 is Blosc's, as PyTables packs; optional, so that it can be written without it."""
    path = write_h5(tmp_path / "a.h5", train_images=None)
    with h5py.File(path, "a") as file:
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_chunk((12, 8, 6))
        layout.set_filter(32001, h5py.h5z.FLAG_OPTIONAL)
        space = h5py.h5s.create_simple((12, 8, 6))
        made = h5py.h5d.create(file.id, b"train_images", h5py.h5t.NATIVE_UINT8, space, layout)
        h5py.Dataset(made)[...] = images()
    refused(path, "packed with filter 32001, not one of gzip")
    refused(path, 'write the file again with `compression="gzip"`')


def test_texts_are_no_pixels(tmp_path):
    path = write_h5(tmp_path / "a.h5", train_images=None)
    with h5py.File(path, "a") as file:
        file["train_images"] = ["a"] * 12
    with pytest.raises(CnnspecError, match="not pixels"):
        normal(user_data.read(path))


def test_labels_may_be_texts(tmp_path):
    names = [f"class {label}" for label in labels()]
    path = write_h5(tmp_path / "a.h5", train_labels=None, test_labels=None)
    with h5py.File(path, "a") as file:
        file.create_dataset("train_labels", data=names, dtype=h5py.string_dtype())
    known = normal(user_data.read(path))
    assert known.names == ("class 0", "class 1", "class 2")
    assert known.train.labels.tolist() == labels().tolist()


def test_a_group_in_the_place_of_an_array_is_none(tmp_path):
    path = write_h5(tmp_path / "a.h5", train_images=None)
    with h5py.File(path, "a") as file:
        file.create_group("train_images")
    refused(path, "no array is called like the training images")
