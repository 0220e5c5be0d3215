"""Tables of text: the layouts of Kaggle and those of other places."""

import numpy as np
import pytest

from cnnspec.datasets import user_data
from cnnspec.datasets.normalize import normal
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Data
from tests.support.data_files import said
from tests.support.published_data import csv, digits, kaggle_digits, pixel_names

IMAGES, LABELS = digits()


def same(known, names=()):
    """Whether images and labels are those of `digits`."""
    assert np.array_equal(known.train.images[..., 0], IMAGES)
    assert known.train.labels.tolist() == LABELS.tolist()
    assert known.names == names
    return known


def test_the_digit_recognizer_of_kaggle(tmp_path):
    path = kaggle_digits(tmp_path)
    known = same(normal(user_data.read_all(path, Data("train.csv", test="test.csv"), None)))
    assert np.array_equal(known.test.images[..., 0], digits(6, seed=1)[0])
    assert known.test.labels is None


def test_a_folder_of_both_tables(tmp_path):
    kaggle_digits(tmp_path)
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n")
    known = same(normal(user_data.read(tmp_path)))
    assert known.test.labels is None


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".tsv"])
def test_fashion_mnist_of_kaggle(tmp_path, suffix):
    names = ["label", *pixel_names(first=1)]
    path = csv(tmp_path / f"fashion-mnist_train{suffix}", IMAGES, LABELS, names=names)
    if suffix == ".tsv":
        path.write_text(path.read_text().replace(",", "\t"))
    same(normal(user_data.read(path)))


def test_columns_named_by_row_and_column(tmp_path):
    names = [*(f"{i}x{j}" for i in range(1, 29) for j in range(1, 29))]
    same(normal(user_data.read(csv(tmp_path / "a.csv", IMAGES, LABELS, names=["label", *names]))))


@pytest.mark.parametrize("last", [True, False])
def test_without_a_header_the_labels_are_found_by_their_values(tmp_path, last):
    path = csv(tmp_path / "mnist_train.csv", IMAGES, LABELS, last=last)
    known = same(normal(user_data.read(path)))
    assert any(f"in the {'last' if last else 'first'} column" in n.message for n in known.notes)


def test_where_either_end_may_be_the_labels_both_readings_are_told(tmp_path):
    pixels = np.c_[LABELS, IMAGES.reshape(20, -1)[:, 1:], LABELS % 4]
    path = csv(tmp_path / "a.csv", pixels)
    found = user_data.read(path)
    (doubt,) = [note for note in found.notes if note.severity == "warning"]
    assert 'train_labels="0"' in doubt.help
    assert 'train_labels="784"' in doubt.help
    named = user_data.read(path, Data(".", train_labels="784"))
    assert named.train.labels.tolist() == (LABELS % 4).tolist()


def test_labels_may_be_names(tmp_path):
    letters = [f"letter {label}" for label in LABELS]
    path = csv(tmp_path / "a.csv", IMAGES, letters, names=["symbol", *pixel_names()])
    same(normal(user_data.read(path)), tuple(f"letter {label}" for label in range(10)))


def test_a_label_column_can_be_named_and_others_are_told(tmp_path):
    rows = np.c_[np.arange(20), LABELS, LABELS // 2, IMAGES.reshape(20, -1)]
    path = csv(tmp_path / "a.csv", rows, names=["id", "fine", "coarse", *pixel_names()])
    with pytest.raises(CnnspecError, match="which of its 787 columns") as caught:
        user_data.read(path)
    assert "train_labels" in said(caught.value)
    found = user_data.read(path, Data(".", train_labels="coarse"))
    assert found.train.labels.tolist() == (LABELS // 2).tolist()
    assert found.train.images.shape == (20, 784)
    assert "id, fine" in found.notes[0].message
    with pytest.raises(CnnspecError, match="no column coarsse") as caught:
        user_data.read(path, Data(".", train_labels="coarsse"))
    assert "did you mean coarse?" in said(caught.value)


def test_the_index_that_pandas_writes_is_not_a_pixel(tmp_path):
    rows = np.c_[np.arange(20), LABELS, IMAGES.reshape(20, -1)]
    path = csv(tmp_path / "a.csv", rows, names=["", "label", *pixel_names()])
    same(normal(user_data.read(path)))


def test_a_header_of_equal_names_numbered_by_pandas(tmp_path):
    names = ["0", *(f"0.{i}" for i in range(1, 785))]
    same(normal(user_data.read(csv(tmp_path / "A_Z.csv", IMAGES, LABELS, names=names))))


def test_fractions_are_read_as_they_are(tmp_path):
    path = csv(tmp_path / "a.csv", IMAGES / 255, LABELS, names=["label", *pixel_names()])
    same(normal(user_data.read(path)))


def test_the_digits_of_scikit_learn(tmp_path):
    """As in its `digits.csv.gz`: 64 fractions from 0 to 16, the label last."""
    eight, labels = digits(side=8)
    rows = np.c_[np.rint(eight.reshape(20, 64) / 255 * 16), labels]
    lines = "\n".join(",".join(f"{value:.18e}" for value in row) for row in rows)
    (tmp_path / "digits.csv").write_text(lines + "\n")
    known = normal(user_data.read(tmp_path / "digits.csv"))
    assert known.train.images.shape == (20, 8, 8, 1)
    assert known.train.images.max() == 255
    assert np.abs(known.train.images[..., 0].astype(int) - eight).max() <= 8
    assert known.train.labels.tolist() == labels.tolist()
    assert known.options.scale == 16


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("3,1,2", "expected 785 columns, got 3"),
        (",".join(["3", *["x"] * 784]), "invalid value"),
        (",".join(["3", *[""] * 784]), "row 21 has no value in column"),
        (",".join(["", *["1"] * 784]), "row 21 has no value in column `label`"),
    ],
)
def test_a_broken_row_is_told_and_can_be_left_out(tmp_path, row, words):
    path = csv(tmp_path / "a.csv", IMAGES, LABELS, names=["label", *pixel_names()])
    path.write_text(path.read_text() + row + "\n")
    with pytest.raises(CnnspecError) as caught:
        user_data.read(path)
    assert words in said(caught.value).lower()
    assert ("skip_broken" in said(caught.value)) == ("x" not in row)
    if "x" not in row:
        known = same(normal(user_data.read(path, Data(".", skip_broken=True))))
        assert any("1 row" in note.message for note in known.notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("label,pixel0,pixel1,pixel2,pixel3\n", "no row"),
        ("label\n1\n", "fewer than two columns"),
        ("a,b,c,d\n1,2,3,4\n", "which of its 4 columns"),
        ("<html>", "HTML"),
        ("", "empty"),
    ],
)
def test_tables_without_images(tmp_path, text, words):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(CnnspecError, match=words) as caught:
        user_data.read(tmp_path / "a.csv")
    assert caught.value.exit_code == 3
    assert caught.value.diagnostics[0].help


def test_a_validation_table_of_its_own(tmp_path):
    names = ["label", *pixel_names()]
    csv(tmp_path / "train.csv", IMAGES, LABELS, names=names)
    csv(tmp_path / "val.csv", *digits(10, seed=2), names=names)
    data = Data("train.csv", validation="val.csv")
    known = same(normal(user_data.read_all(tmp_path / "train.csv", data, None)))
    assert np.array_equal(known.validation.images[..., 0], digits(10, seed=2)[0])


def test_the_spec_says_how_rows_that_are_no_square_are_meant(tmp_path):
    wide = digits(side=28)[0][:, :20]
    path = csv(tmp_path / "a.csv", wide, LABELS, names=["label", *pixel_names(560)])
    with pytest.raises(CnnspecError, match="not square images"):
        normal(user_data.read(path))
    known = normal(user_data.read(path, shape=(20, 28, 1)), shape=(20, 28, 1))
    assert np.array_equal(known.train.images[..., 0], wide)
