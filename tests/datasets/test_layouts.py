"""Folders and files that cannot be read as they are: what they look like, and what to change."""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.datasets import user_data
from cnnspec.datasets.describe import describe
from cnnspec.datasets.normalize import normal
from cnnspec.diagnostics.errors import CnnspecError
from tests.support import published_data as published
from tests.support.data_files import said

IMAGES, LABELS = published.digits(20, side=16)


def pictures(*forms: str) -> str:
    """Pictures at paths such as `d/train/{label}/{i}.png`, one in each form by turns."""
    for i, image in enumerate(IMAGES):
        path = Path(forms[i % len(forms)].format(i=i, label=i // len(forms) % 2))
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return "d"


def written(name: str, data: bytes) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(data)
    return name.split("/")[0]


def excel() -> str:
    with zipfile.ZipFile("a.xlsx", "w") as made:
        made.writestr("[Content_Types].xml", "<x/>")
    return "a.xlsx"


def names_in_table() -> str:
    rows = "".join(f"{i}.png,{label}\n" for i, label in enumerate(LABELS))
    return written("labels.csv", f"filename,label\n{rows}".encode())


def pixels_in_a_cell() -> str:
    rows = zip(LABELS, IMAGES, strict=True)
    text = "".join(f"{label},{' '.join(map(str, image.ravel()))},train\n" for label, image in rows)
    return written("fer.csv", f"emotion,pixels,Usage\n{text}".encode())


def renamed_idx() -> str:
    published.idx(Path("d/images.idx"), IMAGES)
    return str(published.idx(Path("d/labels.idx"), LABELS).parent)


CASES = {
    "no classes": (
        lambda: pictures("d/{label}_{i}.png"),
        "its pictures are in no class",
        "a folder with its name",
    ),
    "only a test set": (
        lambda: pictures("d/test/{label}/{i}.png"),
        "it has test/ and no pictures to train on",
        "into train/",
    ),
    "splits in classes": (
        lambda: pictures("d/{label}/train/{i}.png", "d/{label}/test/{i}.png"),
        "several folders of it: 0, 1",
        "`train/0`",
    ),
    "folders in classes": (
        lambda: pictures("d/train/{label}/x/{i}.png", "d/train/{label}/y/{i}.png"),
        "several folders of it: train/0, train/1",
        "put its pictures directly into it",
    ),
    "tiff": (lambda: pictures("d/{label}/{i}.tiff"), "its pictures are .tiff", ".png"),
    "photos of a telephone": (
        lambda: written("d/cat/0.heic", b"\0\0\0\x18ftypheic"),
        "its pictures are .heic",
        ".png",
    ),
    "empty": (lambda: os.mkdir("d") or "d", "it has no files", "take a CSV"),  # noqa: PTH102
    "idx of other names": (
        renamed_idx,
        "IDX files, whose names do not say what they are",
        "`train-images-idx3-ubyte`",
    ),
    "one picture": (
        lambda: pictures("{label}.png") and "0.png",
        "it is a single picture",
        "`cnnspec predict`",
    ),
    "excel": (excel, "it is a file of Excel", "as .csv"),
    "utf-16": (
        lambda: written("a.csv", "label,pixel0\n1,2\n".encode("utf-16")),
        "it is text in UTF-16",
        "UTF-8",
    ),
    "a table of files": (names_in_table, "its rows are names of files", "a folder with its name"),
    "pixels in a cell": (
        pixels_in_a_cell,
        "a cell of it has all pixels of an image",
        "`table[column].str.split(expand=True)`",
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_it_is_told_what_it_is_and_what_to_change(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make, cause, remedy = CASES[what]
    path = Path(make())
    with pytest.raises(CnnspecError) as caught:
        user_data.read(path)
    (error,) = caught.value.diagnostics
    assert cause in error.message
    assert remedy in error.help


@pytest.mark.parametrize(
    "folders",
    [
        ("training_set", "test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("train_images", "val_images", "test_images"),
    ],
)
def test_splits_of_other_names_are_told_with_the_line_that_reads_them(
    folders, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    pictures(*(f"d/{folder}/{{label}}/{{i}}.png" for folder in folders))
    with pytest.raises(CnnspecError) as caught:
        user_data.read(Path("d"))
    line = said(caught.value).partition("`")[2].rpartition("`")[0]
    data = check(Source("x", f"{line}\ninput 16x16\nclasses 2\ndense 2 softmax")).spec.data
    known = normal(user_data.read_all(Path(data.source), data, (16, 16, 1)))
    assert known.test.known.tolist().count(0) == len(known.test) / 2
    assert (known.validation is not None) == (len(folders) == 3)
    splits = [known.train, known.test, known.validation][: len(folders)]
    assert sum(map(len, splits)) == 20


def test_pictures_of_one_class_are_doubted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pictures("d/images/{i}.png")
    words = [note.message for note in describe(Path("d")).notes]
    assert any("all training images are of one class, images" in said for said in words)


def test_signs_are_two_classes(tmp_path):
    path = published.libsvm(tmp_path / "a.svm", IMAGES, np.where(LABELS > 4, 1, -1))
    known = normal(user_data.read(path))
    assert known.names == ("-1", "1")
    assert known.train.known.tolist() == (LABELS > 4).astype(int).tolist()
