"""The weights of a Keras model as arrays by the names of the spec."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.names import plain_names


def weights_of(model: keras.Model, checked: CheckedSpec) -> dict[str, np.ndarray]:
    """The weights of a model that was built from a checked spec: `conv/kernel` and so on.

    In the order of `Graph.weights`, float32. The layers of the model may have other names, because
    frameworks accept only ASCII.
    """
    found = _variables(model, checked)
    return {name: keras.ops.convert_to_numpy(weight) for name, weight in found.items()}


def give_weights(
    model: keras.Model, checked: CheckedSpec, arrays: Mapping[str, np.ndarray]
) -> None:
    """Gives such a model weights as `weights_of` returns them."""
    for name, weight in _variables(model, checked).items():
        weight.assign(arrays[name])


def _variables(model: keras.Model, checked: CheckedSpec) -> dict[str, Any]:
    names = plain_names(call.name for call in checked.graph.owners)
    return {
        f"{call.name}/{weight.name}": weight
        for call in checked.graph.owners
        for weight in model.get_layer(names[call.name]).weights
    }
