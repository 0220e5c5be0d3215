"""Warnings: valid, but probably not meant. Pure: a spec and its graph in, diagnostics out.

Small functions, one for each lint, in modules by what they are about. Each is silent where it is
in doubt: a warning that is wrong once is not read the second time. There is none for a budget
that is never near, because a budget mostly comes from the task and not from the network.
"""

from importlib import import_module
from typing import Any

from cnnspec.analysis.lints.network import LintContext, subjects
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Traced
from cnnspec.diagnostics.silence import SilencesNothing
from cnnspec.graph.graph import Graph
from cnnspec.ir.spec import Spec

SUBJECTS = (
    "linear",
    "windows",
    "values",
    "ending",
    "dropout",
    "sizes",
    "training",
    "idle",
    "norms",
)
"""The modules of `lints/` with a table `LINTS`. `subjects` says which of them a spec needs."""


def lint(
    spec: Spec, graph: Graph, spans: dict[str, Span], idle: dict[str, Span] | None = None
) -> list[Diagnostic]:
    """Returns the warnings of a spec without errors, each place once, without those it silences.

    `idle` are the names of fits that nothing uses, with their places.
    """
    needed = subjects(spec, graph)
    if not needed and not spec.silence and not idle:
        return []
    network = LintContext(spec, graph, spans)
    found: dict[Any, Diagnostic] = {}
    times: dict[Any, int] = {}
    for subject in SUBJECTS:
        if subject not in needed:
            continue
        module: Any = import_module(f"cnnspec.analysis.lints.{subject}")
        for function in module.LINTS:
            for warning in function(network):
                span = warning.span
                key = warning.code, (id(span.source), span.start) if span else None
                times[key] = times.get(key, 0) + 1
                found.setdefault(key, warning)
    if idle:
        from cnnspec.diagnostics.value_lints import FitsNothing

        for name, span in idle.items():
            found[name] = FitsNothing(span, name=name)
    for key, warning in found.items():
        # One statement can make several layers, in a block or a `repeat`.
        if 0 < times.get(key, 0) < network.written(warning.span):
            found[key] = _in_part(warning)
    warnings = list(found.values())
    return _unsilenced(warnings, spec, spans) if spec.silence else warnings


def _unsilenced(warnings: list[Diagnostic], spec: Spec, spans: dict[str, Span]) -> list[Diagnostic]:
    """Returns the warnings that a spec does not silence, and one for each `silence` of nothing."""
    codes = {warning.code for warning in warnings}
    needless = [
        SilencesNothing(spans.get(f"silence.{code}"), silenced=code)
        for code in spec.silence
        if code not in codes
    ]
    return [w for w in warnings if w.code not in spec.silence] + needless


def lint_images(spec: Spec, graph: Graph, images: int) -> list[Diagnostic]:
    """Returns the warnings that only the number of training images brings.

    What `lint` says without the data is not said again.
    """
    # Here, for many networks have no batch norm.
    from cnnspec.analysis.lints.norms import batch_statistics

    network = LintContext(spec, graph, {})
    known = {found.code for found in batch_statistics(network)}
    found = batch_statistics(network, images)
    return [w for w in found if w.code not in known and w.code not in spec.silence]


def _in_part(warning: Diagnostic) -> Diagnostic:
    """Returns a warning that does not hold for every layer that its statement makes."""
    if isinstance(warning, Traced):
        return warning.replace(everywhere=False)
    return Traced(warning.span, warning, everywhere=False)
