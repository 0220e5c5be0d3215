"""Small data of every kind, for the tests that read it."""

import gzip
import struct
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from cnnspec.diagnostics.errors import CnnspecError

CLASSES = 3
SHAPE = (8, 6, 1)


def packed(data: bytes) -> bytes:
    """Gzipped, the same at any time of day: what a test is named after must not change."""
    return gzip.compress(data, mtime=0)


def images(count: int = 12, *size: int, seed: int = 0) -> np.ndarray:
    """Images that all differ."""
    random = np.random.default_rng([seed, count])
    return random.integers(0, 256, (count, *(size or SHAPE[:2])), np.uint8)


def labels(count: int = 12) -> np.ndarray:
    return (np.arange(count) % CLASSES).astype(np.uint8)


def arrays(**others) -> dict:
    """A set under the names of the notebooks; `None` leaves an array out."""
    usual = {
        "train_images": images(12),
        "train_labels": labels(12),
        "test_images": images(6, seed=1),
        "test_labels": labels(6),
    }
    return {name: value for name, value in (usual | others).items() if value is not None}


def idx_bytes(array: np.ndarray) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return b"\0\0\x08" + bytes([array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def write_npz(path: Path, **others) -> Path:
    np.savez_compressed(path, **arrays(**others))
    return path


def write_h5(path: Path, **others) -> Path:
    with h5py.File(path, "w") as file:
        for name, array in arrays(**others).items():
            file.create_dataset(name, data=array, compression="gzip" if np.ndim(array) else None)
    return path


IDX = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


def write_idx(folder: Path, *, pack: bool = True, **others) -> Path:
    folder.mkdir(exist_ok=True)
    for name, array in arrays(**others).items():
        data = idx_bytes(array)
        path = folder / (f"{IDX[name]}.gz" if pack else IDX[name])
        path.write_bytes(packed(data) if pack else data)
    return folder


def write_pictures(folder: Path, suffix: str = "png", *, parts: bool = True, **others) -> Path:
    """Folders `train/<class>` and `test/<class>`, or only `<class>`."""
    data = arrays(**others)
    for part in ("train", "test") if parts else ("train",):
        within = folder / part if parts else folder
        for number, image in enumerate(data[f"{part}_images"]):
            known = data.get(f"{part}_labels")
            place = within if known is None else within / f"class {known[number]}"
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(place / f"{number}.{suffix}")
    return folder


WRITERS = {
    "npz": lambda folder, **others: write_npz(folder / "set.npz", **others),
    "h5": lambda folder, **others: write_h5(folder / "set.h5", **others),
    "idx": lambda folder, **others: write_idx(folder / "idx", **others),
    "pictures": lambda folder, **others: write_pictures(folder / "pictures", **others),
}


def said(problems: CnnspecError) -> str:
    """All that a person reads of a fault."""
    return "\n".join(f"{d.message}\n{d.help}" for d in problems.diagnostics)
