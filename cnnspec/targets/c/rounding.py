"""Training through int8: where values are rounded, and the C that rounds weights (`quantize`).

A value is rounded in training where the program in int8 has one of its own, so that both
compute the same. A batch norm stays a step of its own: in int8 it is a part of the kernel
before it, which it multiplies channel by channel, and that leaves the rounding of the kernel
as it is, because each channel has its own scale.

Weights are rounded to multiples of the largest of their output channel divided by 127, and
their gradient goes straight through (Jacob et al., "Quantization and training of neural networks
for efficient integer-arithmetic-only inference", 2018, section 3).
"""

from math import prod

from cnnspec.core.record import Record
from cnnspec.graph.graph import Graph
from cnnspec.operations.base import Operation
from cnnspec.operations.moves import Resize
from cnnspec.operations.windows import Pool, Reduce, TransposedConvolution
from cnnspec.program.build import Program, Step, build_program
from cnnspec.program.order import order_for_memory
from cnnspec.program.passes import for_integers
from cnnspec.program.pooling import pool_before_concatenation
from cnnspec.targets.c.layout import Layout
from cnnspec.targets.c.operations import Rounded
from cnnspec.targets.c.passes import with_limits
from cnnspec.targets.c.text import block, comment, loop
from cnnspec.targets.quantize.scales import keeps_scale

ROLES = ("kernel", "alpha")
"""The roles of weights that are int8 on a device; biases are int32 there, nearly exact."""


class RoundedProgram(Record):
    """A program that is trained through int8, and the one that is then run in int8."""

    program: Program
    integer: Program
    values: tuple[int, ...]
    """For each `Rounded` by its number, the value of the integer program that it stands for."""


def rounded_program(graph: Graph) -> RoundedProgram:
    """Returns the program of a graph that is trained through int8."""
    written = pool_before_concatenation(build_program(graph))
    # Passes join the layers of the steps that they fuse, so numbers there tell where each is.
    steps = tuple(s.replace(layers=(str(n),)) for n, s in enumerate(written.steps))
    numbered = written.replace(steps=steps)
    # In the order in which `integer_program` runs it.
    trained, integer = with_limits(numbered), order_for_memory(for_integers(numbered))
    last = {number: at for at, step in enumerate(trained.steps) for number in step.layers}
    behind: dict[int, int] = {}
    for value, step in enumerate(integer.steps):
        if value == integer.output or not step.inputs or _exact(step):
            continue
        at = max(last[number] for number in step.layers)
        # Of a pooling that only goes before its concatenation once dropout is gone.
        if trained.steps[at].value.shape == step.value.shape:
            behind[at] = value
    named = [
        step.replace(layers=tuple(written.steps[int(number)].name for number in step.layers))
        for step in trained.steps
    ]
    program = _with_rounding(trained.replace(steps=tuple(named)), list(behind))
    return RoundedProgram(program, integer, tuple(behind.values()))


def _exact(step: Step) -> bool:
    """Whether integers go through a step unchanged, or come from it as they went in."""
    operation = step.operation
    if isinstance(operation, Resize):
        return operation.interpolation == "nearest"
    averages = isinstance(operation, Pool | Reduce) and operation.function == "average"
    return keeps_scale(step) and not averages


def _with_rounding(program: Program, behind: list[int]) -> Program:
    """Puts a `Rounded` behind some of the values; their place in the list is its number."""
    steps: list[Step] = []
    place: list[int] = []
    for index, step in enumerate(program.steps):
        steps.append(step.replace(inputs=tuple(place[source] for source in step.inputs)))
        if index in behind:
            operation: Operation = Rounded(behind.index(index))
            steps.append(Step(operation, (len(steps) - 1,), step.value, step.layers[-1:]))
        place.append(len(steps) - 1)
    return program.replace(steps=tuple(steps), output=place[program.output])


def round_weights(layout: Layout) -> str:
    """Returns the C function that rounds all weights before a step; empty where none is.

    The largest of a channel becomes 127, and every other one the nearest integer.
    """
    if not layout.rounded:
        return ""
    rows = [f"{{{', '.join(map(str, row))}}}" for row in _channels(layout)]
    return "\n".join(
        (
            comment(
                "Weights of which each channel has a scale: where they begin, then turns,",
                "channels and numbers of a channel in a row.",
            ),
            f"static const int channelled[{len(rows)}][4] = {{{', '.join(rows)}}};",
            comment("The weights as int8 can hold them, beside those that are trained."),
            block(
                "static void round_weights(struct job *job)",
                "memcpy(job->rounded, job->weights, WEIGHTS * sizeof(float));",
                loop(
                    "t",
                    len(rows),
                    "const int *at = channelled[t], turns = at[1], channels = at[2];",
                    "float *w = job->rounded + at[0];",
                    "if (at[3] == 1) round_columns(w, turns, channels);",
                    "else round_rows(w, turns, channels, at[3]);",
                ),
            ),
        )
    )


def _channels(layout: Layout) -> list[tuple[int, int, int, int]]:
    found: dict[str, tuple[int, int, int, int]] = {}
    places = layout.places
    for step in layout.program.steps:
        for role in ROLES:
            key = getattr(step.operation, role, "")
            if not key:
                continue
            tensor = places[key]
            if role == "alpha":
                found[key] = tensor.start, 1, 1, tensor.size
            elif isinstance(step.operation, TransposedConvolution):
                *turns, channels, inside = tensor.shape
                found[key] = tensor.start, prod(turns), channels, inside
            else:
                *turns, channels = tensor.shape
                found[key] = tensor.start, prod(turns), channels, 1
    return list(found.values())
