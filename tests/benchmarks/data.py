"""What reading data takes: pictures beside Keras, a second time from the cache, memory.

Each reading runs in a process of its own, which measures itself: what a library takes to
be imported is no reading. Needs the published MNIST.
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import (
    Measure,
    Row,
    Taken,
    compare,
    ended,
    figure,
    program,
    python,
    say,
)
from tests.support.paths import full_data

THIS = "tests.benchmarks.data"
MEMORY = {"npz": "arrays.npz", "csv": "table.csv", "idx": "idx", "parquet": "a.parquet"}


def rows(repeats: int) -> list[Row]:
    """Everything about reading; 60,000 images each."""
    if full_data() is None:
        say("reading is not measured: the published MNIST is not here")
        return []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        ended(*python("-m", THIS, "make", name))
        pictures = str(folder / "pictures")
        # The pictures count as settled only after a while.
        time.sleep(3)
        first = _measure("first", pictures)
        found = [
            compare("60,000 PNG: cnnspec / Keras", first, _measure("keras", pictures), repeats),
            compare("60,000 PNG: cached / first", _measure("again", pictures), first, repeats),
        ]
        for kind, path in MEMORY.items():
            told = [json.loads(_ran("memory", str(folder / path))) for _ in range(repeats)]
            found.append(
                figure(f"{kind}: memory beyond the images", (t["beyond"] for t in told), "MB")
            )
        for kind in ("npz", "idx", "csv"):
            command = (program("cnnspec"), "data", str(folder / MEMORY[kind]))
            seconds = (ended(*command).seconds for _ in range(repeats))
            found.append(figure(f"cnnspec data, {kind}", seconds, "s"))
    return found


def _measure(what: str, path: str) -> Measure:
    def run() -> Taken:
        told = json.loads(_ran(what, path))
        return Taken(told["seconds"], told["megabytes"])

    return run


def _ran(what: str, path: str) -> str:
    return ended(*python("-m", THIS, what, path)).printed.splitlines()[-1]


def _timed(read: Callable[[], Any]) -> dict[str, float]:
    before = _peak()
    began = time.perf_counter()
    size = read()
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "megabytes": _peak(), "beyond": _peak() - before - size / 2**20}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _keras(path: str) -> dict[str, float]:
    import keras

    def read() -> int:
        batches = keras.utils.image_dataset_from_directory(
            path,
            color_mode="grayscale",
            image_size=(28, 28),
            batch_size=512,
            shuffle=False,
            verbose=False,
        )
        return sum(images.shape[0] * 784 for images, _ in batches)

    return _timed(read)


def _ours(path: str, *, cached: bool) -> dict[str, float]:
    import shutil

    # Everything that the readers load, which is not reading.
    from cnnspec.datasets import decode_pool, user_data
    from cnnspec.datasets.files import cache_folder
    from cnnspec.datasets.normalize import normal
    from cnnspec.datasets.readers import (  # noqa: F401
        arrays_folder,
        cifar,
        delimited,
        folders,
        idx,
        npz,
        parquet,
        part_files,
    )

    assert decode_pool
    if not cached:
        shutil.rmtree(cache_folder(), ignore_errors=True)

    def read() -> int:
        known = normal(user_data.read(Path(path)))
        splits = (known.train, known.validation, known.test)
        return sum(split.images.nbytes for split in splits if split is not None)

    return _timed(read)


def _make(folder: Path) -> None:
    import numpy as np
    from PIL import Image

    from cnnspec.datasets.arrays import load
    from tests.support import published_data as published

    images = load("mnist", offline=True)
    train, test = images.train, images.test
    for number, (image, label) in enumerate(zip(train.images, train.known, strict=True)):
        place = folder / "pictures" / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(place / f"{number}.png")
    named = {"x_train": train.images[..., 0], "y_train": train.known}
    named |= {"x_test": test.images[..., 0], "y_test": test.known}
    np.savez_compressed(folder / "arrays.npz", **named)
    header = ["label", *published.pixel_names()]
    published.csv(folder / "table.csv", train.images, train.known, names=header)
    published.hub(folder / "a.parquet", train.images[..., 0], train.known)
    published.idx(folder / "idx" / "train-images-idx3-ubyte.gz", train.images[..., 0])
    published.idx(folder / "idx" / "train-labels-idx1-ubyte.gz", train.known)


if __name__ == "__main__":
    what, path = sys.argv[1:]
    if what == "make":
        _make(Path(path))
    elif what == "keras":
        say(json.dumps(_keras(path)))
    else:
        say(json.dumps(_ours(path, cached=what == "again")))
