"""Exports to C99 for microcontrollers: a header, a source, test images, and how to build them."""

from typing import Any

import numpy as np

from cnnspec.core.record import Record
from cnnspec.diagnostics.base import many
from cnnspec.export.compare import TOLERANCE, compared, reference, scaled
from cnnspec.export.job import COMPARED, Exported, Job
from cnnspec.program.inference import inference_program, integer_program
from cnnspec.runs.exports import CODE
from cnnspec.targets.c.compiler import find_compiler
from cnnspec.targets.device.code import measured_code
from cnnspec.targets.device.files import project
from cnnspec.targets.device.host import HostNetwork
from cnnspec.targets.device.network import Written, write_integers, write_network
from cnnspec.targets.quantize.calibrate import calibrate

VECTORS = 8
"""Images that are exported with what the network says of them."""


class Made(Record):
    """A network as C with what it must give for the images that it is compared on."""

    written: Written
    expected: np.ndarray
    tolerance: float
    figures: dict[str, Any]


def require() -> None:
    """Raises `CnnspecError` where there is no C compiler: what is made is run before it is kept."""
    find_compiler("an export, which is run before it is kept,", otherwise="")


def export(job: Job) -> Exported:
    """Returns the files of a run as C, after they gave what the run gives.

    In float32 that is what the interpreter gives, to 0.0001; in int8 the integers that the
    interpreter in integers gives.
    """
    weights = sum(int(array.size) for array in job.weights.values())
    about = f"the network `{job.checked.spec.model}`, {many(weights, 'parameter')}, {job.dtype}"
    made = (_floats if job.dtype == "float32" else _integers)(job, about)
    files = project(made.written, job.images[:VECTORS], made.expected[:VECTORS], made.tolerance)
    with HostNetwork(made.written, files) as network:
        against_run = compared(
            job,
            network.predict,
            "the C",
            expected=made.expected,
            tolerance=made.tolerance,
            remedy="report it with the run folder; `CNNSPEC_CC` names another compiler to try",
        )
        network.run_tests()
        compiler = network.compiler.version
    figures = {
        "arena_bytes": made.written.arena,
        "constant_bytes": made.written.tables,
        CODE: {name: code and code.as_dict() for name, code in measured_code(made.written).items()},
        **against_run,
    }
    return Exported(files, figures | made.figures, {"compiler": compiler})


def _floats(job: Job, about: str) -> Made:
    program = inference_program(job.checked.graph)
    written = write_network(program, job.weights, job.name, about)
    expected = reference(job).predict(scaled(job.images[:COMPARED]))
    return Made(written, expected, TOLERANCE, {})


def _integers(job: Job, about: str) -> Made:
    program = integer_program(job.checked.graph)
    found = calibrate(program, job.weights, job.calibration, job.validation)
    written = write_integers(found.integer, job.name, about)
    expected = found.integer.predict(job.images[:COMPARED])
    figures = {
        "ranges": found.method,
        "score_factor": found.integer.output_scale.factor,
        "score_zero_point": found.integer.output_scale.zero_point,
    }
    return Made(written, expected, 0, figures)
