"""Reads the weights in a Keras file (`.keras`) with h5py, without Keras.

It is a zip archive. `model.weights.h5` in it has a group for each layer, named after its class,
with the name of the layer as an attribute and its weights as `0`, `1`, … in Keras's order.
"""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cnnspec.core.names import plain_names
from cnnspec.graph.graph import LayerCall

if TYPE_CHECKING:
    import numpy as np

_WEIGHTS = "model.weights.h5"


def read_keras_file(path: Path, calls: Iterable[LayerCall], limit: int) -> "dict[str, np.ndarray]":
    """Returns the weights of calls that have their own, by `<layer>/<weight>`.

    Raises `ValueError`, `KeyError`, `OSError` or `BadZipFile` for a file that is damaged, is not a
    Keras file, or has weights of more than `limit` bytes.
    """
    import h5py

    from cnnspec.datasets.readers.hdf5 import Store

    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(_WEIGHTS).file_size > limit:
            raise ValueError("it is larger than the weights of its spec")
        data = archive.read(_WEIGHTS)
    calls = list(calls)
    names = plain_names(call.name for call in calls)
    with h5py.File(io.BytesIO(data), "r") as file:
        store = Store(file)
        groups = {store.label(f"layers/{name}/vars"): name for name in store.members("layers")}
        return {
            f"{call.name}/{weight}": store.array(f"layers/{groups[names[call.name]]}/vars/{index}")
            for call in calls
            for index, weight in enumerate(call.layer.weights(call.input_shape))
        }
