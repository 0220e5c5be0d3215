"""Rewrites of a program for inference: the same outputs by fewer operations.

A pass is a pure function from a valid program to a valid program (`validate`). It does not compute
weights: it writes recipes for them. Those that move a pooling are in `pooling.py`.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from cnnspec.operations.base import Function, Operation
from cnnspec.operations.values import Affine, BatchNormalization, Map
from cnnspec.operations.windows import Convolution, MatrixProduct, TransposedConvolution
from cnnspec.program.build import Program
from cnnspec.program.pooling import fuse_pool, pool_before_concatenation, relu_after_pool
from cnnspec.program.recipes import NormOffset, NormScale, Recipe, ScaledBias, ScaledKernel
from cnnspec.program.rewrite import Pass, without


def drop_identities(program: Program) -> Program:
    """Leaves out what does nothing at inference: dropout, noise, `linear`, a pad by zero."""
    idle = {
        index
        for index, step in enumerate(program.steps)
        if step.inputs and step.operation.identity(program.steps[step.inputs[0]].value.shape)
    }
    return without(program, idle) if idle else program


def fold_batch_norm(program: Program) -> Program:
    """Puts batch norm into the kernel before it, or makes it a factor and an offset.

    It goes into a convolution or matrix product if nothing else takes the output and no other step
    reads the kernel: a shared kernel would be stored once for each use.
    """
    norms = [i for i, s in enumerate(program.steps) if isinstance(s.operation, BatchNormalization)]
    if not norms:
        return program
    readers = program.readers()
    uses = Counter(key for step in program.steps for key in step.operation.operands)
    steps = list(program.steps)
    recipes = dict(program.recipes)
    folded = set()
    for index in norms:
        step = steps[index]
        (source,) = step.inputs
        norm = step.operation
        assert isinstance(norm, BatchNormalization)
        scale, offset = _norm_recipes(norm, step.name, recipes)
        before = steps[source].operation
        alone = len(readers[source]) == 1 and source != program.output and source not in folded
        axis = _output_axis(before)
        if alone and axis is not None and uses[getattr(before, "kernel", "")] == 1:
            shape = program.steps[steps[source].inputs[0]].value.shape
            operation = _folded(before, shape, axis, scale, offset, step.name, recipes)
            layers = (*steps[source].layers, *step.layers)
            steps[source] = steps[source].replace(operation=operation, layers=layers)
            folded.add(index)
        else:
            steps[index] = step.replace(operation=Affine(scale, offset))
    return without(program.replace(steps=tuple(steps), recipes=recipes), folded)


def _norm_recipes(
    norm: BatchNormalization, name: str, recipes: dict[str, Recipe]
) -> tuple[str, str]:
    """Returns the keys of the factor and the offset of a batch norm and adds their recipes."""
    # Two calls that share their weights share these as well.
    owner = norm.variance.rpartition("/")[0] or name
    scale, offset = f"{owner}/scale", f"{owner}/offset"
    recipes[scale] = NormScale(norm.scale, norm.variance, norm.epsilon)
    recipes[offset] = NormOffset(norm.offset, norm.mean, scale)
    return scale, offset


def _output_axis(operation: Operation) -> int | None:
    """The axis of the outputs in a kernel that batch norm can go into, or `None`."""
    match operation:
        case Convolution(then=None) | MatrixProduct(then=None):
            return -1
        case TransposedConvolution(then=None):
            return 2
    return None


def _folded(
    operation: Operation,
    shape: Any,
    axis: int,
    scale: str,
    offset: str,
    name: str,
    recipes: dict[str, Recipe],
) -> Operation:
    """Returns an operation with a batch norm in its kernel and bias and adds the recipes."""
    old: str = operation.kernel  # type: ignore[attr-defined]
    bias: str = operation.bias  # type: ignore[attr-defined]
    kernel = f"{old}*{name}"
    recipes[kernel] = ScaledKernel(old, scale, operation.weights(shape)[old], axis)
    if bias:
        recipes[f"{bias}*{name}"] = ScaledBias(bias, scale, offset)
        offset = f"{bias}*{name}"
    return operation.replace(kernel=kernel, bias=offset)


def fuse_functions(program: Program) -> Program:
    """Fuses a function into the operation before it, which applies it to what it writes."""
    return _fuse(program, lambda function: True)


def fuse_limits(program: Program) -> Program:
    """Fuses ReLU alone, with a ceiling or not: in integers it is a limit, which costs nothing."""
    return _fuse(program, lambda function: function.name == "relu" and not function.slope)


def _fuse(program: Program, wanted: Callable[[Function], bool]) -> Program:
    readers = program.readers()
    steps = list(program.steps)
    fused = set()
    for index, step in enumerate(program.steps):
        if not isinstance(step.operation, Map) or not wanted(step.operation.function):
            continue
        (source,) = step.inputs
        before = steps[source]
        if (
            len(readers[source]) == 1
            and source != program.output
            and before.operation.fuses
            and before.operation.then is None  # type: ignore[attr-defined]
        ):
            operation = before.operation.replace(then=step.operation.function)
            layers = tuple(dict.fromkeys((*before.layers, *step.layers)))
            steps[source] = before.replace(operation=operation, layers=layers)
            fused.add(index)
    return without(program.replace(steps=tuple(steps)), fused)


INFERENCE: tuple[Pass, ...] = (
    drop_identities,
    fold_batch_norm,
    pool_before_concatenation,
    relu_after_pool,
    fuse_pool,
    fuse_functions,
)
"""The passes for inference, in the order in which they are run."""


INTEGERS: tuple[Pass, ...] = (
    drop_identities,
    fold_batch_norm,
    pool_before_concatenation,
    # Before pooling: a limit is free wherever it is, and tells the range of what is pooled.
    fuse_limits,
    relu_after_pool,
    fuse_pool,
)
"""The passes for inference in int8: a function that is not a limit is a table of its own."""


UNFUSED: tuple[Pass, ...] = (drop_identities, fold_batch_norm)
"""The passes for formats whose runtimes fuse operations as it suits them."""


def without_fusion(program: Program) -> Program:
    """Returns the program with every function and pooling as a step of its own."""
    for rewrite in UNFUSED:
        program = rewrite(program)
    return program


def for_integers(program: Program) -> Program:
    """Returns the program that is run in int8."""
    for rewrite in INTEGERS:
        program = rewrite(program)
    return program


def for_inference(program: Program) -> Program:
    """Returns the program that targets run: every pass, one after another."""
    for rewrite in INFERENCE:
        program = rewrite(program)
    return program
