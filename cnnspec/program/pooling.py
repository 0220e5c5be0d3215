"""Passes that move a pooling to where fewer values have to be kept, and into a convolution."""

from cnnspec.operations.base import Operation
from cnnspec.operations.values import Concatenate, Map
from cnnspec.operations.windows import Convolution, Pool, PooledConvolution, Reduce
from cnnspec.program.build import Program, Step
from cnnspec.program.rewrite import without


def relu_after_pool(program: Program) -> Program:
    """Applies the functions before a max-pooling after it, to the maximum of each window.

    f(max(x)) = max(f(x)) where f is monotone, and there are fewer values after the pooling.
    """
    readers = program.readers()
    steps = list(program.steps)
    for index, step in enumerate(program.steps):
        place = index
        while isinstance(steps[place].operation, Pool):
            (source,) = steps[place].inputs
            before, pool = steps[source], steps[place]
            alone = len(readers[source]) == 1 and source != program.output
            if not alone or not _comes_after(before.operation, pool.operation):
                break
            # Each takes the other's place, so no other step has to be told.
            taken = tuple(steps[index].value.shape for index in before.inputs)
            pooled = before.value.replace(shape=pool.operation.shape(taken))
            steps[source] = Step(pool.operation, before.inputs, pooled, pool.layers)
            steps[place] = Step(before.operation, (source,), step.value, before.layers)
            place = source
    return program.replace(steps=tuple(steps))


def _comes_after(operation: Operation, pool: Operation) -> bool:
    """Whether a function may as well see what a pooling gives."""
    of_maximum = isinstance(pool, Pool) and pool.function == "max"
    return of_maximum and isinstance(operation, Map) and operation.function.monotone


def pool_before_concatenation(program: Program) -> Program:
    """Pools each input of a concatenation in place of all of them together.

    Channels are pooled one by one, so the image that is pooled is never there, and a pooling can
    go into the convolution that an input comes from.
    """
    while found := _pooled_concatenation(program):
        program = _moved_before(program, *found)
    return program


def _pooled_concatenation(program: Program) -> tuple[int, int] | None:
    """A concatenation that nothing but a pooling takes, and that pooling."""
    readers = program.readers()
    for index, step in enumerate(program.steps):
        if isinstance(step.operation, Pool | Reduce):
            (source,) = step.inputs
            joined = isinstance(program.steps[source].operation, Concatenate)
            if joined and len(readers[source]) == 1 and source != program.output:
                return source, index
    return None


def _moved_before(program: Program, joined: int, at: int) -> Program:
    """Puts a pooling behind each step whose value a concatenation takes."""
    together, pool = program.steps[joined], program.steps[at]
    place: dict[int, int] = {}
    pooled: dict[int, int] = {}
    steps: list[Step] = []
    for index, step in enumerate(program.steps):
        if index == at:
            place[at] = place[joined]
            continue
        place[index] = len(steps)
        if index == joined:
            inputs = tuple(pooled[source] for source in step.inputs)
            steps.append(step.replace(inputs=inputs, value=pool.value))
            continue
        steps.append(step.replace(inputs=tuple(place[source] for source in step.inputs)))
        if index in together.inputs:
            value = pool.value.replace(shape=pool.operation.shape((step.value.shape,)))
            pooled[index] = len(steps)
            steps.append(Step(pool.operation, (place[index],), value, pool.layers))
    return program.replace(steps=tuple(steps), output=place[program.output])


def fuse_pool(program: Program, most: int = 0) -> Program:
    """Puts a max-pooling into the convolution before it, where windows do not overlap.

    The image between them is then never there. `most` limits the places of a window.
    """
    readers = program.readers()
    steps = list(program.steps)
    fused = set()
    for index, step in enumerate(program.steps):
        pool = step.operation
        if not isinstance(pool, Pool) or not pool.tiles:
            continue
        (source,) = step.inputs
        before = steps[source]
        alone = len(readers[source]) == 1 and source != program.output
        if not alone or not _ends_in_order(before.operation):
            continue
        if most and pool.size[0] * pool.size[1] > most:
            continue
        rows, columns, _ = step.value.shape.dims
        fields = {**before.operation.as_dict(), "window": pool.size, "pooled": (rows, columns)}
        second = pool.then if fields["then"] else None
        operation = PooledConvolution(**fields | {"then": fields["then"] or pool.then})
        layers = tuple(dict.fromkeys((*before.layers, *step.layers)))
        steps[source] = Step(operation, before.inputs, step.value, layers)
        if second:
            steps[index] = step.replace(operation=Map(second))
        else:
            fused.add(index)
    return without(program.replace(steps=tuple(steps)), fused)


def _ends_in_order(operation: Operation) -> bool:
    """Whether it is a convolution whose function, if it has one, keeps the order of numbers."""
    if type(operation) is not Convolution:
        return False
    return operation.then is None or operation.then.monotone
