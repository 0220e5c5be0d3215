"""How the steps of a program are called, as its memory plan says: with what, which rows when."""

from cnnspec.program.memory_plan import MemoryPlan
from cnnspec.targets.c.text import identifier
from cnnspec.targets.device.site import Lines, Order


class Schedule:
    """The functions of a plan: their names, what they are given, and in which order they work."""

    def __init__(self, plan: MemoryPlan) -> None:
        self._plan = plan
        self._steps = plan.program.steps
        self._readers = plan.program.readers()

    def name(self, index: int) -> str:
        """The name of the function of a step."""
        return f"step_{index}_{identifier(self._steps[index].name)}"

    def values(self, index: int) -> tuple[int, ...]:
        """The values whose places a step is given: its inputs, or what their lines are made of."""
        inputs, lines = self._steps[index].inputs, []
        while inputs and inputs[0] in self._plan.lines:
            lines.append(inputs[0])
            inputs = self._steps[inputs[0]].inputs
        return (*inputs, *reversed(lines))

    def parameters(self, index: int, element: str) -> list[str]:
        """The parameters of a step: the inputs, the lines on the way, the output, the row."""
        inputs = self._steps[index].inputs
        if inputs[0] in self._plan.lines:
            given = [f"const {element} *whole"]
            given += [f"{element} *{name}" for name in (*self._passed(index)[1:], "x")]
        else:
            names = ["x"] if len(inputs) == 1 else [f"x{n}" for n in range(len(inputs))]
            given = [f"const {element} *{name}" for name in names]
        row = ["int row"] if index in self._plan.lines else []
        return [*given, f"{element} *y", *row]

    def order(self, index: int) -> Order:
        """In which order a step computes its rows."""
        step, plan = self._steps[index], self._plan
        lines = None
        if step.inputs and step.inputs[0] in plan.lines:
            assert step.operation.rows
            maker = self.name(step.inputs[0])
            lines = Lines(step.operation.rows, maker, self._passed(index), self._start(index))
        return Order(index in plan.backwards, index in plan.lines, lines)

    def _passed(self, index: int) -> tuple[str, ...]:
        """The names of what a step passes on to the one that makes its lines."""
        return ("whole", *(f"lines{n}" for n in range(len(self.values(index)) - 2)))

    def _start(self, index: int) -> int:
        """The row of a step that is computed first."""
        if index not in self._plan.backwards:
            return 0
        last = self._steps[index].value.shape.dims[0] - 1
        if index not in self._plan.lines:
            return last
        (reader,) = self._readers[index]
        rows = self._steps[reader].operation.rows
        assert rows
        return min(last, self._start(reader) * rows.step + rows.last)
