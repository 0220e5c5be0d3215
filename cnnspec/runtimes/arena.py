"""The arena that TFLite Micro needs for a file, on a processor of 32 bits.

Its planner places the largest buffer first, each as low as it fits beside those in use at the same
time (`GreedyMemoryPlanner`), in steps of 16 bytes; no operator works in place. Behind the buffers
is what it keeps for the whole run: 12 bytes for each tensor, about 140 for each operator, and 8
for each filter.
"""

from cnnspec.runtimes.file import File

STEP = 16
"""Buffers begin and end at multiples of this."""
PER_TENSOR, PER_OPERATOR, PER_CHANNEL = 12, 140, 8
"""Bytes that stay: the first and the last are its structs, the middle one is measured."""


def arena_size(file: File) -> int:
    """Returns the bytes of the arena on a Cortex-M."""
    return planned_size(file) + _kept(file)


def planned_size(file: File) -> int:
    """Returns the bytes for values and scratch, the part that is planned."""
    placed: list[tuple[int, int, int, int]] = []
    end = 0
    buffers = _buffers(file)
    # Of equal sizes that planner takes the last one first.
    buffers.reverse()
    buffers.sort(key=lambda each: -each[0])
    for size, first, last in buffers:
        offset = 0
        for begin, stop, since, until in sorted(placed):
            if since > last or until < first:
                continue
            if offset + size <= begin:
                break
            offset = max(offset, stop)
        placed.append((offset, offset + size, first, last))
        end = max(end, offset + size)
    return end


def _buffers(file: File) -> list[tuple[int, int, int]]:
    """What is planned: sizes, and the operators of their first and last use."""
    first = {0: 0}
    last = {0: 0}
    for at, operator in enumerate(file.operators):
        first.setdefault(operator.output, at)
        for index in (*operator.inputs, operator.output):
            last[index] = at
    last[file.output] = len(file.operators) - 1
    found = [
        (_rounded(tensor.size), first[index], last[index])
        for index, tensor in enumerate(file.tensors)
        if index in first
    ]
    found += [(_rounded(o.scratch), at, at) for at, o in enumerate(file.operators) if o.scratch]
    return found


def _rounded(size: int) -> int:
    return -(-size // STEP) * STEP


def _kept(file: File) -> int:
    operators = file.operators
    channels = sum(operator.channels for operator in operators)
    return PER_TENSOR * len(file.tensors) + PER_OPERATOR * len(operators) + PER_CHANNEL * channels
