import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.datasets import user_data
from cnnspec.datasets.locate import Where
from cnnspec.datasets.normalize import normal
from cnnspec.datasets.splits import divide
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Data
from tests.support.data_files import (
    WRITERS,
    arrays,
    images,
    labels,
    said,
    write_npz,
    write_pictures,
)

NET = "input 8x6x1; classes 3; dense 3 softmax"


def spec_of(path, text=NET):
    result = check(Source("<test>", f'data "{path}"; {text}'))
    assert result.ok
    return result.spec


def divided(path, text=NET):
    return divide(spec_of(path, text), Where(path), offline=True)


@pytest.mark.parametrize("kind", WRITERS)
def test_every_kind_gives_the_same_images(tmp_path, kind):
    splits = divided(WRITERS[kind](tmp_path))
    for split, part in ((splits.images.train, "train"), (splits.test, "test")):
        expected = {
            (image.tobytes(), label)
            for image, label in zip(
                arrays()[f"{part}_images"], arrays()[f"{part}_labels"], strict=True
            )
        }
        found = zip(split.images, split.known, strict=True)
        assert {(image.tobytes(), label) for image, label in found} == expected
    assert splits.images.dataset.counts == (12, 6)
    assert len(splits.images.dataset.labels) == 3
    assert all(len(file.sha256) == 64 for file in splits.images.dataset.files)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_test_set_without_labels_is_predicted_and_not_scored(tmp_path, kind):
    path = WRITERS[kind](tmp_path, test_labels=None)
    splits = divided(path, f"{NET}; train {{ validation 0.25 }}")
    assert splits.test.labels is None
    assert len(splits.test) == 6
    assert list(splits.named()) == ["validation", "train"]


@pytest.mark.parametrize("measure", ["accuracy", "f1", "loss"])
def test_a_claim_about_an_unlabelled_test_set_is_an_error_at_its_place(tmp_path, measure):
    path = write_npz(tmp_path / "a.npz", test_labels=None)
    with pytest.raises(CnnspecError, match="no labels") as caught:
        divided(path, f"{NET}; expect {measure} >= 0.1; expect val_{measure} >= 0.1")
    (fault,) = caught.value.diagnostics
    assert fault.help == f"write `expect val_{measure}`"
    assert fault.span.text == f"expect {measure} >= 0.1"


def test_a_target_of_an_unlabelled_test_set_is_an_error(tmp_path):
    path = write_npz(tmp_path / "a.npz", test_labels=None)
    with pytest.raises(CnnspecError, match="`target f1`") as caught:
        divided(path, f"{NET}; train {{ target f1 0.5 }}")
    assert "`target val_f1`" in said(caught.value)
    assert divided(path, f"{NET}; train {{ target val_f1 0.5; validation 0.25 }}").validation


def test_validating_on_an_unlabelled_test_set_is_an_error(tmp_path):
    path = write_npz(tmp_path / "a.npz", test_labels=None)
    with pytest.raises(CnnspecError, match="`validation test`") as caught:
        divided(path, f"{NET}; train {{ validation test; early_stop val_loss }}")
    assert "`validation 0.1`" in said(caught.value)


def test_without_a_test_set_a_share_is_held_back_for_every_seed_the_same(tmp_path):
    path = write_npz(
        tmp_path / "a.npz",
        train_images=images(60),
        train_labels=labels(60),
        test_images=None,
        test_labels=None,
    )
    first, second = (
        divided(path, f"{NET}; train {{ seed {seed}; validation none }}") for seed in (1, 2)
    )
    assert np.bincount(first.test.known).tolist() == [3, 4, 3]
    assert len(first.train) == 50
    assert np.array_equal(first.test.images, second.test.images)
    (note,) = first.images.notes
    assert "10 of 60 images" in note.message


def test_too_few_images_to_hold_any_back(tmp_path):
    none = {"test_images": None, "test_labels": None}
    path = write_npz(tmp_path / "a.npz", train_images=images(3), train_labels=labels(3), **none)
    with pytest.raises(CnnspecError, match="too few images"):
        divided(path)


def test_a_share_that_is_no_image_is_told(tmp_path):
    with pytest.raises(CnnspecError, match=r"`validation 0.01` of 12 images") as caught:
        divided(write_npz(tmp_path / "a.npz"), f"{NET}; train {{ validation 0.01 }}")
    assert "`validation none`" in said(caught.value)


def test_a_class_of_one_image_is_trained_on(tmp_path):
    numbers = np.array([0] * 6 + [1] * 5 + [2])
    path = write_npz(tmp_path / "a.npz", train_labels=numbers)
    splits = divided(path, f"{NET}; train {{ validation 0.9 }}")
    assert set(splits.train.known) == {0, 1, 2}


def test_another_content_than_the_run_was_trained_on_is_refused(tmp_path):
    path = write_npz(tmp_path / "a.npz")
    known = {f.name: f.sha256 for f in divided(path).images.dataset.files}
    assert divide(spec_of(path), Where(path, known), offline=True).test
    write_npz(path, train_images=images(12, seed=9))
    with pytest.raises(CnnspecError, match="SHA-256 differs") as caught:
        divide(spec_of(path), Where(path, known), offline=True)
    assert f"`--data {path}`" in said(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.npz", b"", "it is empty"),
        ("a.npz", b" <html>", "it is an HTML page"),
        ("a.h5", b"PNG", "not an .h5 file (it begins with b'PNG')"),
        ("a.csv", b"1,2,3", "which of its 3 columns"),
        ("a.pkl", b"\x80\x04", "a pickle of Python"),
        ("train-images-idx3-ubyte", b"\0\0\x08\x03", "no file train-labels"),
        ("pictures.idx", b"\0\0\x08\x03", "a single file of a set"),
        ("a.npy", b"\x93NUMPY", "a single array"),
        ("a.tar", b"x" * 257 + b"ustar", "a tar archive"),
        ("a.bin", b"abc", "not a kind that is known"),
    ],
)
def test_other_files_are_told_what_they_look_like(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CnnspecError) as caught:
        user_data.read(tmp_path / name)
    assert message in said(caught.value)
    assert caught.value.exit_code == 3


def test_a_renamed_file_is_known_by_how_it_begins(tmp_path):
    write_npz(tmp_path / "a.npz").rename(tmp_path / "b.data")
    assert user_data.read(tmp_path / "b.data").train.images.shape == (12, 8, 6)


@pytest.mark.parametrize("name", ["nothing", "nothing/at/all", "x" * 300])
def test_nothing_there(tmp_path, name):
    with pytest.raises(CnnspecError) as caught:
        user_data.read(tmp_path / name)
    assert caught.value.exit_code == 3
    assert name[:20] in said(caught.value)


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("mnist", "`data mnist`"),
        ("https://example.org/set.npz", "download the file"),
        ("sett.npz", "set.npz?"),
        ("other.npz", "relative to the folder of the spec"),
    ],
)
def test_what_may_be_meant_where_nothing_is(tmp_path, written, remedy):
    write_npz(tmp_path / "set.npz")
    with pytest.raises(CnnspecError, match="there is nothing at") as caught:
        user_data.read(tmp_path / written)
    assert remedy in caught.value.diagnostics[0].help


def test_devices_and_pipes_are_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    for path in (tmp_path / "pipe.npz", user_data.Path("/dev/zero")):
        with pytest.raises(CnnspecError, match="not a plain file"):
            user_data.read(path)
        with pytest.raises(CnnspecError, match="not a plain file"):
            user_data.images(path, None, (8, 6, 1))


def test_an_unreadable_folder_and_arrays_of_a_folder(tmp_path):
    folder = write_pictures(tmp_path / "p")
    with pytest.raises(CnnspecError, match="no arrays to name"):
        user_data.read(folder, Data(".", train_images="x"), (8, 6, 1))


def test_channels_no_picture_has_are_refused(tmp_path):
    with pytest.raises(CnnspecError, match="8x6x2"):
        divided(write_pictures(tmp_path / "p"), "input 8x6x2; classes 3; dense 3 softmax")


def test_images_to_predict_come_from_every_kind(tmp_path):
    shape = (8, 6, 1)
    for kind in ("npz", "h5"):
        path = WRITERS[kind](tmp_path)
        assert len(user_data.images(path, None, shape).images) == 6
        assert len(user_data.images(path, "train_images", shape).images) == 12
        with pytest.raises(CnnspecError, match="no array train_imags"):
            user_data.images(path, "train_imags", shape)
    folder = WRITERS["idx"](tmp_path)
    assert len(user_data.images(folder / "t10k-images-idx3-ubyte.gz", None, shape).images) == 6
    pictures = WRITERS["pictures"](tmp_path, test_labels=None)
    assert user_data.images(pictures / "test", None, shape).names == tuple(
        f"{i}.png" for i in range(6)
    )
    assert user_data.images(pictures / "test" / "3.png", None, shape).names == ("3.png",)
    assert user_data.images(pictures, None, shape).names[-1] == "train/class 2/11.png"
    with pytest.raises(CnnspecError, match="no arrays to name"):
        user_data.images(pictures, "x", shape)
    with pytest.raises(CnnspecError, match="has no pictures"):
        user_data.images(folder, None, shape)


def test_images_of_another_size_are_not_predicted(tmp_path):
    with pytest.raises(CnnspecError, match="8x6x1, and the network takes 28x28x1"):
        user_data.images(write_npz(tmp_path / "a.npz"), None, (28, 28, 1))


def test_a_validation_set_of_the_data_takes_the_place_of_a_share(tmp_path):
    more = {"val_images": images(5, seed=3), "val_labels": labels(5)}
    path = write_npz(tmp_path / "a.npz", **more)
    splits = divided(path)
    assert np.array_equal(splits.validation.images[..., 0], images(5, seed=3))
    assert len(splits.train) == 12
    assert "validation set of 5 images" in splits.images.notes[-1].message
    assert divided(path, f"{NET}; train {{ validation none }}").validation is None
    assert len(divided(path, f"{NET}; train {{ validation test }}").validation) == 6


def test_a_validation_set_without_labels_is_an_error(tmp_path):
    with pytest.raises(CnnspecError, match="validation set of the data has no labels"):
        divided(write_npz(tmp_path / "a.npz", val_images=images(5, seed=3)))


def test_training_images_in_the_validation_set_are_doubted(tmp_path):
    path = write_npz(tmp_path / "a.npz", val_images=images()[:2], val_labels=labels(2))
    words = [note.message for note in divided(path).images.notes]
    assert "2 of 2 validation images are training images too" in words


@pytest.mark.parametrize("kind", WRITERS)
def test_sets_that_lie_apart_are_one(tmp_path, kind):
    for name, seed in (("main", 0), ("other", 5)):
        (tmp_path / name).mkdir()
        numbers = {"train_images": images(12, seed=seed), "test_images": images(6, seed=seed + 1)}
        WRITERS[kind](tmp_path / name, **numbers)
    (main,) = (tmp_path / "main").iterdir()
    (other,) = (tmp_path / "other").iterdir()
    data = Data(str(main), test=str(other), validation=f"../other/{other.name}")
    known = normal(user_data.read_all(main, data, (8, 6, 1)))
    as_set = {image.tobytes() for image in known.test.images}
    assert as_set == {image.tobytes() for image in images(6, seed=6)}
    assert len(known.validation) == 12
    assert len(known.train) == 12


@pytest.mark.parametrize(
    ("path", "source", "other", "expected"),
    [
        ("/s/a.csv", "a.csv", "b.csv", "/s/b.csv"),
        ("/s/a/x.csv", "a/x.csv", "b/y.csv", "/s/b/y.csv"),
        ("/elsewhere/x.csv", "a/x.csv", "a/y.csv", "/elsewhere/y.csv"),
        ("/s/a.csv", "a.csv", "/t/b.csv", "/t/b.csv"),
        ("/s/a.csv", "/s/a.csv", "b.csv", "/s/b.csv"),
    ],
)
def test_where_another_path_of_a_spec_lies(path, source, other, expected):
    assert str(user_data.beside(Path(path), source, other)) == expected


def test_a_path_written_from_the_folder_of_the_first_one_is_told_with_the_line(tmp_path):
    (tmp_path / "set").mkdir()
    for name, seed in (("a.npz", 0), ("b.npz", 5)):
        write_npz(tmp_path / "set" / name, train_images=images(12, seed=seed))
    data = Data("set/a.npz", test="b.npz")
    with pytest.raises(CnnspecError, match="there is nothing at") as caught:
        user_data.read_all(tmp_path / "set" / "a.npz", data, None)
    assert '`test="set/b.npz"`' in said(caught.value)
    written = data.replace(test="set/b.npz")
    assert user_data.read_all(tmp_path / "set" / "a.npz", written, None).test is not None


def test_what_a_library_is_missing_for_is_told_with_its_extra(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("label,pixel0\n1,2\n")
    monkeypatch.delitem(sys.modules, "cnnspec.datasets.readers.delimited", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CnnspecError, match="needs pyarrow") as caught:
        user_data.read(tmp_path / "a.csv")
    assert caught.value.exit_code == 3
    assert "pip install 'cnnspec[data]'" in said(caught.value)


def test_files_of_equal_names_are_told_apart(tmp_path):
    for name, seed in (("a", 0), ("b", 5)):
        (tmp_path / name).mkdir()
        write_npz(tmp_path / name / "set.npz", train_images=images(12, seed=seed))
    data = Data("a/set.npz", test="b/set.npz")
    found = user_data.read_all(tmp_path / "a" / "set.npz", data, None)
    assert [file.name for file in found.files] == ["set.npz", "test/set.npz"]
    assert len({file.sha256 for file in found.files}) == 2


def test_arrays_to_be_predicted_are_read_as_those_of_the_training(tmp_path):
    path = tmp_path / "digits.npz"
    pixels = np.arange(2 * 4 * 4).reshape(2, 4, 4) % 17
    np.savez(path, x=pixels)
    meant = Data("set.npz", scale=16.0, transpose=True, invert=True)
    found = user_data.images(path, None, (4, 4, 1), meant).images[..., 0]
    expected = 255 - np.rint(pixels.swapaxes(1, 2) * 255 / 16)
    assert (found == expected).all()


def test_a_picture_to_be_predicted_is_what_one_sees(tmp_path):
    path = tmp_path / "7.png"
    pixels = np.arange(16, dtype=np.uint8).reshape(4, 4) * 16
    Image.fromarray(pixels).save(path)
    meant = Data("set.npz", scale=16.0, transpose=True, invert=True)
    assert (user_data.images(path, None, (4, 4, 1), meant).images[0, ..., 0] == pixels).all()
