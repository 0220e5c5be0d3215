import pytest

from cnnspec.datasets import user_data
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Data
from tests.support.data_files import arrays, images, labels, said, write_h5, write_npz

WRITE = {".npz": write_npz, ".h5": write_h5}
ROLES = ("train_images", "train_labels", "test_images", "test_labels")
KERAS = dict(zip(ROLES, ("x_train", "y_train", "x_test", "y_test"), strict=True))


def renamed(names: dict[str, str]) -> dict:
    """The usual set under other names."""
    none = dict.fromkeys(ROLES)
    return none | {names[role]: array for role, array in arrays().items()}


@pytest.mark.parametrize("suffix", WRITE)
@pytest.mark.parametrize(
    "names",
    [
        dict(zip(ROLES, ROLES, strict=True)),
        KERAS,
        {role: name.upper() for role, name in KERAS.items()},
        {role: f"{role.partition('_')[0]}_set_{'xy'['labels' in role]}" for role in ROLES},
    ],
)
def test_usual_names_are_found(tmp_path, suffix, names):
    found = user_data.read(WRITE[suffix](tmp_path / f"a{suffix}", **renamed(names)))
    assert found.train.images.shape == (12, 8, 6)
    assert found.test.images.shape == (6, 8, 6)
    assert found.test.labels.tolist() == labels(6).tolist()
    assert found.notes == ()


@pytest.mark.parametrize("suffix", WRITE)
def test_names_that_are_given_come_first(tmp_path, suffix):
    names = dict(zip(ROLES, ("a", "b", "c d", "größe"), strict=True))
    path = WRITE[suffix](tmp_path / f"a{suffix}", **renamed(names))
    with pytest.raises(CnnspecError) as caught:
        user_data.read(path)
    assert f'`data "a{suffix}" train_images=… train_labels=…`' in said(caught.value)
    assert "a, b, c d, größe" in said(caught.value)
    found = user_data.read(path, Data(".", **names))
    assert found.test.labels.tolist() == labels(6).tolist()


def test_one_set_under_simple_names_has_no_test_set(tmp_path):
    none = dict.fromkeys(ROLES)
    found = user_data.read(write_npz(tmp_path / "a.npz", **none, x=images(), y=labels()))
    assert found.train.images.shape == (12, 8, 6)
    assert found.test is None


def test_a_name_that_is_not_there_is_told_with_the_nearest(tmp_path):
    with pytest.raises(CnnspecError, match="no array train_imags") as caught:
        user_data.read(write_npz(tmp_path / "a.npz"), Data(".", train_images="train_imags"))
    assert "did you mean train_images?" in said(caught.value)


def test_two_that_could_be_meant_are_told(tmp_path):
    path = write_npz(tmp_path / "a.npz", x_train=images())
    with pytest.raises(CnnspecError, match="both train_images and x_train") as caught:
        user_data.read(path)
    assert "`train_images=train_images`" in said(caught.value)
    assert user_data.read(path, Data(".", train_images="x_train")).notes


def test_arrays_that_are_not_used_are_named(tmp_path):
    found = user_data.read(write_npz(tmp_path / "a.npz", more_images=images()))
    (note,) = found.notes
    assert "more_images" in note.message


def test_training_needs_labels(tmp_path):
    with pytest.raises(CnnspecError, match="the training labels"):
        user_data.read(write_npz(tmp_path / "a.npz", train_labels=None))
