"""Makes the sample that ships with cnnspec from the published Fashion-MNIST files.

The first 500 training and the first 100 test images of every class, in the order
in which they were published. Run by hand: `python -m tests.support.make_sample` with the
full dataset at hand; it prints the SHA-256 for the catalogue.
"""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np

import cnnspec.datasets
from cnnspec.datasets.arrays import Split, load

FOLDER = Path(cnnspec.datasets.__file__).parent / "fashion_mnist_mini"


def sample(split: Split, each: int) -> tuple[bytes, bytes]:
    """The IDX content of the first images of every class."""
    rows = np.sort(
        np.concatenate([np.flatnonzero(split.labels == label)[:each] for label in range(10)])
    )
    chosen = split.take(rows)
    images = struct.pack(">4I", 0x803, len(rows), 28, 28) + chosen.images.tobytes()
    return images, struct.pack(">2I", 0x801, len(rows)) + chosen.labels.tobytes()


def main() -> None:
    """Writes the four files."""
    full = load("fashion_mnist")
    for name, split, each in (("train", full.train, 500), ("t10k", full.test, 100)):
        kinds = ("images-idx3", "labels-idx1")
        for kind, content in zip(kinds, sample(split, each), strict=True):
            path = FOLDER / f"{name}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(content, 9, mtime=0))
            print(path.name, hashlib.sha256(content).hexdigest())  # noqa: T201 - its result


if __name__ == "__main__":
    main()
