"""Sets under the names and in the layouts in which they are published, made here and small."""

import h5py
import numpy as np
import pytest

from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import normal
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Data
from tests.support.data_files import said, write_idx
from tests.support.published_data import colours, digits, idx

IMAGES, LABELS = digits()
TEST, TEST_LABELS = digits(10, seed=1)


def same(known, names=()):
    assert np.array_equal(known.train.images[..., 0], IMAGES)
    assert known.train.labels.tolist() == LABELS.tolist()
    assert known.names == names
    return known


def emnist(folder, name="letters", first=1, classes=26):
    """Published transposed, letters from 1, gzipped or not."""
    letters, labels = digits(52, classes=classes)
    for part, count in (("train", 52), ("test", 26)):
        stem = f"emnist-{name}-{part}"
        idx(folder / f"{stem}-images-idx3-ubyte.gz", letters[:count].transpose(0, 2, 1))
        idx(folder / f"{stem}-labels-idx1-ubyte.gz", labels[:count] + first)
    return letters, labels


def test_emnist_is_upright_from_0_and_named(tmp_path):
    letters, labels = emnist(tmp_path)
    known = normal(user_data.read(tmp_path), classes=26)
    assert np.array_equal(known.train.images[..., 0], letters)
    assert np.array_equal(known.test.images[..., 0], letters[:26])
    assert known.train.labels.tolist() == labels.tolist()
    assert known.names == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    words = " ".join(note.message for note in known.notes)
    assert "rows and columns are swapped" in words
    assert "1 is subtracted" in words
    assert str(known.options) == 'data "." transpose labels_from=1'


def test_emnist_as_it_is_stored_can_be_asked_for(tmp_path):
    letters, _ = emnist(tmp_path)
    known = normal(user_data.read(tmp_path), Data(".", transpose=False))
    assert np.array_equal(known.train.images[..., 0], letters.transpose(0, 2, 1))


def test_one_of_the_sets_of_emnist_is_named_by_one_of_its_files(tmp_path):
    letters, _ = emnist(tmp_path)
    emnist(tmp_path, "digits", first=0, classes=10)
    with pytest.raises(CnnspecError, match="holds 2 sets") as caught:
        user_data.read(tmp_path)
    assert "emnist-digits-test-images" in said(caught.value)
    known = normal(user_data.read(tmp_path / "emnist-letters-train-images-idx3-ubyte.gz"))
    assert np.array_equal(known.train.images[..., 0], letters)
    assert known.classes == 26


@pytest.mark.parametrize(
    ("name", "classes", "last"),
    [("balanced", 47, "t"), ("bymerge", 47, "t"), ("byclass", 62, "z"), ("mnist", 10, "9")],
)
def test_the_classes_of_every_set_of_emnist(tmp_path, name, classes, last):
    emnist(tmp_path, name, first=0, classes=10)
    known = normal(user_data.read(tmp_path))
    assert (known.classes, known.names[-1]) == (classes, last)


def test_qmnist_has_its_class_in_the_first_of_8_columns(tmp_path):
    for part, images, labels in (("train", IMAGES, LABELS), ("test", TEST, TEST_LABELS)):
        table = np.c_[labels.astype(int), np.arange(7 * len(labels)).reshape(-1, 7) * 4000]
        idx(tmp_path / f"qmnist-{part}-images-idx3-ubyte.gz", images)
        idx(tmp_path / f"qmnist-{part}-labels-idx2-int.gz", table, "i4")
    known = same(normal(user_data.read(tmp_path)))
    assert known.test.labels.tolist() == TEST_LABELS.tolist()
    assert known.classes == 10


@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "f4", "f8"])
def test_idx_of_every_type(tmp_path, kind):
    idx(tmp_path / "train-images-idx3-ubyte", IMAGES, kind)
    idx(tmp_path / "train-labels-idx1-ubyte", LABELS, kind)
    same(normal(user_data.read(tmp_path)))


def test_idx_of_signed_bytes(tmp_path):
    idx(tmp_path / "train-images-idx3-byte", IMAGES // 2, "i1")
    idx(tmp_path / "train-labels-idx1-byte", LABELS, "i1")
    known = normal(user_data.read(tmp_path))
    assert np.array_equal(known.train.images[..., 0], IMAGES // 2)


def test_idx_of_rank_4_and_of_flat_rows(tmp_path):
    images, labels = colours()
    idx(tmp_path / "a" / "train-images-idx4-ubyte", images)
    idx(tmp_path / "a" / "train-labels-idx1-ubyte", labels)
    assert np.array_equal(normal(user_data.read(tmp_path / "a")).train.images, images)
    idx(tmp_path / "b" / "train-images-idx2-ubyte", IMAGES.reshape(20, -1))
    idx(tmp_path / "b" / "train-labels-idx1-ubyte", LABELS)
    same(normal(user_data.read(tmp_path / "b")))


@pytest.mark.parametrize("name", ["k49", "kmnist"])
def test_one_array_a_file(tmp_path, name):
    for part, images, labels in (("train", IMAGES, LABELS), ("test", TEST, TEST_LABELS)):
        np.savez_compressed(tmp_path / f"{name}-{part}-imgs.npz", images)
        np.savez_compressed(tmp_path / f"{name}-{part}-labels.npz", labels)
    (tmp_path / "k49_classmap.csv").write_text("index,codepoint,char\n0,U+3042,a\n")
    known = same(normal(user_data.read(tmp_path)))
    assert known.test.labels.tolist() == TEST_LABELS.tolist()


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("X", "y", None, None),
    ],
)
def test_pairs_of_npy(tmp_path, names):
    arrays = (IMAGES, LABELS, TEST, TEST_LABELS)
    for name, array in zip(names, arrays, strict=True):
        if name:
            np.save(tmp_path / f"{name}.npy", array)
    same(normal(user_data.read(tmp_path)))


def test_npy_of_other_names_are_named(tmp_path):
    np.save(tmp_path / "pictures.npy", IMAGES)
    np.save(tmp_path / "answers.npy", LABELS)
    with pytest.raises(CnnspecError, match="no array is called like") as caught:
        user_data.read(tmp_path)
    assert "answers, pictures" in said(caught.value)
    data = Data(".", train_images="pictures", train_labels="answers")
    same(normal(user_data.read(tmp_path, data)))
    with pytest.raises(CnnspecError, match="a single array") as caught:
        user_data.read(tmp_path / "pictures.npy")
    assert "folder" in said(caught.value)


def test_an_npy_of_objects_is_not_unpickled(tmp_path):
    np.save(tmp_path / "x_train.npy", np.array([{}], object), allow_pickle=True)
    np.save(tmp_path / "y_train.npy", LABELS)
    with pytest.raises(CnnspecError, match="pickled") as caught:
        user_data.read(tmp_path)
    assert "x_train.npy" in said(caught.value)


def medmnist(path, images, labels, classes=None):
    """All of MedMNIST's files: `train_images`, `train_labels` (n, 1), `val_…`, `test_…`."""
    parts = {"train": slice(0, 12), "val": slice(12, 16), "test": slice(16, 20)}
    arrays = {}
    for part, rows in parts.items():
        arrays[f"{part}_images"] = images[rows]
        arrays[f"{part}_labels"] = labels[rows].reshape(len(labels[rows]), -1)
    np.savez_compressed(path, **arrays)
    return path


@pytest.mark.parametrize("images", [digits()[0], digits(side=64)[0], colours(side=28)[0]])
def test_medmnist_brings_a_validation_set(tmp_path, images):
    known = normal(user_data.read(medmnist(tmp_path / "pathmnist_64.npz", images, LABELS % 4)))
    shape = images.shape if images.ndim == 4 else (*images.shape, 1)
    stored = images.reshape(shape)
    assert np.array_equal(known.train.images, stored[:12])
    assert np.array_equal(known.validation.images, stored[12:16])
    assert np.array_equal(known.test.images, stored[16:])
    assert known.validation.labels.tolist() == (LABELS % 4)[12:16].tolist()


def test_medmnist_of_several_labels_and_of_volumes_is_refused_by_name(tmp_path):
    several = np.random.default_rng(0).integers(0, 2, (20, 14))
    with pytest.raises(CnnspecError, match="multi-label"):
        normal(user_data.read(medmnist(tmp_path / "chestmnist.npz", IMAGES, several)))
    volumes = np.zeros((20, 28, 28, 28), np.uint8)
    with pytest.raises(CnnspecError, match="3D images") as caught:
        normal(user_data.read(medmnist(tmp_path / "organmnist3d.npz", volumes, LABELS)))
    assert "2D set" in said(caught.value)


def test_usps_as_hdf5_is_flat_and_in_groups(tmp_path):
    small, labels = digits(side=16)
    with h5py.File(tmp_path / "usps.h5", "w") as file:
        for part in ("train", "test"):
            file[f"{part}/data"] = small.reshape(20, 256).astype("f4") / 255
            file[f"{part}/target"] = labels.astype("i8")
    known = normal(user_data.read(tmp_path / "usps.h5"))
    assert np.array_equal(known.train.images[..., 0], small)
    assert np.array_equal(known.test.images[..., 0], small)


@pytest.mark.parametrize("root", ["MNIST/raw", "data/MNIST/raw", "archive"])
def test_the_root_of_torchvision_and_other_wrappers(tmp_path, root):
    folder = tmp_path / root
    folder.mkdir(parents=True)
    write_idx(folder)
    (tmp_path / "__MACOSX").mkdir()
    found = user_data.read(tmp_path)
    assert found.train.images.shape == (12, 8, 6)
    assert found.notes[0].message == f"the data is in {root} of {tmp_path}"


def test_several_sets_below_a_root_are_told(tmp_path):
    for name in ("MNIST", "FashionMNIST"):
        (tmp_path / name).mkdir()
        write_idx(tmp_path / name / "raw")
    with pytest.raises(CnnspecError, match="several folders") as caught:
        user_data.read(tmp_path)
    assert "FashionMNIST/raw, MNIST/raw" in said(caught.value)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_digits_of_scikit_learn_are_scaled_by_16(tmp_path, dtype):
    small, labels = digits(side=8)
    sixteen = np.rint(small / 255 * 16)
    np.savez(tmp_path / "a.npz", images=sixteen.astype(dtype), target=labels)
    known = normal(user_data.read(tmp_path / "a.npz"))
    assert np.array_equal(known.train.images[..., 0], np.rint(sixteen * 255 / 16))
    assert str(known.options) == 'data "." scale=16'
    (note,) = known.notes
    assert "16 is white" in note.message


def test_texts_as_labels_name_the_classes(tmp_path):
    names = np.array(["cat", "dog", "ant"])[LABELS % 3]
    np.savez(tmp_path / "a.npz", x_train=IMAGES, y_train=names, x_test=TEST, y_test=names[:10])
    known = normal(user_data.read(tmp_path / "a.npz"))
    assert known.names == ("ant", "cat", "dog")
    assert known.train.labels.tolist() == [[1, 2, 0][label % 3] for label in LABELS]
    np.savez(tmp_path / "b.npz", x_train=IMAGES, y_train=names, x_test=TEST[:1], y_test=["cow"])
    with pytest.raises(CnnspecError, match="'cow', which is not a class"):
        normal(user_data.read(tmp_path / "b.npz"))
