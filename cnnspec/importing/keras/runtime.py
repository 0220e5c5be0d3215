"""Keras running a file that was read as data before."""

from pathlib import Path
from typing import Any

import numpy as np

from cnnspec.importing.keras.model import ForeignModel
from cnnspec.targets.keras.backend import start

_MODULES = ("", "keras", "builtins", "cnnspec")


class KerasRuntime:
    """Runs a file with Keras, which is given none that names anything but its own classes."""

    name = "Keras"

    def __init__(self, path: Path, model: ForeignModel) -> None:
        self._path = path
        self._model = model

    def start(self) -> None:
        """Starts Keras. Raises `CnnspecError` where it is not installed."""
        start()

    def run(self, images: np.ndarray) -> np.ndarray:
        """Returns the outputs for images. Raises whatever Keras raises."""
        self._require_known()
        import keras

        # Layers that only our own models have.
        import cnnspec.targets.keras.own_layers  # noqa: F401

        # Without what training needs.
        model = keras.models.load_model(self._path, compile=False, safe_mode=True)
        found: np.ndarray = model.predict(images, verbose=0)
        return found

    def _require_known(self) -> None:
        """Raises `ValueError` where a configuration names a module that is not Keras's.

        Keras would import it. Every class was found in a table here before.
        """
        waiting: list[Any] = [call.config for call in self._model.calls]
        waiting += [{"module": call.module} for call in self._model.calls]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                module = value.get("module")
                if isinstance(module, str) and module.partition(".")[0] not in _MODULES:
                    raise ValueError(f"it names the module {module}")
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value
