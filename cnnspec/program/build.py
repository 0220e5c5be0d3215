"""Graph to program: every layer as its primitive operations.

Passes rewrite a program, memory is planned for it, and every target except Keras reads it. Each
step makes one value, so the index of a step is the name of its value. Steps are in an order in
which they can be computed.
"""

from cnnspec.core.record import Record
from cnnspec.core.shapes import Shape
from cnnspec.graph.graph import Graph
from cnnspec.operations.base import Operation
from cnnspec.program.recipes import Recipe


class Scale(Record):
    """How integers represent numbers: `number = factor * (integer - zero_point)`."""

    factor: float
    zero_point: int = 0


class Value(Record):
    """The result of a step for one example: its shape and how its numbers are stored."""

    shape: Shape
    dtype: str = "float32"
    scale: Scale | None = None
    """Only for integers."""


class Step(Record):
    """An operation applied: the values it takes, by their indices, and the value it makes.

    `layers` are the names of the layers it computes: the layer whose operation it is, then those
    that passes have fused into it.
    """

    operation: Operation
    inputs: tuple[int, ...]
    value: Value
    layers: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the layer whose operation it is."""
        return self.layers[0]


class Program(Record):
    """Steps in order, the input first; `output` is the index of the result.

    `recipes` say how weights that passes introduced are computed from those of layers, in an order
    in which they can be computed.
    """

    steps: tuple[Step, ...]
    output: int
    recipes: dict[str, Recipe] = {}  # noqa: RUF012 - a record never changes its defaults

    @property
    def weights(self) -> dict[str, tuple[int, ...]]:
        """The shape of every weight that a step reads, by its key (`conv/kernel`)."""
        found: dict[str, tuple[int, ...]] = {}
        for step in self.steps:
            if step.operation.roles:
                found |= step.operation.weights(self.steps[step.inputs[0]].value.shape)
        return found

    @property
    def macs(self) -> int:
        """The multiply-accumulates for one example."""
        return sum(
            step.operation.macs(self.steps[step.inputs[0]].value.shape)
            for step in self.steps
            if step.inputs
        )

    def input_shapes(self, step: Step) -> tuple[Shape, ...]:
        """The shapes of the values that a step takes."""
        return tuple(self.steps[index].value.shape for index in step.inputs)

    def readers(self) -> list[list[int]]:
        """For each value the steps that take it, in order; one that takes it twice, twice."""
        found: list[list[int]] = [[] for _ in self.steps]
        for index, step in enumerate(self.steps):
            for source in step.inputs:
                found[source].append(index)
        return found

    def __str__(self) -> str:
        lines = []
        for index, step in enumerate(self.steps):
            taken = ", ".join(f"%{source}" for source in step.inputs)
            weights = "".join(f" [{key}]" for key in step.operation.operands)
            made = f"{step.value.shape} {step.value.dtype}"
            lines.append(f"%{index} = {step.operation}({taken}){weights} : {made}")
        return "\n".join([*lines, f"return %{self.output}", ""])


def build_program(graph: Graph) -> Program:
    """Returns the program of a graph without errors, training-only operations included."""
    steps: list[Step] = []
    made: list[int] = []
    for call, operations in zip(graph.calls, graph.operations, strict=True):
        inputs = tuple(made[source] for source in call.inputs)
        last = len(operations) - 1
        owner = call.weights_from or call.name
        for number, operation in enumerate(operations):
            # The layer's output shape is known; shapes between its operations are computed.
            shape = (
                call.output_shape
                if number == last
                else operation.shape(tuple(steps[source].value.shape for source in inputs))
            )
            if operation.roles:
                operation = operation.bound(owner)
            steps.append(Step(operation, inputs, Value(shape), (call.name,)))
            inputs = (len(steps) - 1,)
        made.append(inputs[0])
    return Program(tuple(steps), made[-1])


def validate(program: Program) -> None:
    """Raises `ValueError` for an invalid program: a bug of ours, never an error of a spec.

    Every step takes values made before it, its operation gives the shape of its value, there is one
    input, at the beginning, every value is used, and every recipe uses weights that exist.
    """
    for index, step in enumerate(program.steps):
        if any(not 0 <= source < index for source in step.inputs):
            raise ValueError(f"step {index} takes {step.inputs}")
        if bool(step.inputs) == (index == 0):
            raise ValueError(f"step {index} has {len(step.inputs)} inputs")
        shape = step.operation.shape(program.input_shapes(step))
        if shape != step.value.shape:
            raise ValueError(f"step {index}, {step.operation}, makes {shape}: {step.value.shape}")
    if not 0 <= program.output < len(program.steps):
        raise ValueError(f"the output is {program.output} of {len(program.steps)} steps")
    for index, readers in enumerate(program.readers()):
        if not readers and index not in (0, program.output):
            raise ValueError(f"nothing takes the value of step {index}")
    known: set[str] = set()
    for key, recipe in program.recipes.items():
        if any(part in program.recipes and part not in known for part in recipe.operands):
            raise ValueError(f"{key} is made of weights that are not there yet")
        known.add(key)
