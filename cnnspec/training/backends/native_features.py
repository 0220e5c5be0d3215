"""The features of images by which a picture is doubted, in machine code.

The same as those of `training/features.py`: means over all positions of the first and the
last layer with weights but the output, and the logits.
"""

import numpy as np

from cnnspec.core.shapes import Image, Shape, Vector
from cnnspec.graph.graph import Graph
from cnnspec.operations.base import Operation
from cnnspec.operations.moves import Reshape
from cnnspec.operations.values import Concatenate, Map, Softmax
from cnnspec.operations.windows import Reduce
from cnnspec.program.build import Program, Step, Value, build_program
from cnnspec.targets.c.compiler import Compiler
from cnnspec.targets.c.function import NativeFunction
from cnnspec.training.novelty import MOST_CHANNELS, Features


def features_of(
    graph: Graph,
    weights: dict[str, np.ndarray],
    threads: int | None = None,
    compiler: Compiler | None = None,
) -> Features:
    """Returns what computes the features of images from the weights of a network."""
    compute = NativeFunction(feature_program(graph), weights, threads=threads, compiler=compiler)
    return lambda images: compute(images).astype(float)


def feature_program(graph: Graph) -> Program:
    """Returns the program of a network up to its logits, with the features as its output."""
    program = build_program(graph)
    logits = _logits(graph, program)
    ends = [end for end in _ends(graph, program) if end <= logits]
    steps = list(program.steps[: logits + 1])

    def add(operation: Operation, inputs: tuple[int, ...], shape: Shape) -> int:
        steps.append(Step(operation, inputs, Value(shape), ("features",)))
        return len(steps) - 1

    parts = []
    for place in ends:
        shape = steps[place].value.shape
        if isinstance(shape, Image):
            place = add(Reduce("average"), (place,), Vector(shape.channels))
        parts.append(place)
    shape = steps[logits].value.shape
    if isinstance(shape, Image):
        logits = add(Reshape((shape.size,)), (logits,), Vector(shape.size))
    parts.append(logits)
    total = Vector(sum(steps[part].value.shape.size for part in parts))
    output = add(Concatenate(), tuple(parts), total) if len(parts) > 1 else logits
    return Program(tuple(steps), output)


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
