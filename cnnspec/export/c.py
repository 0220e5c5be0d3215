"""Exports to C99 for microcontrollers: a header, a source, test images, and how to build them."""

import numpy as np

from cnnspec.diagnostics.base import many
from cnnspec.diagnostics.environment import ExportFailed
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.export.job import COMPARED, Exported, Job, accuracy
from cnnspec.program.inference import inference_program
from cnnspec.targets.c.compiler import find_compiler
from cnnspec.targets.device.files import project
from cnnspec.targets.device.host import HostNetwork
from cnnspec.targets.device.network import Written, write_network
from cnnspec.targets.interpreter.run import Interpreter

TOLERANCE = 1e-4
"""How far a float32 output may be from that of the run."""
SCORED = 10_000
"""Test images that accuracy is measured on, at most."""
VECTORS = 8
"""Images that are exported with what the network says of them."""


def require() -> None:
    """Raises `CnnspecError` where there is no C compiler: what is made is run before it is kept."""
    find_compiler("an export, which is run before it is kept,", otherwise="")


def export(job: Job) -> Exported:
    """Returns the files of a run as C, after they gave what the run gives."""
    about = f"the network `{job.checked.spec.model}`, {many(_params(job), 'parameter')}"
    program = inference_program(job.checked.graph)
    written = write_network(program, job.weights, job.name, about)
    reference = Interpreter(program, job.weights)
    compared = job.images[:COMPARED]
    expected = reference.predict(compared.astype(np.float32) / np.float32(255))
    files = project(written, compared[:VECTORS], expected[:VECTORS], TOLERANCE)
    with HostNetwork(written, files) as network:
        found = network.predict(compared)
        difference = _require_equal(job, found, expected)
        network.run_tests()
        scored = job.images[:SCORED]
        classes = network.predict(scored).argmax(1)
        compiler = network.compiler.version
    agreed = float((found.argmax(1) == expected.argmax(1)).mean())
    figures = _figures(written) | {
        "compared_images": len(compared),
        "largest_difference": difference,
        "same_class": agreed,
        "scored_images": len(scored),
        "accuracy": accuracy(job.labels, classes),
    }
    return Exported(files, figures, {"compiler": compiler})


def _figures(written: Written) -> dict[str, int]:
    return {"arena_bytes": written.arena, "constant_bytes": written.tables}


def _require_equal(job: Job, found: np.ndarray, expected: np.ndarray) -> float:
    """Returns the largest difference; raises `CnnspecError` above the tolerance."""
    distance = np.abs(found.astype(np.float64) - expected)
    worst = float(distance.max()) if distance.size else 0.0
    # A difference that is not a number is none that can be accepted.
    if not worst <= TOLERANCE:
        image = int(distance.max(1).argmax())
        cause = (
            f"the C made of {job.run} differs from it by {worst:.2g} at test image {image}, "
            f"more than {TOLERANCE:g}; nothing was kept"
        )
        remedy = "report it with the run folder; `CNNSPEC_CC` names another compiler to try"
        raise CnnspecError(ExportFailed(None, cause, remedy))
    return worst


def _params(job: Job) -> int:
    """The parameters of the trained network; passes may have folded some of them."""
    return sum(int(array.size) for array in job.weights.values())
