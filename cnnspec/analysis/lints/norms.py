"""Lints about batch norm, whose moving statistics training has to find."""

from collections.abc import Iterator
from math import prod

from cnnspec.analysis.lints.network import LintContext, short
from cnnspec.analysis.lints.training import images_of, steps_of
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.value_lints import NormOfOne, SharedStatistics, ShortMemory, SlowStatistics
from cnnspec.graph.graph import LayerCall
from cnnspec.ir.spec import Node
from cnnspec.operations.values import BatchNormalization

START_SHARE = 0.2
"""The share of the first statistics in those of the end above which scores suffer."""

SHORTEST = 0.5
"""The least momentum of batch norm that short trainings need; PyTorch's usual one is 0.1."""


def batch_statistics(network: LintContext, images: int | None = None) -> Iterator[Diagnostic]:
    """Batch norm whose moving statistics hardly move, or that sees one value at a time.

    `images` is how many are trained on, where the data has been read.
    """
    counted = (images_of(network.spec) if images is None else images) or 0
    steps, batch = steps_of(network.spec, images), network.spec.train.batch
    slow: list[tuple[LayerCall, float]] = []
    for uses in network.uses.values():
        call = network.calls[uses[0]]
        norms = [o for o in network.operations(call) if isinstance(o, BatchNormalization)]
        for norm in norms:
            if norm.momentum < SHORTEST:
                yield network.at(call, ShortMemory, momentum=norm.momentum)
            alone = prod(call.input_shape.dims[:-1]) == 1
            if len(uses) > 1:
                instead, of = "ln" if alone else "gn instance", short(call.layer)
                yield network.at(call, SharedStatistics, of=of, calls=len(uses), instead=instead)
            if alone and (batch == 1 or counted % batch == 1):
                of, left = short(call.layer), counted if batch > 1 else 0
                yield network.at(call, NormOfOne, of=of, batch=batch, images=left)
            # A shared layer takes a step at each of its calls.
            elif steps is not None and norm.momentum ** (steps * len(uses)) > START_SHARE:
                slow.append((call, norm.momentum ** (steps * len(uses))))
    if slow and steps is not None:
        worst, share = max(slow, key=lambda found: found[1])
        elements = [network.element(call) for call, _ in slow]
        spans = dict.fromkeys(e.span for e in elements if isinstance(e, Node) and e.span)
        yield network.at(
            worst,
            SlowStatistics,
            of=short(worst.layer),
            others=len(spans) - 1,
            steps=steps,
            share=int(100 * share),
            norms=tuple(spans),
        )


LINTS = (batch_statistics,)
