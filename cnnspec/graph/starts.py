"""Weights that start at zero and can never change: no gradient reaches them.

A kernel of zeros changes once its input is not zero and a gradient comes to its output. Both
may need another weight to change first, so what can change is followed until nothing is
added. What is left stays zero through every training, whatever its data: nothing here
depends on numbers, only on what is exactly zero.
"""

from cnnspec.graph.graph import INPUT, Graph, LayerCall
from cnnspec.operations.base import Operation

MAX_ROUNDS = 20
"""After so many, more than a sensible network takes, every weight is said to change."""

Key = tuple[str, str]
"""A weight: the call that has it, and its name there."""


def stuck(graph: Graph) -> set[int]:
    """Returns the indices of the calls whose kernel stays zero, including those that share it."""
    zeros = {
        (_owner(call), key)
        for call, operations in zip(graph.calls, graph.operations, strict=True)
        for operation in operations
        for key in operation.operands
        if call.layer.starts_at_zero(key)
    }
    walk = _Walk(graph, zeros)
    if not any(not walk.step() for _ in range(MAX_ROUNDS)):
        return set()
    kernels = {
        (_owner(call), operation.factor)
        for call, operations in zip(graph.calls, graph.operations, strict=True)
        for operation in operations
        if operation.factor
    }
    left = {owner for owner, key in walk.zeros if (owner, key) in kernels}
    return {index for index, call in enumerate(graph.calls) if _owner(call) in left}


class _Walk:
    """Which values and gradients may differ from zero, given the weights that do."""

    def __init__(self, graph: Graph, zeros: set[Key]) -> None:
        self.graph = graph
        self.zeros = zeros

    def step(self) -> bool:
        """Lets every weight change that gets a gradient; returns whether any did."""
        before = len(self.zeros)
        values = self._values()
        gradients = [False] * len(self.graph.calls)
        gradients[-1] = True
        for index in range(len(self.graph.calls) - 1, INPUT, -1):
            if not gradients[index]:
                continue
            call, seen = self.graph.calls[index], values[index]
            for operation, inputs in reversed(seen):
                if not self._back(call, operation, inputs):
                    break
            else:
                (first, inputs), *_ = seen
                for place, source in enumerate(call.inputs):
                    others = inputs[:place] + inputs[place + 1 :]
                    gradients[source] |= all(others) if first.gated else True
        return len(self.zeros) < before

    def _values(self) -> list[list[tuple[Operation, tuple[bool, ...]]]]:
        """Returns the operations of each call, and of each which inputs may differ from zero."""
        outputs: list[bool] = []
        found = []
        for call, operations in zip(self.graph.calls, self.graph.operations, strict=True):
            inputs = tuple(outputs[source] for source in call.inputs) or (True,)
            seen = []
            for operation in operations:
                seen.append((operation, inputs))
                inputs = (self._value(call, operation, inputs),)
            outputs.append(inputs[0])
            found.append(seen)
        return found

    def _value(self, call: LayerCall, operation: Operation, inputs: tuple[bool, ...]) -> bool:
        there = all(inputs) if operation.gated else any(inputs)
        added = operation.added and (_owner(call), operation.added) not in self.zeros
        return operation.raises_zero or bool(added) or (there and self._factor(call, operation))

    def _factor(self, call: LayerCall, operation: Operation) -> bool:
        return (_owner(call), operation.factor) not in self.zeros

    def _back(self, call: LayerCall, operation: Operation, inputs: tuple[bool, ...]) -> bool:
        """Lets the weights change; returns whether a gradient goes on to the inputs."""
        if any(inputs):
            self.zeros.discard((_owner(call), operation.factor))
        elif operation.flat_at_zero:
            return False
        self.zeros.discard((_owner(call), operation.added))
        return self._factor(call, operation)


def _owner(call: LayerCall) -> str:
    return call.weights_from or call.name
