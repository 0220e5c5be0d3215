"""What of a run is shown beside its accuracy: its confusion, its mistakes, its cost on a board."""

import json
import tempfile
from pathlib import Path

import numpy as np

from cnnspec.analysis.load import checked
from cnnspec.datasets.splits import divide
from cnnspec.program.inference import integer_program
from cnnspec.runs.data import of_run
from cnnspec.runs.run import Run
from cnnspec.runs.weights import read_weights
from cnnspec.targets.device.network import write_integers
from cnnspec.targets.quantize.calibrate import calibrate
from tests.results.kept import Row
from tests.targets.device.emulator import emulate, missing

MISTAKES = 8
PROCESSOR = "cortex-m4"


def facts(run: Path) -> Row:
    """The confusion, the worst mistakes and the figures of a device of a run, from its folder."""
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    return {
        "confusion": metrics["test"]["confusion"],
        "mistakes": mistakes(run),
        "device": device(run),
        **({"int8": metrics["int8"]["test"]["accuracy"]} if "int8" in metrics else {}),
    }


def mistakes(run: Path) -> list[Row]:
    """The test images that the network is surest of and wrong, the worst first: no pixels."""
    with np.load(run / "images.npz", allow_pickle=False) as found:
        columns = ("rows", "true", "predicted", "output_predicted")
        values = [found[f"mistake_{name}"][:MISTAKES].tolist() for name in columns]
    names = ("image", "true", "predicted", "sure")
    return [dict(zip(names, each, strict=True)) for each in zip(*values, strict=True)]


def device(run: Path) -> Row:
    """The network in int8 as C on an emulated Cortex-M4: bytes, and instructions for one image.

    Nothing where no emulator is installed.
    """
    if missing():
        return {}
    kept = Run(run)
    checked_spec = checked(kept.spec)
    splits = divide(checked_spec.spec, of_run(checked_spec.spec.data, kept, None), offline=True)
    held = splits.validation if splits.validation is not None else splits.train
    program = integer_program(checked_spec.graph)
    weights = read_weights(kept)
    integer = calibrate(program, weights, splits.train.images, held.images).integer
    written = write_integers(integer, "network", "a network of the frontier")
    with tempfile.TemporaryDirectory() as folder:
        found = emulate(PROCESSOR, Path(folder), written, splits.test.images[:3])
    return {
        "ram": found.arena,
        "flash": found.constants,
        "code": found.code,
        "instructions": found.instructions,
    }
