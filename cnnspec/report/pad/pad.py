"""The trained network in its report, to draw for: weights, program and what runs them in a page.

`operations.js` computes what the interpreter computes, and `prepare.js` prepares a drawing as
`datasets/prepare.py` does; tests compare both in a browser. Nothing is asked of a server.
"""

import base64
import json
from typing import Any

import numpy as np

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.record import Record
from cnnspec.datasets.framing import Framing
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.operations.base import Operation
from cnnspec.operations.moves import Resize
from cnnspec.program.build import Step
from cnnspec.program.inference import inference_program
from cnnspec.program.recipes import with_recipes
from cnnspec.report.pad import script
from cnnspec.runs.run import INPUTS, Run
from cnnspec.runs.weights import read_weights
from cnnspec.targets.interpreter.resizing import matrix

MOST_BYTES = 2_000_000
"""Bytes of float32 weights up to which a network is put into its report."""


class Pad(Record):
    """What the page needs to answer drawings."""

    network: str
    """The network as JSON, which no HTML can end."""
    frame: tuple[int, int]
    """Height and width of the images it was trained on."""

    @property
    def script(self) -> str:
        """What runs it."""
        return script.script()

    @property
    def allowed(self) -> str:
        """What the page calls the script that it allows."""
        return script.source()


def pad(run: Run, checked: CheckedSpec, labels: tuple[str, ...]) -> Pad | None:
    """Returns the pad of a run; `None` where a drawing would say nothing.

    That is: its training has not finished, its images have no plain ground to draw on, or its
    weights are more than 2 MB.
    """
    assert checked.totals is not None
    if 4 * checked.totals.params > MOST_BYTES or not (run.folder / INPUTS).is_file():
        return None
    try:
        framing = Framing.load(run.read_json(INPUTS)["framing"])
        weights = read_weights(run, checked)
    except CnnspecError:
        return None
    if not framing.has_ground:
        return None
    known = {"labels": list(labels), "framing": _framing(framing)}
    text = json.dumps(network(checked, weights) | known, separators=(",", ":"))
    return Pad(text.replace("<", "\\u003c"), framing.frame)


def network(checked: CheckedSpec, weights: dict[str, np.ndarray]) -> dict[str, Any]:
    """Returns the program of a network with its weights, as values of JSON.

    Each step has the name of its operation, its settings, the steps it takes values from, the
    dimensions of its value, and each weight as a place among `numbers`: all float32, as base64.
    Raises `KeyError` where a weight is missing.
    """
    program = inference_program(checked.graph)
    double = {key: np.asarray(array, np.float64) for key, array in weights.items()}
    made = with_recipes(program.recipes, double)
    shapes = program.weights
    numbers: list[np.ndarray] = []
    taken = 0

    def placed(array: np.ndarray, dims: tuple[int, ...]) -> dict[str, Any]:
        nonlocal taken
        at, taken = taken, taken + array.size
        numbers.append(array.astype("<f4").ravel())
        return {"at": at, "dims": list(dims)}

    def weights_of(step: Step) -> dict[str, Any]:
        op = step.operation
        keys = {role: getattr(op, role) for role in op.roles}
        found = {role: placed(made[key], shapes[key]) for role, key in keys.items() if key}
        if isinstance(op, Resize):
            before = program.input_shapes(step)[0].dims[:2]
            for side, old, new in zip(("rows", "columns"), before, op.size, strict=True):
                found[side] = placed(matrix(old, new, op.interpolation), (new, old))
        return found

    steps = [
        {
            "name": type(step.operation).__name__,
            "op": _settings(step.operation),
            "inputs": list(step.inputs),
            "dims": list(step.value.shape.dims),
            "weights": weights_of(step),
        }
        for step in program.steps
    ]
    joined = np.concatenate(numbers) if numbers else np.zeros(0, "<f4")
    kept = base64.b64encode(joined.tobytes()).decode()
    return {"steps": steps, "output": program.output, "numbers": kept}


def _settings(operation: Operation) -> dict[str, Any]:
    names = [name for name in type(operation).fields if name not in operation.roles]
    values = {name: getattr(operation, name) for name in names}
    return {
        name: _settings_of(value) if isinstance(value, Record) else value
        for name, value in values.items()
    }


def _settings_of(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in type(record).fields}


def _framing(framing: Framing) -> dict[str, Any]:
    """The measurements, and what follows from them."""
    return framing.dump() | {
        "drawn": framing.drawn,
        "fitted": framing.fitted,
        "centred": framing.centred,
    }
