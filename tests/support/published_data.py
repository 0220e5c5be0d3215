"""Small data in the layouts in which the data sets of the field are published."""

import gzip
import io
import json
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import scipy.io
from PIL import Image
from pyarrow import parquet

from tests.support.data_files import packed

_CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def digits(count: int = 20, side: int = 28, classes: int = 10, seed: int = 0):
    """Light drawings on black, each in its class: (n, side, side) uint8, and labels (n,)."""
    random = np.random.default_rng([seed, count, side])
    images = np.zeros((count, side, side), np.uint8)
    labels = np.arange(count) % classes
    for image, label in zip(images, labels, strict=True):
        row, column = random.integers(side // 4, side // 2, 2)
        image[row : row + 3, column - 2 : column + 3 + label % 4] = 255
        image[row : row + side // 4 + label % 3, column] = random.integers(150, 250)
    return images, labels.astype(np.uint8)


def colours(count: int = 20, side: int = 32, classes: int = 10):
    """Smooth images in colour, (n, side, side, 3) uint8, and labels (n,)."""
    random = np.random.default_rng([count, side])
    ramp = np.linspace(0, 120, side)
    base = ramp[:, np.newaxis] + ramp[np.newaxis]
    tints = random.integers(0, 2, (count, 1, 1, 3)) * 0.5 + 0.5
    images = (base[np.newaxis, :, :, np.newaxis] * tints).astype(np.uint8)
    images[np.arange(count), 3, 3, 0] = np.arange(count)
    images[:, 5, 5] = 255
    return images, (np.arange(count) % classes).astype(np.uint8)


def idx(path: Path, array: np.ndarray, kind: str = "u1") -> Path:
    """An IDX file of a type, gzipped where its name says so."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    head = b"\0\0" + bytes([_CODES[kind], array.ndim]) + sizes
    data = head + array.astype(f">{kind}").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed(data) if path.suffix == ".gz" else data)
    return path


def csv(path: Path, images: np.ndarray, labels=None, *, names=None, last: bool = False) -> Path:
    """A table of an image a row, with a header of these names if there are any."""
    rows = images.reshape(len(images), -1).astype(str)
    if labels is not None:
        column = np.asarray(labels).astype(str)[:, np.newaxis]
        rows = np.hstack([rows, column] if last else [column, rows])
    lines = [",".join(row) for row in rows.tolist()]
    text = "\n".join([*([",".join(names)] if names else []), *lines]) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def pixel_names(count: int = 784, first: int = 0) -> list[str]:
    return [f"pixel{number}" for number in range(first, first + count)]


def kaggle_digits(folder: Path) -> Path:
    """digit-recognizer: `label,pixel0…pixel783` and a test set without labels."""
    images, labels = digits()
    csv(folder / "train.csv", images, labels, names=["label", *pixel_names()])
    csv(folder / "test.csv", digits(6, seed=1)[0], names=pixel_names())
    return folder / "train.csv"


def svhn(folder: Path) -> Path:
    """`train_32x32.mat`: X is (32, 32, 3, n), y (n, 1) has 10 for the digit 0."""
    folder.mkdir(exist_ok=True)
    for part, count in (("train", 20), ("test", 10)):
        images, labels = colours(count)
        values = {"X": images.transpose(1, 2, 3, 0), "y": np.where(labels, labels, 10)[:, None]}
        scipy.io.savemat(folder / f"{part}_32x32.mat", values, do_compression=True)
    return folder


def cifar10(folder: Path) -> Path:
    """cifar-10-batches-bin: one byte of the label, then the planes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in (("data_batch_1", 20), ("data_batch_2", 10), ("test_batch", 10)):
        images, labels = colours(count)
        planes = images.transpose(0, 3, 1, 2).reshape(count, -1)
        (folder / f"{name}.bin").write_bytes(np.c_[labels, planes].astype(np.uint8).tobytes())
    names = [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ]
    (folder / "batches.meta.txt").write_text("\n".join(names) + "\n\n")
    return folder


def cifar100(folder: Path) -> Path:
    """cifar-100-binary: coarse label, fine label, planes."""
    folder.mkdir()
    for name, count in (("train", 200), ("test", 100)):
        images, labels = colours(count, classes=100)
        planes = images.transpose(0, 3, 1, 2).reshape(count, -1)
        records = np.c_[labels // 5, labels, planes].astype(np.uint8)
        (folder / f"{name}.bin").write_bytes(records.tobytes())
    for kind, count in (("coarse", 20), ("fine", 100)):
        lines = [f"{kind} {number}" for number in range(count)]
        (folder / f"{kind}_label_names.txt").write_text("\n".join(lines) + "\n")
    return folder


def libsvm(path: Path, images: np.ndarray, labels, *, scale: float = 1) -> Path:
    """`label place:value …`, places from 1, zeros left out."""
    lines = []
    for image, label in zip(images.reshape(len(images), -1), labels, strict=True):
        pairs = " ".join(f"{place + 1}:{image[place] / scale:g}" for place in np.flatnonzero(image))
        lines.append(f"{label} {pairs}".rstrip())
    path.write_text("\n".join(lines) + "\n")
    return path


def png(image: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(image).save(data, "png")
    return data.getvalue()


def hub(path: Path, images: np.ndarray, labels, names=None, *, column: str = "label") -> Path:
    """As the library `datasets` writes it, with the classes in its schema."""
    pictures = [{"bytes": png(image), "path": f"{i}.png"} for i, image in enumerate(images)]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    features = {"image": {"_type": "Image"}, column: {"_type": "ClassLabel", "names": names}}
    told = {"huggingface": json.dumps({"info": {"features": features}})} if names else {}
    fields = [("image", kind), (column, pa.int64())]
    schema = pa.schema(fields, metadata=told)
    columns = [pa.array(pictures, kind), pa.array(np.asarray(labels).tolist(), pa.int64())]
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns, schema=schema), path)
    return path
