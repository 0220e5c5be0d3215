"""Finished runs without a training: a spec with random weights."""

from pathlib import Path

import numpy as np

from cnnspec.program.build import build_program
from cnnspec.runs.run import METRICS, Run
from cnnspec.runs.weights import HASH, save_weights
from tests.program.networks import checked, weights
from tests.support.run_folders import make, metrics

TEXT = """
model clothes
data fashion_mnist_mini
conv 4x3 relu stride=2; pool 2; dense 10 softmax
"""


def finished(parent: Path, text: str = TEXT, seed: int = 0) -> Run:
    """A run folder as a training leaves it, as far as an export reads it."""
    spec = checked(text)
    run = make(parent, text, environment={}, without=("images.npz",))
    given = weights(build_program(spec.graph), seed)
    arrays = {
        key: given[key].reshape(shape).astype(np.float32)
        for key, shape in spec.graph.weights().items()
    }
    run.write_json(METRICS, metrics(**{HASH: save_weights(run, arrays)}))
    return run
