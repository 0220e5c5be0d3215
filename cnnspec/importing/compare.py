"""The imported network beside the one in the file, which Keras runs, on the same images."""

from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.diagnostics.errors import CnnspecError, reason
from cnnspec.diagnostics.machines import CannotImport
from cnnspec.importing.session import Imported
from cnnspec.program.inference import inference_program
from cnnspec.targets.interpreter.run import Interpreter
from cnnspec.targets.keras.backend import start

TOLERANCE = 1e-3
"""How far outputs may be from each other, as a share of the range that they have."""
_ROUNDING = 1e-5
"""The same as a share of the largest output, which a network without training says everywhere."""
_IMAGES = 200
_WORK = 4e9
"""Multiply-accumulates of all images together, at most: some seconds."""


class Comparison(Record):
    """How far the two are from each other on how many images; a reason where Keras did not run."""

    images: int = 0
    difference: float = 0.0
    reason: str = ""


def compare(imported: Imported) -> Comparison:
    """Runs both on images of random pixels.

    Raises `CnnspecError` where they differ. Keras is given no file that names anything but its
    own classes, and none where it is not installed.
    """
    if not imported.weights:
        return Comparison(reason="the file has no weights")
    try:
        start()
    except CnnspecError as error:
        missing = error.diagnostics[0]
        return Comparison(reason=f"{missing.message}: {missing.help}")
    checked = imported.checked
    assert checked.totals is not None
    count = int(min(_IMAGES, max(1, _WORK // max(1, checked.totals.macs))))
    shape = (count, *checked.spec.input)
    images = np.random.default_rng(1).random(shape, dtype=np.float32)
    low, high = imported.pixels
    try:
        expected = _keras(imported).predict(images * (high - low) + low, verbose=0)
    except Exception as error:  # Keras raises what it likes, and some layers need a GPU
        return Comparison(reason=f"this Keras does not run it: {reason(error)[:120]}")
    found = Interpreter(inference_program(checked.graph), imported.weights).predict(images)
    apart = np.abs(found - expected)[~(np.isnan(found) & np.isnan(expected))]
    distance = float(apart.max()) if apart.size else 0.0
    if not distance <= _allowed(expected[np.isfinite(expected)]):
        cause = f"the spec of {imported.path} differs from the file by {distance:.2g}"
        remedy = "report it with the file; nothing was kept"
        raise CnnspecError(CannotImport(None, cause, remedy))
    return Comparison(count, distance)


def _allowed(outputs: np.ndarray) -> float:
    """How far other outputs may be from these."""
    if not outputs.size:
        return 0.0
    return max(TOLERANCE * float(np.ptp(outputs)), _ROUNDING * float(np.abs(outputs).max()))


def _keras(imported: Imported) -> Any:
    """The model as Keras loads it, without what training needs."""
    _require_known(imported)
    import keras

    # Layers that only our own models have.
    import cnnspec.targets.keras.own_layers  # noqa: F401

    return keras.models.load_model(imported.path, compile=False, safe_mode=True)


def _require_known(imported: Imported) -> None:
    """Raises `ValueError` where a configuration names a module that is not Keras's.

    Keras would import it. Every class was found in a table here before.
    """
    waiting: list[Any] = [call.config for call in imported.model.calls]
    waiting += [{"module": call.module} for call in imported.model.calls]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            module = value.get("module")
            if isinstance(module, str) and module.partition(".")[0] not in _MODULES:
                raise ValueError(f"it names the module {module}")
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


_MODULES = ("", "keras", "builtins", "cnnspec")
