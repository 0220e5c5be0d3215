"""Files that Keras writes, read as data: `.keras`, `.h5` of Keras 2, and a configuration as JSON.

Nothing in them is executed and no class is looked up by its name. Arrays are read with h5py, by
the reader of data files, which follows no links and loads no filters.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from cnnspec.datasets.raw import Unsupported
from cnnspec.datasets.readers.hdf5 import Store
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotImport
from cnnspec.importing.keras.config import read_config
from cnnspec.importing.keras.model import ForeignModel, Weights
from cnnspec.runs.arrays import ARCHIVE_ERRORS

MAX_CONFIG = 2**26
"""Bytes of a configuration; that of a network of 1,000 layers takes one or two million."""
MAX_WEIGHTS = 2**31
"""Bytes of the weights of a file, packed or not."""

_CONFIG = "config.json"
_METADATA = "metadata.json"
_ARRAYS = "model.weights.h5"


_WHAT = "give a `.keras` or `.h5` file, or the JSON of `model.to_json()`"


def read(path: Path) -> ForeignModel:
    """Reads a file that Keras wrote, with the weights that it has.

    Raises `CnnspecError` where it is damaged, too large, or not such a file, and where its
    network is not one image to one output.
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
        if start.startswith(b"PK"):
            return _archive(path)
        if start == b"\x89HDF\r\n\x1a\n":
            return _legacy(path)
        return _bare(path)
    except RecursionError:
        cause = "its configuration is nested too deep"
    except KeyError as error:
        cause = f"a layer or a group in it has no {error}"
    except Unsupported as error:
        cause = str(error)
    except ARCHIVE_ERRORS as error:
        cause = getattr(error, "strerror", None) or str(error) or type(error).__name__
    raise CnnspecError(CannotImport(None, f"cannot import {path}: {cause}", _WHAT))


def _archive(path: Path) -> ForeignModel:
    """A `.keras` file: a zip archive with a configuration and an HDF5 file of weights."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if _CONFIG not in names:
            raise ValueError(f"it is a zip archive without {_CONFIG}, so Keras did not write it")
        config = _document(_member(archive, _CONFIG, MAX_CONFIG))
        about = _document(_member(archive, _METADATA, MAX_CONFIG)) if _METADATA in names else {}
        data = _member(archive, _ARRAYS, MAX_WEIGHTS) if _ARRAYS in names else b""
    weights: Weights = {}
    if data:
        with h5py.File(io.BytesIO(data), "r") as file:
            store = Store(file)
            weights = {owner: _numbered(store, group) for owner, group in _groups(store, "")}
    return read_config(config, _tool(about), weights)


def _legacy(path: Path) -> ForeignModel:
    """An `.h5` file of `model.save` in Keras 2: the configuration is an attribute."""
    with h5py.File(path, "r", locking=False) as file:
        text = file.attrs.get("model_config")
        if text is None:
            raise ValueError("it has no `model_config`: it holds weights or data, not a model")
        about = {"keras_version": _text(file.attrs.get("keras_version", ""))}
        weights = _named(Store(file), file)
    return read_config(_document(_text(text).encode()), _tool(about), weights)


def _bare(path: Path) -> ForeignModel:
    """A configuration alone, as `model.to_json()` writes it."""
    if path.stat().st_size > MAX_CONFIG:
        raise ValueError(f"it has more than {MAX_CONFIG:,} bytes, too many for a configuration")
    config = _document(path.read_bytes())
    return read_config(config, _tool(config), {})


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """Unpacks a member; one that says a smaller size than it has ends with an error of zipfile."""
    size = archive.getinfo(name).file_size
    if size > limit:
        raise ValueError(f"`{name}` in it unpacks to {size:,} bytes, more than {limit:,}")
    return archive.read(name)


def _document(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise ValueError(f"it is not a model: no JSON ({error})") from None


def _tool(about: Any) -> str:
    version = about.get("keras_version") if isinstance(about, dict) else None
    return f"Keras {version}" if isinstance(version, str) and version else "Keras"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _groups(store: Store, prefix: str, owner: str = "") -> Iterator[tuple[str, str]]:
    """The group of each layer by the path of the layer, those in models within it included.

    Groups are called after classes; the attribute `name` of `vars` in them is that of the layer.
    """
    folder = f"{prefix}layers"
    for member in store.members(folder):
        group = f"{folder}/{member}"
        inside = store.members(group)
        if "vars" not in inside:
            continue
        label = store.label(f"{group}/vars")
        path = f"{owner}/{label}" if owner else label
        yield path, group
        if "layers" in inside:
            yield from _groups(store, f"{group}/", path)


def _numbered(store: Store, group: str) -> list[np.ndarray]:
    """The arrays of a layer, which are called 0, 1 and so on."""
    names = sorted(store.members(f"{group}/vars"), key=int)
    return [store.array(f"{group}/vars/{name}") for name in names]


def _named(store: Store, file: h5py.File) -> Weights:
    """The arrays of each layer in a file of Keras 2, by the path of the layer.

    The group of a model within a model has the arrays of all its layers; the part of a name
    before its last `/` is the layer.
    """
    found: Weights = {}
    if "model_weights" not in file:
        return found
    for layer in store.members("model_weights"):
        group = file["model_weights"][layer]
        for name in map(_text, group.attrs.get("weight_names", ())):
            array = store.array(f"model_weights/{layer}/{name}")
            inner = name.rpartition("/")[0].rpartition("/")[2]
            found.setdefault(layer, []).append(array)
            if inner and inner != layer:
                found.setdefault(f"{layer}/{inner}", []).append(array)
    return found
