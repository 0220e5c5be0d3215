"""The features of images by which a picture is doubted, without a framework.

The same as those of `training/features.py`: means over all positions of the first and the
last layer with weights but the output, and the logits. Computed by the interpreter.
"""

import numpy as np

from cnnspec.graph.build import Graph
from cnnspec.operations.values import Map, Softmax
from cnnspec.program.build import Program, build_program
from cnnspec.targets.interpreter.run import Interpreter
from cnnspec.training.batches import scale
from cnnspec.training.novelty import MOST_CHANNELS, Features

_VALUES = 4_000_000
"""Values of all steps together in a forward pass, at most."""


def features_of(graph: Graph, weights: dict[str, np.ndarray]) -> Features:
    """Returns what computes the features of images from the weights of a network."""
    program = build_program(graph)
    ends, logits = _ends(graph, program), _logits(graph, program)
    interpreter = Interpreter(program, weights)
    at_once = max(1, _VALUES // sum(step.value.shape.size for step in program.steps))

    def features(images: np.ndarray) -> np.ndarray:
        parts = []
        for start in range(0, len(images), at_once):
            values = interpreter.values(scale(images[start : start + at_once]), keep=True)
            means = [_position_means(values[place]) for place in ends]
            flat = values[logits].reshape(len(values[logits]), -1)
            parts.append(np.concatenate([*means, flat], axis=1))
        return np.concatenate(parts).astype(float)

    return features


def _steps_of(program: Program, name: str) -> list[int]:
    """The steps of a layer, in order."""
    return [n for n, step in enumerate(program.steps) if step.name == name]


def _ends(graph: Graph, program: Program) -> list[int]:
    """What the first and the last layer with weights make, if it has few enough channels."""
    inner = [
        _steps_of(program, call.name)[-1]
        for call in graph.owners
        if call is not graph.calls[-1] and call.layer.weights(call.input_shape)
    ]
    few = [n for n in inner if program.steps[n].value.shape.dims[-1] <= MOST_CHANNELS]
    return list(dict.fromkeys([*few[:1], *few[-1:]]))


def _logits(graph: Graph, program: Program) -> int:
    """The output before its softmax, which forgets how large all of them were."""
    last = graph.calls[-1]
    steps = _steps_of(program, last.name)
    if not last.layer.weights(last.input_shape):
        return program.steps[steps[0]].inputs[0]
    activated = isinstance(program.steps[steps[-1]].operation, Map | Softmax)
    return program.steps[steps[-1]].inputs[0] if activated else steps[-1]


def _position_means(value: np.ndarray) -> np.ndarray:
    """The mean over all positions of a value (n, h, w, c); one without positions as it is."""
    return value.mean(axis=(1, 2)) if value.ndim == 4 else value
