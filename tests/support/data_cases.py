"""Files that people have, made with real bytes: the rows of docs/data_cases.md.

Each maker writes into the current folder and returns the arguments of `cnnspec data`.
"""

import gzip
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from tests.support import published_data as published

Maker = Callable[[], list[str]]

IMAGES, LABELS = published.digits(60)
TEST, TEST_LABELS = published.digits(20, seed=1)
SMALL, _ = published.digits(60, side=8)
SIXTEEN = np.rint(SMALL / 255 * 16)
MARKED = IMAGES.copy()
MARKED[0, -1, -1] = 1
WORDS = np.array(["cat", "dog", "ant"])

EXIF = "photos turned by EXIF"
"""The only case whose images are not exact, because they are JPEG."""

CASES: dict[str, Maker] = {}
TRAINED: dict[str, np.ndarray] = {}
"""The images to train on, of the cases that are read: bytes, in any order."""


def case(title: str, images: np.ndarray | None = IMAGES) -> Callable[[Maker], Maker]:
    """Enters a maker under the words of its row; without images it is refused."""

    def enter(made: Maker) -> Maker:
        assert title not in CASES
        CASES[title] = made
        if images is not None:
            TRAINED[title] = images
        return made

    return enter


def npz(**arrays) -> list[str]:
    np.savez_compressed("set.npz", **arrays)
    return ["set.npz"]


def picture(path: str, image: np.ndarray, **options) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, **options)


def pictures(folder: str, images=IMAGES, labels=LABELS, *, test: str = "") -> list[str]:
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        picture(f"{folder}/{label}/{number}.png", image)
    for number, (image, label) in enumerate(zip(TEST, TEST_LABELS, strict=True) if test else ()):
        picture(f"{test}/{label}/{number}.png", image)
    return [folder.split("/")[0]]


# What values mean.


@case("fractions whose largest is 1.0000001")
def floats():
    return npz(x_train=IMAGES / 255 * 1.0000001, y_train=LABELS)


@case("yes and no for training, 0 to 255 as int64 for the test", (IMAGES > 127) * 255)
def yes_and_no():
    return npz(x_train=IMAGES > 127, y_train=LABELS, x_test=TEST.astype(int), y_test=TEST_LABELS)


@case("the 8x8 digits of scikit-learn, 0 to 16 as bytes", np.rint(SIXTEEN * 255 / 16))
def sklearn_bytes():
    return npz(images=SIXTEEN.astype(np.uint8), target=LABELS)


@case("the same as fractions", np.rint(SIXTEEN * 255 / 16))
def sklearn_floats():
    return npz(images=SIXTEEN, target=LABELS)


@case("bytes of which the largest is 63", IMAGES // 4)
def dark():
    return npz(x_train=IMAGES // 4, y_train=LABELS)


@case("fractions up to 2.55", None)
def hundredths():
    return npz(x_train=IMAGES / 100, y_train=LABELS)


@case("16-bit PNG that use 8 bits")
def deep_bytes():
    return pictures("set", IMAGES.astype(np.uint16))


@case("16-bit PNG that use 12 bits")
def deep_twelve():
    return pictures("set", np.rint(IMAGES / 255 * 4095).astype(np.uint16))


@case("training light on black, test dark on white")
def opposite():
    return npz(x_train=IMAGES, y_train=LABELS, x_test=255 - TEST, y_test=TEST_LABELS)


# Orientation.


def emnist(name: str, classes: int, first: int) -> None:
    images, labels = published.digits(2 * classes, classes=classes)
    for part in ("train", "test"):
        stem = f"emnist-{name}-{part}"
        published.idx(Path(f"{stem}-images-idx3-ubyte.gz"), images.transpose(0, 2, 1))
        published.idx(Path(f"{stem}-labels-idx1-ubyte.gz"), labels + first)


@case("EMNIST's letters under their published names", published.digits(52, classes=26)[0])
def emnist_letters():
    emnist("letters", 26, 1)
    return ["."]


@case("several sets of EMNIST in one folder", None)
def emnist_sets():
    emnist("letters", 26, 1)
    emnist("digits", 10, 0)
    return ["."]


@case("a MATLAB 7.3 file: HDF5 behind 512 bytes, sizes reversed")
def mat73():
    with h5py.File("set.mat", "w", userblock_size=512) as file:
        for name, array in {"x_train": IMAGES, "y_train": LABELS[:, None]}.items():
            made = file.create_dataset(name, data=np.ascontiguousarray(array.T), compression=3)
            made.attrs["MATLAB_class"] = np.bytes_(str(array.dtype))
    with Path("set.mat").open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM")
    return ["set.mat"]


# Splits.


@case("folders `train` and `valid` of pictures")
def validation():
    return pictures("set/train", test="set/valid")


@case("MedMNIST, with `val_images`", IMAGES[:40])
def medmnist():
    parts = {"train": slice(0, 40), "val": slice(40, 50), "test": slice(50, 60)}
    arrays = {f"{part}_images": IMAGES[rows] for part, rows in parts.items()}
    return npz(**arrays, **{f"{part}_labels": LABELS[rows, None] for part, rows in parts.items()})


@case("a test set that has training images")
def shared():
    test = np.concatenate([IMAGES[:4], TEST])
    return npz(x_train=IMAGES, y_train=LABELS, x_test=test, y_test=np.r_[LABELS[:4], TEST_LABELS])


@case("one image with two labels", np.r_[IMAGES, IMAGES[:1]])
def conflicting():
    return npz(x_train=np.r_[IMAGES, IMAGES[:1]], y_train=np.r_[LABELS, 7])


# Labels.


@case("labels 1 to 10")
def from_1():
    return npz(x_train=IMAGES, y_train=LABELS + 1)


@case("a label 2,000,000,000", None)
def identity():
    labels = LABELS.astype(np.int64)
    labels[3] = 2_000_000_000
    return npz(x_train=IMAGES, y_train=labels)


@case("labels that are words")
def words():
    return npz(x_train=IMAGES, y_train=WORDS[LABELS % 3])


@case("labels that are Python objects", None)
def objects():
    return npz(x_train=IMAGES, y_train=WORDS[LABELS % 3].astype(object))


@case("MedMNIST of several labels an image", None)
def several():
    return npz(train_images=IMAGES, train_labels=np.random.default_rng(0).integers(0, 2, (60, 14)))


@case("QMNIST: labels of 8 columns, `labels-idx2-int`")
def qmnist():
    for part, images, labels in (("train", IMAGES, LABELS), ("test", TEST, TEST_LABELS)):
        table = np.c_[labels.astype(int), np.arange(7 * len(labels)).reshape(-1, 7)]
        published.idx(Path(f"qmnist-{part}-images-idx3-ubyte.gz"), images)
        published.idx(Path(f"qmnist-{part}-labels-idx2-int.gz"), table, "i4")
    return ["."]


@case("SVHN: (32, 32, 3, n), and 10 for the digit 0", published.colours(20)[0])
def svhn():
    published.svhn(Path("svhn"))
    return ["svhn"]


# Shapes.


@case("images counted by the last axis")
def counted_last():
    return npz(x_train=np.moveaxis(IMAGES, 0, -1), y_train=LABELS)


@case("rows of 784 pixels")
def rows():
    return npz(x_train=IMAGES.reshape(60, 784), y_train=LABELS)


@case("USPS: rows of 256 fractions in groups of an .h5 file", published.digits(60, side=16)[0])
def usps():
    images, labels = published.digits(60, side=16)
    with h5py.File("usps.h5", "w") as file:
        for part in ("train", "test"):
            file[f"{part}/data"] = images.reshape(60, 256).astype("f4") / 255
            file[f"{part}/target"] = labels
    return ["usps.h5"]


@case("MedMNIST of volumes", None)
def volumes():
    return npz(train_images=np.zeros((9, 28, 28, 28), np.uint8), train_labels=np.arange(9) % 3)


# Files of other kinds.


@case("Kaggle's digit-recognizer", published.digits(20)[0])
def kaggle_digits():
    published.kaggle_digits(Path("digits"))
    return ["digits"]


@case("Kaggle's Fashion-MNIST: `pixel1` to `pixel784`")
def kaggle_fashion():
    names = ["label", *published.pixel_names(first=1)]
    for part, images, labels in (("train", IMAGES, LABELS), ("test", TEST, TEST_LABELS)):
        published.csv(Path(f"fashion-mnist_{part}.csv"), images, labels, names=names)
    return ["fashion-mnist_train.csv", "test=fashion-mnist_test.csv"]


@case("a table without a header, the label last")
def no_header():
    published.csv(Path("set.csv"), IMAGES, LABELS, last=True)
    return ["set.csv"]


@case("`x_train.npy` and `y_train.npy`")
def npy():
    np.save("x_train.npy", IMAGES)
    np.save("y_train.npy", LABELS)
    return ["."]


@case("K49: one `arr_0` in each .npz file")
def k49():
    for part, images, labels in (("train", IMAGES, LABELS), ("test", TEST, TEST_LABELS)):
        np.savez_compressed(f"k49-{part}-imgs.npz", images)
        np.savez_compressed(f"k49-{part}-labels.npz", labels)
    return ["."]


@case(
    "CIFAR-10, binary version", np.concatenate([published.colours(20)[0], published.colours(10)[0]])
)
def cifar():
    published.cifar10(Path("cifar-10-batches-bin"))
    return ["."]


@case("CIFAR-10, the version for Python", None)
def cifar_pickled():
    Path("cifar-10-batches-py").mkdir()
    for name in ("data_batch_1", "test_batch", "batches.meta"):
        Path("cifar-10-batches-py", name).write_bytes(pickle.dumps({b"data": b"", b"labels": []}))
    return ["."]


@case("libsvm's text of MNIST", MARKED)
def libsvm():
    published.libsvm(Path("mnist.scale"), MARKED, LABELS, scale=255)
    return ["mnist.scale"]


@case("Parquet of the hub, in several files")
def parquet():
    names = [f"digit {label}" for label in range(10)]
    for number, half in enumerate((slice(0, 30), slice(30, 60))):
        path = Path(f"data/train-0000{number}-of-00002.parquet")
        published.hub(path, IMAGES[half], LABELS[half], names)
    published.hub(Path("data/test-00000-of-00001.parquet"), TEST, TEST_LABELS, names)
    return ["."]


@case("an .h5 file packed with a filter that is not in HDF5", None)
def unknown_filter():
    with h5py.File("set.h5", "w") as file:
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_chunk((20, 28, 28))
        # Optional, so that the values can be written without it.
        layout.set_filter(32001, h5py.h5z.FLAG_OPTIONAL)
        space = h5py.h5s.create_simple(IMAGES.shape)
        made = h5py.h5d.create(file.id, b"x_train", h5py.h5t.NATIVE_UINT8, space, layout)
        h5py.Dataset(made)[...] = IMAGES
        file["y_train"] = LABELS
    return ["set.h5"]


@case("a zip of pictures", None)
def zipped():
    pictures("set")
    with zipfile.ZipFile("set.zip", "w") as made:
        for path in sorted(Path("set").rglob("*.png")):
            made.write(path)
    return ["set.zip"]


@case("an .npz file whose arrays have names of their own", None)
def own_names():
    return npz(bilder=IMAGES, antworten=LABELS)


@case("the same, with the names given")
def own_names_given():
    return [*own_names(), "train_images=bilder", "train_labels=antworten"]


# Folders.


@case("torchvision's root, `MNIST/raw` below it")
def torchvision():
    for part, images, labels in (("train", IMAGES, LABELS), ("t10k", TEST, TEST_LABELS)):
        published.idx(Path(f"root/MNIST/raw/{part}-images-idx3-ubyte"), images)
        published.idx(Path(f"root/MNIST/raw/{part}-labels-idx1-ubyte"), labels)
    return ["root"]


@case("a folder around the folder")
def wrapped():
    return pictures("archive/digits/train", test="archive/digits/test")


@case("a class called `train`")
def vehicles():
    names = np.array(["car", "train", "bus"])
    return pictures("vehicles", labels=names[LABELS % 3])


@case(EXIF, np.repeat(np.concatenate([IMAGES[i:30:3] for i in range(3)]), 2, axis=1))
def exif():
    turned = Image.Exif()
    turned[0x0112] = 6
    for number in range(30):
        upright = np.repeat(IMAGES[number], 2, axis=0)
        stored = np.ascontiguousarray(np.rot90(upright))
        picture(f"set/{number % 3}/{number}.jpg", stored, exif=turned, quality=95)
    return ["set"]


@case("broken pictures")
def broken():
    found = pictures("set")
    for number in range(3):
        Path(f"set/{number}/broken.png").write_bytes(b"GIF8 and nothing more")
    return found


@case("pictures in no class", None)
def no_class():
    for number, image in enumerate(IMAGES[:6]):
        picture(f"set/train/{number}.png", image)
    return ["set"]


@case("a download that is a web page", None)
def page():
    Path("train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"<!DOCTYPE html><html></html>"))
    shutil.copy("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
    return ["."]
