import pickle

import numpy as np
import pytest

from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import normal
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Data
from tests.support.data_files import said
from tests.support.published_data import cifar10, cifar100, colours


def test_cifar_10_binary(tmp_path):
    known = normal(user_data.read(cifar10(tmp_path / "cifar-10-batches-bin")))
    expected = np.concatenate([colours(20)[0], colours(10)[0]])
    assert np.array_equal(known.train.images, expected)
    assert np.array_equal(known.test.images, colours(10)[0])
    assert known.train.labels.tolist() == [*(np.arange(20) % 10), *range(10)]
    assert known.names[3] == "cat"


def test_cifar_below_the_folder_of_its_archive(tmp_path):
    cifar10(tmp_path / "data" / "cifar-10-batches-bin")
    found = user_data.read(tmp_path)
    assert found.train.images.shape == (30, 32, 32, 3)
    assert "data/cifar-10-batches-bin" in found.notes[0].message


@pytest.mark.parametrize(("column", "classes"), [(None, 100), ("fine", 100), ("coarse", 20)])
def test_cifar_100_has_two_labels(tmp_path, column, classes):
    folder = cifar100(tmp_path / "cifar-100-binary")
    known = normal(user_data.read(folder, Data(".", train_labels=column)))
    assert known.classes == classes
    assert known.names[7] == f"{column or 'fine'} 7"
    expected = np.arange(200) % 100
    assert known.train.labels.tolist() == (expected // 5 if classes == 20 else expected).tolist()
    with pytest.raises(CnnspecError, match="no labels corse") as caught:
        user_data.read(folder, Data(".", train_labels="corse"))
    assert "did you mean coarse?" in said(caught.value)


@pytest.mark.parametrize("name", ["data_batch_1", "test_batch"])
def test_the_form_for_python_is_refused_by_name(tmp_path, name):
    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self):
            return open, (str(canary), "w")

    (tmp_path / "py").mkdir()
    (tmp_path / "py" / name).write_bytes(pickle.dumps(Evil(), 2))
    for path in (tmp_path / "py", tmp_path / "py" / name):
        with pytest.raises(CnnspecError, match="pickle") as caught:
            user_data.read(path)
    assert not canary.exists()
    with pytest.raises(CnnspecError) as caught:
        user_data.read(tmp_path / "py")
    assert "cifar-10-binary.tar.gz" in said(caught.value)


def test_the_forms_without_a_pickle_are_arrays(tmp_path):
    """As people save the rows of the pickles: planes of 1,024 in a row."""
    images, labels = colours()
    rows = images.transpose(0, 3, 1, 2).reshape(20, -1)
    for name, stored in (("planes", rows), ("pixels", images.reshape(20, -1)), ("whole", images)):
        np.savez(tmp_path / f"{name}.npz", x_train=stored, y_train=labels)
        known = normal(user_data.read(tmp_path / f"{name}.npz"))
        assert np.array_equal(known.train.images, images), name


def test_a_file_that_is_not_whole_records_is_named(tmp_path):
    folder = cifar10(tmp_path / "c")
    path = folder / "data_batch_2.bin"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CnnspecError, match=r"data_batch_2.bin is not whole records of 3,073"):
        user_data.read(folder)
