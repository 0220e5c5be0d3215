"""Lints about dropout and noise, which are there in training only."""

from collections.abc import Iterator

from cnnspec.analysis.lints.network import LintContext, label, short
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.layer_lints import DropoutBeforeNorm, DropoutOnOutput
from cnnspec.graph.graph import LayerCall
from cnnspec.operations.base import Operation
from cnnspec.operations.values import Dropout, Noise
from cnnspec.operations.windows import Pool


def dropout_before_norm(network: LintContext) -> Iterator[Diagnostic]:
    """A batch norm that learns the variance of dropout."""

    def through(operation: Operation) -> bool:
        # A kernel mixes many values, behind which little of the shift is left.
        return (
            operation.view or operation.kind == "activation" or isinstance(operation, Noise | Pool)
        )

    for call in network.layers:
        if not any(operation.mixes_images for operation in network.operations(call)):
            continue
        before = network.back(network.source(call), through)
        if before and any(
            isinstance(operation, Dropout) and operation.rate
            for operation in network.operations(before)
        ):
            norm = label(call, "the batch norm")
            yield network.at(before, DropoutBeforeNorm, of=short(before.layer), norm=norm)


def dropout_on_output(network: LintContext) -> Iterator[Diagnostic]:
    """Dropout or noise behind the last layer that could make up for it."""

    def through(operation: Operation) -> bool:
        return operation.keeps_values or operation.kind == "activation"

    disturbing = []
    call: LayerCall | None = network.layers[-1]
    while call is not None and network.is_of(call, through):
        if network.disturbance(call):
            disturbing.append(call)
        call = network.source(call)
    weighted = call if call and call.layer.has_kernel else None
    last, before = (short(weighted.layer), weighted.span) if weighted else ("", None)
    for found in disturbing:
        yield network.at(found, DropoutOnOutput, of=short(found.layer), last=last, before=before)


LINTS = (
    dropout_before_norm,
    dropout_on_output,
)
