"""Compiled objects in this process: loaded, and given arrays to work on."""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotLoad
from cnnspec.targets.c.layout import Layout


def zeros(count: int) -> np.ndarray:
    """Floats that begin at a multiple of 64 bytes."""
    raw = np.zeros(4 * count + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + 4 * count].view(np.float32)


class Held:
    """Arrays that C has the addresses of, held until the call is over."""

    def __init__(self) -> None:
        self._held: list[np.ndarray] = []

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, *exception: object) -> None:
        self._held.clear()

    def __call__(self, array: np.ndarray, dtype: type | None = None) -> int:
        """The address of an array, of a copy where the type or the order is another."""
        fit = array if dtype is None else np.ascontiguousarray(array, dtype)
        self._held.append(fit)
        return fit.ctypes.data


def load_library(path: Path, job: type[ctypes.Structure]) -> ctypes.CDLL:
    """Loads a compiled network that takes jobs of a type. Raises `CnnspecError`."""
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        remedy = "remove the file, and it is compiled again"
        raise CnnspecError(CannotLoad(None, f"cannot load {path}: {error}", remedy)) from None
    if hasattr(library, "cnnspec_train"):
        library.cnnspec_train.argtypes = [ctypes.c_void_p]
        library.cnnspec_train.restype = ctypes.c_int32
    library.cnnspec_predict.argtypes = [ctypes.c_void_p]
    library.cnnspec_predict.restype = ctypes.c_double
    library.cnnspec_job_size.restype = ctypes.c_int64
    assert library.cnnspec_job_size() == ctypes.sizeof(job)
    return library


def give_images(
    job: Any, hold: Held, images: np.ndarray, order: np.ndarray, layout: Layout
) -> None:
    """Gives a job images in an order. Raises `ValueError` where they are not those it takes."""
    image = layout.program.steps[0].value.shape
    if images.shape[1:] != image.dims:
        raise ValueError(f"images are {images.shape[1:]} and not {image.dims}")
    if len(order) and not 0 <= int(np.min(order)) <= int(np.max(order)) < len(images):
        raise ValueError("the order names an image that is not there")
    if images.dtype == np.uint8:
        job.pixels = hold(images, np.uint8)
    else:
        job.numbers = hold(images, np.float32)
    job.order, job.count = hold(order, np.int32), len(order)
