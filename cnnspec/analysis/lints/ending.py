"""A lint about the end of a network and the loss that reads it."""

from collections.abc import Iterator

from cnnspec.analysis.lints.network import LintContext, short
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.training_lints import LossMismatch, NoProbabilities
from cnnspec.operations.base import Operation
from cnnspec.operations.values import BatchNormalization, GroupNormalization


def last_function(network: LintContext) -> Iterator[Diagnostic]:
    """An end of the network that is not what the loss reads."""
    loss = network.spec.train.loss
    call = network.layers[-1]
    while network.is_of(call, _keeps_probabilities):
        before = network.source(call)
        if before is None:
            return
        call = before
    function = call.layer.function
    if isinstance(network.operations(call)[0], BatchNormalization | GroupNormalization):
        function = "linear"
    if not loss.reads or not function or function in loss.reads:
        return
    wanted = loss.reads[0]
    if function == "linear":
        layer = short(call.layer) if call.layer.has_kernel else ""
        yield network.at(call, NoProbabilities, loss=loss.word, wanted=wanted, layer=layer)
    else:
        other = {"softmax": "categorical_crossentropy", "sigmoid": "binary_crossentropy"}
        yield network.at(
            call,
            LossMismatch,
            "activation",
            activation=function,
            loss=loss.word,
            wanted=wanted,
            other=other.get(function, ""),
        )


def _keeps_probabilities(operation: Operation) -> bool:
    """Whether probabilities are probabilities behind it: kept, moved about or averaged."""
    averages = operation.kind == "pooling" and operation.linear
    idle = operation.kind == "activation" and operation.linear
    return operation.keeps_values or averages or idle


LINTS = (last_function,)
