"""What is in a file of LiteRT: operators and the tensors that they take and make."""

from math import prod

from cnnspec.core.record import Record


class Tensor(Record):
    """A tensor: how many bytes it has, its sizes, its name, and how many scales.

    `constant` has its bytes in the file, another in memory. `name` is the length of its name.
    """

    size: int
    rank: int
    name: int
    scales: int = 0
    constant: bool = False


class Operator(Record):
    """An operator by its name in LiteRT, with the indices of the tensors it takes and makes.

    `scratch` are bytes that TFLite Micro gives it while it runs, and `channels` the filters for
    which it keeps a factor and a shift.
    """

    name: str
    inputs: tuple[int, ...]
    output: int
    scratch: int = 0
    channels: int = 0


class File(Record):
    """The tensors and operators of a network; the first tensor is the image."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    output: int


class Writer:
    """A file while it is written. `whole` is whether it is one of int8."""

    def __init__(self, model: str, *, whole: bool) -> None:
        self.whole = whole
        self._prefix = len(f"{model}_1/")
        self._tensors: list[Tensor] = []
        self._operators: list[Operator] = []
        self._shared: dict[object, int] = {}

    def file(self, output: int) -> File:
        """Returns what was written; the converter gives the output a name of its own."""
        tensors = list(self._tensors)
        tensors[output] = tensors[output].replace(name=len("StatefulPartitionedCall_1:0"))
        return File(tuple(tensors), tuple(self._operators), output)

    def named(self, layer: str, *parts: str) -> int:
        """The length of the name of a tensor, made of the operations of Keras fused into it."""
        each = self._prefix + len(f"{layer}_1/")
        return sum(each + len(part) for part in parts) + len(parts) - 1

    def value(self, dims: tuple[int, ...], name: int, *, real: bool = False) -> int:
        """Adds a tensor in memory; `real` is one of float32 also in a file of int8."""
        numbers = prod(dims)
        in_bytes = self.whole and not real
        size, scales = (numbers, 1) if in_bytes else (4 * numbers, 0)
        return self._add(Tensor(size, len(dims) + 1, name, scales))

    def constant(
        self, dims: tuple[int, ...], name: int, *, scales: int = 1, wide: bool = False
    ) -> int:
        """Adds weights; in int8 with scales, and with four bytes a number where they are `wide`."""
        each = 1 if self.whole and not wide else 4
        found = scales if self.whole else 0
        return self._add(Tensor(each * prod(dims), len(dims), name, found, constant=True))

    def indices(self, *values: object) -> int:
        """Returns a constant of int32; the converter writes equal ones once."""
        return self._once(("indices", values), Tensor(4 * len(values), 1, _CONSTANT, 0, True))

    def zeros(self, length: int) -> int:
        """Returns a bias of zeros; in float equal ones are written once."""
        if self.whole:
            return self.constant((length,), _CONSTANT + 1, scales=length, wide=True)
        return self._once(("zeros", length), Tensor(4 * length, 1, _CONSTANT + 1, 0, True))

    def weights(self, key: str, dims: tuple[int, ...], name: int, scales: int = 1) -> int:
        """Returns the weights of a key, which several layers may share."""
        if key not in self._shared:
            self._shared[key] = self.constant(dims, name, scales=scales)
        return self._shared[key]

    def apply(
        self,
        name: str,
        inputs: tuple[int, ...],
        output: int,
        *,
        scratch: int = 0,
        channels: int = 0,
    ) -> int:
        """Adds an operator and returns the tensor that it makes."""
        self._operators.append(Operator(name, inputs, output, scratch, channels))
        return output

    def _once(self, key: object, tensor: Tensor) -> int:
        if key not in self._shared:
            self._shared[key] = self._add(tensor)
        return self._shared[key]

    def _add(self, tensor: Tensor) -> int:
        self._tensors.append(tensor)
        return len(self._tensors) - 1


_CONSTANT = len("arith.constant")
