import os
import shutil
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from cnnspec.datasets import decode_pool, picture_cache, pictures, user_data
from cnnspec.datasets.files import cache_folder
from cnnspec.datasets.normalize import normal
from cnnspec.datasets.raw import PICTURES
from cnnspec.datasets.readers import folders
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Data
from tests.support.data_files import SHAPE, arrays, images, labels, said, write_pictures

RGB = (*SHAPE[:2], 3)


def one(folder, shape, image=None, name="0.png"):
    """What becomes of one picture."""
    (folder / "a").mkdir(exist_ok=True)
    if image is not None:
        image.save(folder / "a" / name)
    return user_data.read(folder, shape=shape).train.images[0]


def test_parts_and_classes_are_folders(tmp_path):
    found = user_data.read(write_pictures(tmp_path / "p"), shape=SHAPE)
    assert found.labels == ("class 0", "class 1", "class 2")
    assert found.train.labels.tolist() == sorted(labels(12).tolist())
    assert found.test.labels.tolist() == [0, 0, 1, 1, 2, 2]
    known = {image.tobytes() for image in found.train.images}
    assert known == {image.tobytes() for image in arrays()["train_images"]}


def test_classes_alone_have_no_test_set(tmp_path):
    found = user_data.read(write_pictures(tmp_path / "p", parts=False), shape=SHAPE)
    assert found.train.images.shape == (12, *SHAPE)
    assert found.test is None


def test_a_test_folder_without_classes_has_no_labels(tmp_path):
    found = user_data.read(write_pictures(tmp_path / "p", test_labels=None), shape=SHAPE)
    assert found.test.images.shape == (6, *SHAPE)
    assert found.test.labels is None


def test_classes_and_files_are_in_natural_order(tmp_path):
    for name in ("10", "9", "100", "b", "A"):
        (tmp_path / name).mkdir()
        Image.new("L", (6, 8), len(name)).save(tmp_path / name / "x.png")
    assert user_data.read(tmp_path, shape=SHAPE).labels == ("9", "10", "100", "A", "b")


@pytest.mark.parametrize("suffix", PICTURES)
def test_every_format_is_read(tmp_path, suffix):
    image = Image.new("L", (6, 8), 200).convert("RGB")
    assert abs(int(one(tmp_path, SHAPE, image, f"0{suffix}").mean()) - 200) <= 2


def test_other_sizes_are_resized_and_counted(tmp_path):
    folder = write_pictures(tmp_path / "p")
    Image.new("L", (60, 80), 7).save(folder / "train" / "class 1" / "large.png")
    found = user_data.read(folder, shape=SHAPE)
    (note,) = found.notes
    assert note.message == "1 of 19 pictures are resized to 8x6"
    assert found.train.images[-5].mean() == 7 or 7 in found.train.images.mean(axis=(1, 2, 3))


def test_without_a_spec_the_common_size_is_taken(tmp_path):
    folder = write_pictures(tmp_path / "p")
    Image.new("RGB", (60, 80), (7, 0, 0)).save(folder / "train" / "class 1" / "large.png")
    assert user_data.read(folder).train.images.shape == (13, 8, 6, 3)


def test_grey_and_colour_follow_the_channels(tmp_path):
    red = Image.new("RGB", (6, 8), (255, 0, 0))
    assert one(tmp_path, RGB, red)[0, 0].tolist() == [255, 0, 0]
    assert one(tmp_path, SHAPE, red)[0, 0].tolist() == [76]
    assert one(tmp_path, (8, 6, 4), red)[0, 0].tolist() == [255, 0, 0, 255]


@pytest.mark.parametrize("shape", [SHAPE, RGB])
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(tmp_path, mode, shape):
    clear = Image.new("RGBA", (6, 8), (0, 0, 0, 0)).convert(mode)
    if mode == "P":
        clear.info["transparency"] = clear.getpixel((0, 0))
    assert one(tmp_path, shape, clear).min() == 255


def test_sixteen_bits_become_eight(tmp_path):
    deep = Image.fromarray(np.full((8, 6), 0x80FF, np.uint16))
    (tmp_path / "a").mkdir()
    deep.save(tmp_path / "a" / "0.png")
    assert normal(user_data.read(tmp_path)).train.images.max() == 0x80


@pytest.mark.parametrize("kind", [bool, np.uint8, np.uint16])
def test_the_grey_that_a_png_calls_transparent_is_white(tmp_path, kind):
    # python-pillow/Pillow#3379: pixels of one bit that are transparent were read as black.
    pixels = np.zeros((8, 6), kind)
    pixels[:, 3:] = 1 if kind is bool else 100 if kind is np.uint8 else 100 * 257
    (tmp_path / "a").mkdir()
    Image.fromarray(pixels).save(tmp_path / "a" / "0.png", transparency=0)
    read = normal(user_data.read(tmp_path)).train.images[0]
    assert np.unique(read[:, :3]).tolist() == [255]
    assert np.unique(read[:, 3:]).tolist() == [255 if kind is bool else 100]


def test_exif_rotation_is_applied(tmp_path):
    (tmp_path / "a").mkdir()
    pixels = np.zeros((6, 8), np.uint8)
    pixels[:, :4] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a" / "0.jpg", exif=exif, quality=100)
    turned = one(tmp_path, SHAPE)
    assert turned[:4].mean() > 200
    assert turned[4:].mean() < 50


def test_other_files_are_named_and_left_out(tmp_path):
    folder = write_pictures(tmp_path / "p")
    (folder / "train" / "class 0" / ".DS_Store").write_bytes(b"x")
    (folder / "train" / "class 0" / "Thumbs.db").write_bytes(b"x")
    (folder / "train" / "class 0" / ".hidden.png").write_bytes(b"x")
    (folder / "train" / "class 0" / "deeper.png").mkdir()
    (folder / "test" / "notes.txt").write_text("x")
    found = user_data.read(folder, shape=SHAPE)
    (note,) = found.notes
    assert len(found.train.images) == 12
    for name in (".DS_Store", "Thumbs.db", ".hidden.png", "deeper.png"):
        assert name in note.message
    assert "1 more" in note.message


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a picture"),
        (b"<html>", "not a picture"),
        (bomb(9000, 9000), "81000000 pixels|9000x9000 pixels"),
        (bomb(10_000, 10_000), "10000x10000 pixels"),
        (bomb(60_000, 60_000), "60000x60000 pixels"),
        (bomb(100, 100), "truncated"),
    ],
)
def test_a_damaged_picture_is_named(tmp_path, data, message):
    folder = write_pictures(tmp_path / "p")
    (folder / "test" / "class 2" / "bad.png").write_bytes(data)
    with pytest.raises(CnnspecError, match=message) as caught:
        user_data.read(folder, shape=SHAPE)
    assert "bad.png" in said(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("shape", [SHAPE, None])
def test_no_pictures_at_all(tmp_path, shape):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_text("x")
    with pytest.raises(CnnspecError, match="no folder with pictures"):
        user_data.read(tmp_path, shape=shape)


def test_a_class_that_only_the_test_set_has_is_refused(tmp_path):
    folder = write_pictures(tmp_path / "p", test_labels=labels(6) + 1)
    with pytest.raises(CnnspecError, match="class 3 is not a class"):
        user_data.read(folder, shape=SHAPE)


def test_the_digest_follows_names_and_contents(tmp_path):
    digests = set()
    folder = write_pictures(tmp_path / "p")
    for change in (
        lambda: None,
        lambda: (folder / "train/class 0/0.png").rename(folder / "train/class 0/x.png"),
        lambda: Image.fromarray(images(1)[0]).save(folder / "train/class 0/x.png"),
    ):
        change()
        digests.add(user_data.read(folder, shape=SHAPE).files[0].sha256)
        digests.add(user_data.read(folder, shape=SHAPE).files[0].sha256)
    assert len(digests) == 3


@pytest.mark.parametrize("name", ["validation", "valid", "val", "Valid"])
def test_a_validation_folder_is_the_validation_set(tmp_path, name):
    folder = write_pictures(tmp_path / "p")
    shutil.copytree(folder / "test", folder / name)
    found = user_data.read(folder, shape=SHAPE)
    assert np.array_equal(found.validation.images, found.test.images)
    assert found.validation.labels.tolist() == found.test.labels.tolist()
    assert found.notes == ()


def test_folders_around_the_folder_are_seen_through(tmp_path):
    write_pictures(tmp_path / "archive" / "vehicles")
    (tmp_path / "archive" / "readme.txt").write_text("x")
    found = user_data.read(tmp_path, shape=SHAPE)
    assert found.train.images.shape == (12, *SHAPE)
    assert found.notes[0].message == f"the data is in archive/vehicles of {tmp_path}"


@pytest.mark.parametrize("other", ["bus", "test"])
def test_a_class_may_be_called_train(tmp_path, other):
    for name in ("car", "train", other):
        (tmp_path / name).mkdir()
        Image.new("L", (6, 8), len(name)).save(tmp_path / name / "x.png")
    assert set(user_data.read(tmp_path, shape=SHAPE).labels) == {"car", "train", other}


def test_pictures_in_a_split_and_in_no_class_are_told(tmp_path):
    write_pictures(tmp_path / "p", train_labels=None, test_labels=None)
    with pytest.raises(CnnspecError, match="in no class") as caught:
        user_data.read(tmp_path / "p", shape=SHAPE)
    assert "a folder with its name" in said(caught.value)


def test_the_common_size_is_that_of_turned_pictures(tmp_path):
    (tmp_path / "a").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    for number in range(3):
        image = Image.fromarray(images(1, 6, 8, seed=number)[0])
        image.save(tmp_path / "a" / f"{number}.jpg", exif=exif)
    found = user_data.read(tmp_path)
    assert found.train.images.shape == (3, 8, 6, 1)
    assert found.notes == ()


def test_all_broken_pictures_are_named_at_once_and_can_be_left_out(tmp_path):
    folder = write_pictures(tmp_path / "p")
    for number in range(11):
        (folder / "train" / "class 1" / f"broken {number}.png").write_bytes(b"x")
    with pytest.raises(CnnspecError, match="11 of 29 pictures") as caught:
        user_data.read(folder, shape=SHAPE)
    assert "broken 7.png (it is not a picture); and 3 more" in said(caught.value)
    assert "skip_broken" in said(caught.value)
    found = user_data.read(folder, Data(".", skip_broken=True), SHAPE)
    assert found.train.images.shape == (12, *SHAPE)
    assert found.train.labels.tolist() == sorted(labels(12).tolist())
    assert len(found.broken) == 11
    assert "11 cannot be read and are left out" in found.notes[0].message


def deep(folder, values):
    (folder / "a").mkdir(exist_ok=True)
    for number, image in enumerate(values):
        Image.fromarray(image.astype(np.uint16)).save(folder / "a" / f"{number}.png")


@pytest.mark.parametrize(("factor", "white"), [(1, 255), (16, 4095), (257, 65535)])
def test_sixteen_bits_of_which_fewer_are_used(tmp_path, factor, white):
    pixels = images(6).astype(int) * factor
    pixels[0, 0, 0] = white
    deep(tmp_path, pixels)
    known = normal(user_data.read(tmp_path))
    assert np.abs(known.train.images[1:, ..., 0].astype(int) - images(6)[1:]).max() <= 1


def test_sixteen_bits_beside_eight(tmp_path):
    deep(tmp_path, images(6).astype(int) * 257)
    for number, image in enumerate(images(4, seed=1)):
        Image.fromarray(image).save(tmp_path / "a" / f"{number + 6}.png")
    known = normal(user_data.read(tmp_path))
    expected = np.concatenate([images(6), images(4, seed=1)])
    assert np.array_equal(known.train.images[..., 0], expected)


@pytest.fixture
def many(tmp_path, monkeypatch):
    """A folder whose pictures are old enough and, here, enough to be kept decoded."""
    monkeypatch.setattr(picture_cache, "FEWEST", 10)
    monkeypatch.setattr(picture_cache, "_SETTLED", 0)
    return write_pictures(tmp_path / "p")


def entries() -> list:
    return sorted((cache_folder() / "pictures").glob("*"))


def test_pictures_are_decoded_once(many, monkeypatch):
    first = user_data.read(many, shape=SHAPE)
    (entry,) = entries()
    assert entry.parent.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(folders, "add_files", None)
    again = user_data.read(many, shape=SHAPE)
    assert np.array_equal(again.train.images, first.train.images)
    assert again.test.labels.tolist() == first.test.labels.tolist()
    assert (again.files, again.labels, again.notes) == (first.files, first.labels, first.notes)


@pytest.mark.parametrize("change", ["content", "name", "shape", "time"])
def test_what_has_changed_is_decoded_again(many, change):
    user_data.read(many, shape=SHAPE)
    path = many / "train" / "class 0" / "0.png"
    shape = SHAPE
    if change == "content":
        Image.fromarray(images(1, seed=9)[0]).save(path)
    elif change == "name":
        path = path.rename(path.with_name("x.png"))
    elif change == "time":
        # Another content of the same size, its time set back: the inode's own time tells.
        status = path.stat()
        Image.fromarray(255 - images(1, seed=9)[0]).save(path)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    else:
        shape = (4, 3, 1)
    found = user_data.read(many, shape=shape)
    assert len(entries()) == 2
    assert found.train.images.shape[1:] == shape
    if change in ("content", "time"):
        with Image.open(path) as image:
            assert np.array_equal(found.train.images[0, ..., 0], np.asarray(image))


@pytest.mark.parametrize("name", ["head.json", "train_images.npy"])
def test_a_damaged_entry_is_made_again(many, name):
    first = user_data.read(many, shape=SHAPE)
    (entry,) = entries()
    data = bytearray((entry / name).read_bytes())
    data[-3] ^= 1
    (entry / name).write_bytes(data)
    assert np.array_equal(user_data.read(many, shape=SHAPE).train.images, first.train.images)
    assert picture_cache.load(entry.name) is not None


def test_a_cache_that_cannot_be_written_is_no_matter(many, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert user_data.read(many, shape=SHAPE).train.images.shape == (12, *SHAPE)


def test_entries_not_used_for_longest_go_first(many, monkeypatch):
    user_data.read(many, shape=SHAPE)
    (first,) = entries()
    monkeypatch.setattr(picture_cache, "MOST_BYTES", 1000)
    user_data.read(many, shape=(4, 3, 1))
    assert first not in entries()
    assert len(entries()) == 1


def test_pictures_that_have_just_changed_are_not_kept(many, monkeypatch):
    monkeypatch.setattr(picture_cache, "_SETTLED", 10**15)
    user_data.read(many, shape=SHAPE)
    assert entries() == []


@pytest.fixture
def pooled(monkeypatch):
    """Pictures decoded by two other processes, however few they are."""
    monkeypatch.setattr(pictures, "MANY", 2)
    monkeypatch.setattr(decode_pool, "processes", lambda: 2)
    monkeypatch.setattr(decode_pool, "_BATCH", 5)


def mixed(folder):
    """Pictures of every sort that is treated apart, and broken ones."""
    folder = write_pictures(folder)
    place = folder / "train" / "class 1"
    Image.new("L", (60, 80), 7).save(place / "large.png")
    Image.new("RGBA", (6, 8), (9, 9, 9, 0)).save(place / "clear.png")
    Image.fromarray(images(1)[0].astype(np.uint16) * 257).save(place / "deep.png")
    Image.new("RGB", (6, 8), (200, 0, 0)).save(place / "red.jpg")
    for number in range(7):
        (place / f"broken{number}.png").write_bytes(b"x")
    return folder


@pytest.mark.parametrize("shape", [SHAPE, RGB, None])
def test_several_processes_make_of_pictures_what_one_does(tmp_path, pooled, monkeypatch, shape):
    folder = mixed(tmp_path / "p")
    data = Data(".", skip_broken=True)
    found = user_data.read(folder, data, shape)
    monkeypatch.setattr(pictures, "MANY", 10**9)
    alone = user_data.read(folder, data, shape)
    assert np.array_equal(found.train.images, alone.train.images)
    assert found.train.labels.tolist() == alone.train.labels.tolist()
    assert (found.files, found.notes) == (alone.files, alone.notes)
    assert found.broken == alone.broken


@pytest.mark.parametrize("program", ["exit()", "print('{}')", None])
def test_a_process_that_ends_is_no_matter(tmp_path, pooled, monkeypatch, program):
    folder = mixed(tmp_path / "p")
    start = subprocess.Popen

    def broken(arguments, **options):
        if program is None:
            raise OSError("no more processes")
        return start([sys.executable, "-c", program], **options)

    monkeypatch.setattr(decode_pool.subprocess, "Popen", broken)
    found = user_data.read(folder, Data(".", skip_broken=True), SHAPE)
    monkeypatch.setattr(pictures, "MANY", 10**9)
    alone = user_data.read(folder, Data(".", skip_broken=True), SHAPE)
    assert np.array_equal(found.train.images, alone.train.images)
