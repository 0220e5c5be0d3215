"""Warnings: valid, but probably not meant. Pure: a spec and its graph in, diagnostics out.

A table of small functions, one for each lint. Each is silent where it is in doubt:
a warning that is wrong once is not read the second time. There is none for a budget
that is never near, because a budget mostly comes from the task and not from the network.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from cnnspec.analysis.lints.dropout import dropout_before_norm, dropout_on_output
from cnnspec.analysis.lints.ending import last_function
from cnnspec.analysis.lints.idle import does_nothing
from cnnspec.analysis.lints.network import LintContext
from cnnspec.analysis.lints.norms import batch_statistics
from cnnspec.analysis.lints.sizes import dense_holds_most, small_field
from cnnspec.analysis.lints.training import (
    changes_class,
    idle_schedule,
    patience_too_long,
    slow_average,
    unusual_rate,
    validates_on_test,
)
from cnnspec.analysis.lints.values import softmax_twice
from cnnspec.analysis.lints.windows import pool_drops, skips_pixels
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Traced
from cnnspec.diagnostics.silence import SilencesNothing
from cnnspec.graph.build import Graph
from cnnspec.ir.spec import Spec


def lint(spec: Spec, graph: Graph, spans: dict[str, Span]) -> list[Diagnostic]:
    """Returns the warnings of a spec without errors, each place once, without those it silences."""
    network = LintContext(spec, graph, spans)
    found: dict[Any, Diagnostic] = {}
    times: Counter[Any] = Counter()
    for function in LINTS:
        for warning in function(network):
            span = warning.span
            place = (id(span.source), span.start) if span else None
            times[warning.code, place] += 1
            found.setdefault((warning.code, place), warning)
    for key, warning in found.items():
        # One statement can make several layers, in a block or a `repeat`.
        if times[key] < network.written(warning.span):
            found[key] = _in_part(warning)
    codes = {warning.code for warning in found.values()}
    needless = [
        SilencesNothing(spans.get(f"silence.{code}"), silenced=code)
        for code in spec.silence
        if code not in codes
    ]
    return [w for w in found.values() if w.code not in spec.silence] + needless


def lint_images(spec: Spec, graph: Graph, images: int) -> list[Diagnostic]:
    """Returns the warnings that only the number of training images brings.

    Of a known dataset it is known before, and `lint` says them.
    """
    if spec.data.dataset is not None:
        return []
    network = LintContext(spec, graph, {})
    known = {found.code for found in batch_statistics(network)}
    found = batch_statistics(network, images)
    return [w for w in found if w.code not in known and w.code not in spec.silence]


def _in_part(warning: Diagnostic) -> Diagnostic:
    """Returns a warning that does not hold for every layer that its statement makes."""
    if isinstance(warning, Traced):
        return warning.replace(everywhere=False)
    return Traced(warning.span, warning, everywhere=False)


def of_linear_layers(network: LintContext) -> Iterator[Diagnostic]:
    """What makes a linear layer needless, where there are such layers before the last."""
    if any(call.layer.has_kernel and call.layer.function == "linear" for call in network.layers):
        # Here, for many networks have none.
        from cnnspec.analysis.lints.linear import bias_before_norm, no_activation

        yield from bias_before_norm(network)
        yield from no_activation(network)


def of_values(network: LintContext) -> Iterator[Diagnostic]:
    """What the values of a network can be, looked into where they may be limited."""
    forgetful = any(
        operation.forgets(call.output_shape)
        for call in network.layers
        for operation in network.operations(call)
    )
    zeros = any(call.layer.starts_at_zero("kernel") for call in network.layers)
    # A function that is a layer of its own may have another before it.
    apart = len(network.operations(network.layers[-1])) == 1 and network.layers[-1].layer.function
    if forgetful or zeros or apart:
        # Here, for most networks have nothing of it.
        from cnnspec.analysis.lints.values import clipped_output, forgets_image

        yield from forgets_image(network)
        yield from clipped_output(network)


LINTS: tuple[Callable[[LintContext], Iterator[Diagnostic]], ...] = (
    of_linear_layers,
    pool_drops,
    softmax_twice,
    last_function,
    dropout_before_norm,
    dropout_on_output,
    small_field,
    validates_on_test,
    unusual_rate,
    dense_holds_most,
    does_nothing,
    skips_pixels,
    patience_too_long,
    changes_class,
    idle_schedule,
    slow_average,
    batch_statistics,
    of_values,
)
"""Every lint; what is looked for in few networks is loaded for those."""
