"""Lints about linear layers: what another linear one, or a batch norm, makes needless.

The graph is followed through merges and shared layers. Which calls only pass numbers on,
scaled, added up and moved about, their operations say.
"""

from collections.abc import Iterator

from cnnspec.analysis.lints.network import LintContext, label, short
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.layer_lints import BiasBeforeNorm, NoActivation
from cnnspec.graph.graph import INPUT, LayerCall
from cnnspec.operations.values import BatchNormalization
from cnnspec.operations.windows import MatrixProduct


def bias_before_norm(network: LintContext) -> Iterator[Diagnostic]:
    """A bias that a batch norm takes off again, wherever the layer is applied."""
    norms = _centring(network)
    for uses in network.uses.values() if norms else ():
        call = network.calls[uses[0]]
        if call.implicit or not network.operations(call)[-1].has_bias:
            continue
        found = [norms.get(index) for index in uses]
        if None not in found and found[0] is not None:
            yield network.at(
                call,
                BiasBeforeNorm,
                of=short(call.layer),
                biases=call.output_shape.dims[-1],
                norm=label(found[0], "this batch norm has an offset of its own"),
            )


def _centring(network: LintContext) -> dict[int, LayerCall]:
    """Returns the batch norm that takes the offsets of a call off, where one always does.

    Layers between the two may be any that keep an offset, merges as well.
    """
    found: dict[int, LayerCall] = {}
    if not any(isinstance(operations[0], BatchNormalization) for operations in network.computed):
        return found
    for index in reversed(range(len(network.calls))):
        norms = [_norm(network, taker, found) for taker in network.takers[index]]
        if norms and norms[0] is not None and None not in norms:
            found[index] = norms[0]
    return found


def _norm(network: LintContext, index: int, found: dict[int, LayerCall]) -> LayerCall | None:
    call = network.calls[index]
    (first, *_), shape = network.operations(call), call.input_shape
    # Without an offset of its own the batch norm would leave none at all.
    if isinstance(first, BatchNormalization) and first.offset:
        return call
    kept = all(operation.keeps_offset(shape) for operation in network.operations(call))
    return found.get(index) if kept else None


def no_activation(network: LintContext) -> Iterator[Diagnostic]:
    """Layers with kernels and nothing between them that bends."""
    bends = _bends(network)
    joins = _joins(network)
    for uses in network.uses.values():
        call = network.calls[uses[0]]
        if call.implicit or not (call.layer.has_kernel and call.layer.function == "linear"):
            continue
        pairs = [_next_kernel(network, use, bends, joins) for use in uses]
        found = next((pair for pair in pairs if pair and _alone(network, uses, pairs, pair)), None)
        if found is not None:
            then, norm = found
            yield network.at(
                call,
                NoActivation,
                of=short(call.layer),
                next=short(then.layer),
                then=label(then, "the next layer with a kernel"),
                norm=norm and norm.span,
                normed=norm is not None,
            )


Pair = tuple[LayerCall, LayerCall | None]
"""The call whose kernel meets that of a linear one, and a batch norm between the two."""


def _alone(network: LintContext, uses: list[int], pairs: list[Pair | None], pair: Pair) -> bool:
    """Whether the second layer works on nothing but the output of the first, or is the first.

    A layer shared with other places is bound to these as well, and one before it is not idle.
    """
    then = network.uses[pair[0].weights_from or pair[0].name]
    met = {network.indices[found[0].name] for found in pairs if found}
    return then == uses or met.issuperset(then)


def _bends(network: LintContext) -> list[bool]:
    """Returns of each call whether its output is more than a linear function of one value.

    A sum of two values, each of which went through a function, is not one layer with
    another behind it. Channels side by side are: each has its share of the next kernel.
    """
    origins = [frozenset((INPUT,))]
    bends = [True]
    for index, call in enumerate(network.layers, 1):
        operations = network.computed[index]
        origin = origins[call.inputs[0]]
        linear = True
        if len(call.inputs) > 1:
            origin = origin.union(*(origins[source] for source in call.inputs[1:]))
            linear = len(origin) == 1 or operations[0].separate
        for operation in operations:
            linear = linear and operation.linear
        bends.append(not linear)
        origins.append(origin if linear else frozenset((index,)))
    return bends


def _joins(network: LintContext) -> list[int]:
    """Returns of each call the next one that every path from it goes through.

    They are its immediate postdominators (Cooper et al., "A simple, fast dominance
    algorithm", 2001), which one pass finds where there are no loops. The last has itself.
    """
    end = len(network.calls) - 1
    joins = [end] * (end + 1)
    for index in range(end - 1, -1, -1):
        found, *others = network.takers[index] or [end]
        for other in others:
            # What is computed later can only be nearer to the end.
            while found != other:
                if found < other:
                    found = joins[found]
                else:
                    other = joins[other]
        joins[index] = found
    return joins


def _next_kernel(
    network: LintContext, start: int, bends: list[bool], joins: list[int]
) -> Pair | None:
    """Returns the layer whose kernel meets that of a linear one, and a batch norm between them.

    They meet if all that is made of the first comes together again with nothing bent on the
    way, and a kernel has been passed there.
    """
    first, norm, at = network.calls[start], None, start
    while at != joins[at]:
        between = _between(network, at, joins[at], bends)
        if between is None:
            return None
        for index in between:
            then = network.calls[index]
            if then.layer.has_kernel and not then.implicit:
                merged = any(len(network.calls[i].inputs) > 1 for i in between if i <= index)
                one = _factors(network, first, then, merged=merged)
                return None if one else (then, norm)
            if any(operation.mixes_images for operation in network.operations(then)):
                norm = then
        at = joins[at]
    return None


def _between(network: LintContext, start: int, end: int, bends: list[bool]) -> list[int] | None:
    """Returns the calls on the paths between two, the second included; `None` if one bends."""
    found, ahead = set(), [*network.takers[start]]
    while ahead:
        index = ahead.pop()
        if index in found:
            continue
        # A kernel comes before the function at its end.
        if bends[index] and not (index == end and network.calls[index].layer.has_kernel):
            return None
        found.add(index)
        if index != end:
            ahead += network.takers[index]
    return sorted(found)


def _factors(network: LintContext, first: LayerCall, second: LayerCall, *, merged: bool) -> bool:
    """Whether two linear layers are one on purpose, written as two to save weights."""
    kernels = [getattr(call.layer, "kernel", ()) for call in (first, second)]
    if (first.layer.depthwise or second.layer.depthwise) and (1, 1) in kernels:
        return True
    if all(kernel and 1 in kernel and kernel != (1, 1) for kernel in kernels):
        return kernels[0].index(1) != kernels[1].index(1)
    # Behind a merge, what the second gets is all of it.
    middle = second.input_shape if merged else first.output_shape
    if isinstance(network.operations(second)[0], MatrixProduct):
        sizes = first.input_shape.size, middle.size, second.output_shape.size
    else:
        sizes = first.input_shape.dims[-1], middle.dims[-1], second.output_shape.dims[-1]
    return sizes[1] < min(sizes[0], sizes[2])


LINTS = (
    bias_before_norm,
    no_activation,
)
