"""The least memory that a training takes, known from the shapes alone."""

from cnnspec.analysis.check import CheckedSpec

_FLOAT = 4


def layer_bytes(checked: CheckedSpec, batch: int) -> int:
    """The least memory that a training step of a framework takes, in bytes.

    The output of every layer that does not work in place is kept for its gradient,
    each value in four bytes; weights, gradients and scratch space come on top.
    """
    graph = checked.graph
    kept = sum(
        call.output_shape.size
        for call, operations in zip(graph.layers, graph.operations[1:], strict=True)
        if not all(operation.in_place for operation in operations)
    )
    return kept * batch * _FLOAT


def weight_bytes(checked: CheckedSpec) -> int:
    """The least memory of the weights in training, in bytes: value, gradient and two moments."""
    return 4 * _FLOAT * (checked.totals.params if checked.totals else 0)
