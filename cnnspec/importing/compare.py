"""The imported network beside the one in the file, run by its own tool on the same images."""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.diagnostics.errors import CnnspecError, reason
from cnnspec.diagnostics.machines import CannotImport
from cnnspec.importing.session import Imported
from cnnspec.program.inference import inference_program
from cnnspec.targets.interpreter.run import Interpreter

TOLERANCE = 1e-3
"""How far outputs may be from each other, as a share of the range that they have."""
_ROUNDING = 1e-5
"""The same as a share of the largest output, which a network without training says everywhere."""
_IMAGES = 200
_WORK = 4e9
"""Multiply-accumulates of all images together, at most: some seconds."""


class Comparison(Record):
    """How far the two are from each other on how many images; a reason where the tool did not run.

    `tool` is what ran the file.
    """

    tool: str
    images: int = 0
    difference: float = 0.0
    reason: str = ""


def compare(imported: Imported) -> Comparison:
    """Runs both on images of random pixels.

    Raises `CnnspecError` where they differ. A tool that is not installed is a reason.
    """
    runtime = imported.network.runtime
    if not imported.weights:
        return Comparison(runtime.name, reason="the file has no weights")
    try:
        runtime.start()
    except CnnspecError as error:
        missing = error.diagnostics[0]
        return Comparison(runtime.name, reason=f"{missing.message}: {missing.help}")
    checked = imported.checked
    assert checked.totals is not None
    count = int(min(_IMAGES, max(1, _WORK // max(1, checked.totals.macs))))
    shape = (count, *checked.spec.input)
    images = np.random.default_rng(1).random(shape, dtype=np.float32)
    low, high = imported.pixels
    try:
        expected = runtime.run(images * (high - low) + low)
    except Exception as error:  # the tool raises what it likes, and some layers need a GPU
        cause = f"this {runtime.name} does not run it: {reason(error)[:120]}"
        return Comparison(runtime.name, reason=cause)
    found = Interpreter(inference_program(checked.graph), imported.weights).predict(images)
    apart = np.abs(found - expected)[~(np.isnan(found) & np.isnan(expected))]
    distance = float(apart.max()) if apart.size else 0.0
    if not distance <= _allowed(expected[np.isfinite(expected)]):
        cause = f"the spec of {imported.path} differs from the file by {distance:.2g}"
        remedy = "report it with the file; nothing was kept"
        raise CnnspecError(CannotImport(None, cause, remedy))
    return Comparison(runtime.name, count, distance)


def _allowed(outputs: np.ndarray) -> float:
    """How far other outputs may be from these."""
    if not outputs.size:
        return 0.0
    return max(TOLERANCE * float(np.ptp(outputs)), _ROUNDING * float(np.abs(outputs).max()))
