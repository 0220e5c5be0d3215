"""Where everything lies: weights, values, gradients; and into how many parts a batch is cut."""

from typing import ClassVar

from cnnspec.core.record import Record
from cnnspec.operations.base import Input
from cnnspec.operations.values import BatchNormalization
from cnnspec.program.build import Program, Step
from cnnspec.targets.c.gradients import NONE, place_gradients
from cnnspec.targets.c.operations import Rounded
from cnnspec.targets.c.site import Kernel, Site
from cnnspec.targets.c.table import TEMPLATES

LANES = 16
_SLICE = 4096
"""Weights that a task updates."""
_MOST_PARTS = 8
_MOST_BLOCKS = 4
"""Blocks that a part works on at once where it need not wait for the others."""
_MOST_GRADIENTS = 4_000_000
"""Numbers in the gradients of all parts together, where there are more than two."""


class Tensor(Record):
    """A weight among all: its place in floats, and what a step does to it beside its gradient."""

    key: str
    shape: tuple[int, ...]
    start: int
    size: int
    decays: bool = False
    """Whether weight decay and regularizers concern it: a kernel."""
    l1: float = 0.0
    l2: float = 0.0


class Placed(Record):
    """A step with its template and its addresses, in vectors from the beginning of a block."""

    step: Step
    site: Site | None
    kernel: Kernel | None
    value: int
    gradient: int
    """Below zero where nothing before it is trained."""
    kept: int = 0
    prepared: int = 0
    shared: int = 0


class Layout(Record):
    """All places and sizes of a network in C."""

    memos: ClassVar[tuple[str, ...]] = ("_rounded",)

    program: Program
    steps: tuple[Placed, ...]
    tensors: tuple[Tensor, ...]
    trained: int
    """Floats of what is trained, a multiple of 16."""
    weights: int
    """Floats of all weights."""
    stride: int
    """Vectors of a block."""
    scratch: int
    prepared: int
    shared: int
    parts: int
    chunk: int
    """Blocks that lie in memory at once."""
    by_part: bool
    """Whether a part needs its values until all have met, as batch norm has it."""

    @property
    def arena(self) -> int:
        """Vectors of the memory that a part, or a thread, works in."""
        return self.chunk * self.stride + self.scratch + -(-self.prepared // LANES)

    @property
    def rounded(self) -> int:
        """How many values are rounded as in int8."""
        return self.memo(
            "_rounded",
            lambda: sum(isinstance(step.operation, Rounded) for step in self.program.steps),
        )

    @property
    def places(self) -> dict[str, Tensor]:
        """The tensors by their keys."""
        return {tensor.key: tensor for tensor in self.tensors}

    @property
    def slices(self) -> list[tuple[int, int, int]]:
        """What one task updates: the number of a tensor, first vector, count of vectors."""
        found = []
        for number, tensor in enumerate(self.tensors):
            if tensor.start >= self.trained:
                break
            first, vectors = tensor.start // LANES, -(-tensor.size // LANES)
            for begin in range(0, vectors, _SLICE // LANES):
                found.append((number, first + begin, min(_SLICE // LANES, vectors - begin)))
        return found or [(0, 0, 0)]


def frozen(program: Program) -> set[str]:
    """The keys of weights that no gradient changes: the moving statistics of batch norm."""
    return {
        key
        for step in program.steps
        if isinstance(step.operation, BatchNormalization)
        for key in (step.operation.mean, step.operation.variance)
    }


def lay_out(
    program: Program,
    batch: int,
    penalties: dict[str, tuple[float, float]] | None = None,
    *,
    trains: bool = True,
) -> Layout:
    """Returns where everything lies; without gradients where nothing trains.

    `penalties` are l1 and l2 by the keys of weights.
    """
    tensors, trained, total = _tensors(program, penalties or {})
    by_part = trains and any(step.operation.mixes_images for step in program.steps)
    blocks = -(-batch // LANES)
    parts = _parts(blocks, trained)
    chunk = -(-blocks // parts) if by_part else min(-(-blocks // parts), _MOST_BLOCKS)
    wanted = _wanted(program) if trains else [False] * len(program.steps)
    first = _first_writers(program, wanted)
    gradients = place_gradients(program, wanted, first) if trains else NONE
    placed: list[Placed] = []
    # The images come first in a block, then all gradients, then what follows from the images.
    images = program.steps[0].value.shape.size
    at = scratch = prepared = shared = 0
    for index, step in enumerate(program.steps):
        site = kernel = None
        value = at
        at += step.value.shape.size
        if index == 0:
            at += gradients.size
        gradient = images + gradients.places[index] if index in gradients.places else -1
        kept, prepared_at, shared_at = at, prepared, shared
        if not isinstance(step.operation, Input):
            site = Site(
                step.operation,
                program.input_shapes(step),
                step.value.shape,
                index,
                tuple(wanted[source] for source in step.inputs),
                tuple(first[index]),
                chunk,
            )
            kernel = TEMPLATES[type(step.operation)](site)
            at += kernel.kept
            scratch = max(scratch, kernel.scratch)
            prepared += kernel.prepared
            shared += kernel.shared
        placed.append(Placed(step, site, kernel, value, gradient, kept, prepared_at, shared_at))
    return Layout(
        program, tuple(placed), tensors, trained, total, at, scratch, prepared,
        max(shared, 1), parts, chunk, by_part,
    )  # fmt: skip


def _parts(blocks: int, trained: int) -> int:
    """Into how many parts a batch is cut: it follows from the spec, never from the machine."""
    # Two at least, for two threads; then two blocks at least, so that a weight is loaded less.
    parts = min(_MOST_PARTS, max(min(2, blocks), blocks // 2))
    while parts > 2 and parts * trained > _MOST_GRADIENTS:
        parts //= 2
    return parts


def _tensors(
    program: Program, penalties: dict[str, tuple[float, float]]
) -> tuple[tuple[Tensor, ...], int, int]:
    """The weights in their places: those that are trained first, each from a multiple of 16."""
    still, found, at, trained = frozen(program), [], 0, 0
    shapes = program.weights
    for key in sorted(shapes, key=lambda key: key in still):
        size = 1
        for side in shapes[key]:
            size *= side
        l1, l2 = penalties.get(key, (0.0, 0.0))
        found.append(Tensor(key, shapes[key], at, size, key.endswith("kernel"), l1, l2))
        at += -(-size // LANES) * LANES
        if key not in still:
            trained = at
    return tuple(found), trained, at


def _wanted(program: Program) -> list[bool]:
    """For each value, whether anything that makes it is trained."""
    still = frozen(program)
    found: list[bool] = []
    for step in program.steps:
        own = any(key not in still for key in step.operation.operands)
        found.append(own or any(found[source] for source in step.inputs))
    return found


def _first_writers(program: Program, wanted: list[bool]) -> list[list[bool]]:
    """For each input of each step, whether it writes the gradient before any other does."""
    written: set[int] = set()
    found: list[list[bool]] = [[] for _ in program.steps]
    for index in reversed(range(len(program.steps))):
        for source in program.steps[index].inputs:
            found[index].append(source not in written)
            if wanted[index]:
                written.add(source)
    return found
