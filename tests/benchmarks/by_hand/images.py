"""MNIST as a person reads it from the published files, without this package."""

import gzip
import os
from pathlib import Path

import numpy as np


def mnist() -> list[tuple[np.ndarray, np.ndarray]]:
    """Pixels from 0 to 1 as float32 (images, 28, 28) and classes, for training and test."""
    folder = Path(os.environ["CNNSPEC_DATA"]) / "mnist"
    found = []
    for part in ("train", "t10k"):
        read = [
            np.frombuffer(
                gzip.decompress((folder / f"{part}-{name}").read_bytes())[head:], np.uint8
            )
            for name, head in (("images-idx3-ubyte.gz", 16), ("labels-idx1-ubyte.gz", 8))
        ]
        found.append((read[0].reshape(-1, 28, 28).astype(np.float32) / 255, read[1]))
    return found
