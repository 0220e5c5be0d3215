import io
import tracemalloc
import zipfile

import numpy as np
import pytest
from numpy.lib import format as npy

from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import normal
from cnnspec.datasets.raw import MAX_ARRAY_BYTES, Unsupported, fits
from cnnspec.diagnostics.errors import CnnspecError
from tests.support.data_files import arrays, images, labels, said, write_npz


def packed(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    npy.write_array(file, array)
    return file.getvalue()


def archive(path, **members: bytes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(f"{name}.npy", data)
    return path


def test_arrays_come_out_as_they_went_in(tmp_path):
    turned = np.asfortranarray(images())
    found = user_data.read(write_npz(tmp_path / "a.npz", train_images=turned))
    assert np.array_equal(found.train.images, images())
    assert np.array_equal(found.train.labels, labels())
    assert np.array_equal(found.test.images, arrays()["test_images"])


def test_pickled_objects_are_refused_and_nothing_in_them_runs(tmp_path):
    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self):
            return open, (str(canary), "w")

    objects = np.array([Evil()], dtype=object)
    path = archive(tmp_path / "a.npz", train_images=packed(objects), train_labels=packed(labels()))
    with pytest.raises(CnnspecError, match="pickled") as caught:
        user_data.read(path)
    assert caught.value.exit_code == 3
    assert not canary.exists()


def header(**facts) -> bytes:
    file = io.BytesIO()
    npy.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, **facts})
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (header(shape=(2**40, 28, 28)), f"the limit is {MAX_ARRAY_BYTES:,}"),
        (header(shape=(MAX_ARRAY_BYTES + 1,)), f"the limit is {MAX_ARRAY_BYTES:,}"),
        (header(shape=(10, 8, 6)) + bytes(2**24), "more than the 480 bytes"),
        (header(shape=(10, 8, 6)) + bytes(479), "ends after 479 of 480 bytes"),
        (header(shape=(-1, 8, 6)) + bytes(2**24), "claims -1x8x6 values"),
        (header(shape=(2, 2, 2), descr=[("a", "<f4")]) + bytes(32), "not plain numbers"),
        (b"\x93NUMPY\x01\x00\x10\x00{'descr': __impo", "header of `train_images` is damaged"),
        (b"\x93NUMPY\x03\x00", "plain numbers"),
        (b"no array at all", "magic"),
        (b"", "magic"),
    ],
)
def test_what_an_array_claims_is_looked_at_before_it_is_unpacked(tmp_path, data, message):
    path = archive(tmp_path / "a.npz", train_images=data, train_labels=packed(labels()))
    with pytest.raises(CnnspecError) as caught:
        normal(user_data.read(path))
    assert message in said(caught.value)
    assert caught.value.exit_code == 3


def test_an_archive_of_other_things_is_told_what_is_missing(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as made:
        made.writestr("readme.txt", "hello")
    with pytest.raises(CnnspecError, match="without arrays") as caught:
        user_data.read(tmp_path / "a.npz")
    assert "unpack it" in said(caught.value)


def test_the_arrays_of_a_file_are_counted_together_before_any_is_unpacked(tmp_path, monkeypatch):
    """2.5 GiB of zeros in two arrays, each of which would be small enough."""
    path = tmp_path / "large.npz"
    rows = 5 * 2**28 // 784
    block = bytes(2**24)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for name in ("x_train", "x_test"):
            with made.open(f"{name}.npy", "w", force_zip64=True) as file:
                npy.write_array_header_1_0(
                    file, {"descr": "|u1", "fortran_order": False, "shape": (rows, 28, 28)}
                )
                left = rows * 784
                while left:
                    left -= file.write(block[: min(left, len(block))])
        for name in ("y_train", "y_test"):
            made.writestr(f"{name}.npy", packed(np.zeros(rows, np.uint8)))
    tracemalloc.start()
    with pytest.raises(CnnspecError) as caught:
        user_data.read(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**24
    assert "4 arrays of it would take 2,6" in said(caught.value)
    assert "the limit is 2,147,483,648" in said(caught.value)
    assert "`CNNSPEC_DATA_LIMIT=3`" in caught.value.diagnostics[0].help
    monkeypatch.setenv("CNNSPEC_DATA_LIMIT", "3")
    fits(2**31 + 1, "it has")
    with pytest.raises(Unsupported, match="the limit is 3,221,225,472"):
        fits(3 * 2**30 + 1, "it has")


@pytest.mark.parametrize("given", ["4G", "-1", "1.5", "٣"])
def test_a_limit_that_is_not_a_number_is_refused(given, tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    np.savez(path, x_train=np.zeros((20, 8, 8), np.uint8), y_train=np.arange(20) % 2)
    monkeypatch.setenv("CNNSPEC_DATA_LIMIT", given)
    with pytest.raises(CnnspecError, match="is not a whole number of GiB") as caught:
        user_data.read(path)
    assert caught.value.diagnostics[0].help == "write it as `CNNSPEC_DATA_LIMIT=8`"
    monkeypatch.setenv("CNNSPEC_DATA_LIMIT", "8")
    assert len(user_data.read(path).train.images) == 20
