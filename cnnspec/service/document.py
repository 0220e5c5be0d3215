"""A snapshot as JSON: what `check --json` prints and the page reads.

Offsets count characters from 0, and `range` is what the Language Server Protocol calls one:
lines from 0 and characters in UTF-16, as JavaScript has them. The end is exclusive.
"""

from typing import Any

from cnnspec.core.positions import Position, Positions
from cnnspec.core.source import Source, Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.render import as_json
from cnnspec.expansion.symbols import Symbol
from cnnspec.graph.graph import LayerCall
from cnnspec.language.numbers import Exact
from cnnspec.service.snapshot import Snapshot


def document(snapshot: Snapshot, *, formulas: bool = False) -> dict[str, Any]:
    """Returns all that is known of a spec as JSON, with `formulas` those of every number."""
    spec, totals = snapshot.checked.spec, snapshot.totals
    places = Places(snapshot)
    data: dict[str, Any] = {
        "file": snapshot.source.name,
        "ok": snapshot.ok,
        "model": spec.model,
        "data": spec.data.source,
        "input": list(spec.input),
        "classes": spec.classes,
        "layers": [_layer(call, snapshot, places) for call in snapshot.layers],
        "totals": totals.dump() if totals else None,
        "budgets": [
            {
                **one.budget.dump(),
                "value": one.value,
                "holds": one.holds,
                "share": one.share,
                "unit": "bytes" if one.budget.quantity in ("flash", "ram") else None,
                "error": one.error,
                "limits": [fit.name for fit in snapshot.checked.fits if one.budget in fit.broken],
                **places.of(one.budget.span),
            }
            for one in snapshot.budgets
        ],
        "lets": [
            {"name": let.name, "value": _number(let.value), **places.of(let.span)}
            for let in snapshot.lets
        ],
        "problems": [problem(one, places) for one in snapshot.problems],
    }
    if formulas:
        from cnnspec.analysis import formulas as found

        dumped = found.dump(snapshot.checked)
        for layer, own in zip(data["layers"], dumped["layers"], strict=True):
            layer["formulas"] = own["formulas"]
        data["legend"] = dumped["legend"]
    if snapshot.checked.fits:
        data["fitted"] = snapshot.checked.fitted
        data["fits"] = [fit.dump() for fit in snapshot.checked.fits]
        data["objective"] = str(snapshot.checked.expanded.objective or "") or None
    return data


def _layer(call: LayerCall, snapshot: Snapshot, places: "Places") -> dict[str, Any]:
    """A row: the layer, its shapes and costs, and where it is written."""
    calls = snapshot.checked.graph.calls
    inputs = [list(calls[index].output_shape.dims) for index in call.inputs]
    return {**call.dump(), "inputs": inputs, **places.of(call.span)}


def _number(value: Exact) -> int | float:
    return value if isinstance(value, int) else float(value)


def problem(found: Diagnostic, places: "Places") -> dict[str, Any]:
    """Returns a diagnostic as JSON, with offsets and ranges beside its lines and columns."""
    data = as_json(found)
    data |= places.of(found.span)
    for related, label in zip(data["related"], found.related, strict=True):
        related |= places.of(label.span)
    for dumped, fix in zip(data["fixes"], found.fixes, strict=True):
        for edit, own in zip(dumped["edits"], fix.edits, strict=True):
            edit |= places.of(own.span)
    return data


def symbol(found: Symbol, places: "Places") -> dict[str, Any]:
    """Returns a name as JSON, with its definition and its uses."""
    return {
        "kind": found.kind,
        "name": found.name,
        "definition": places.in_file(found.definition),
        "uses": [places.in_file(use) for use in found.uses],
    }


class Places:
    """Spans as offsets and ranges; the lines of each source are looked for once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._known: dict[int, tuple[Source, Positions]] = {}

    def of(self, span: Span | None) -> dict[str, Any]:
        """Returns `start`, `end` and `range` of a span; nothing where there is none.

        One in a file that is used has its `file` as well.
        """
        if span is None:
            return {}
        lines = self.lines(span.source)
        ends = [_position(lines.at(offset)) for offset in (span.start, span.end)]
        elsewhere = span.source is not self._snapshot.source
        return {
            **({"file": span.source.name} if elsewhere else {}),
            "start": span.start,
            "end": span.end,
            "range": {"start": ends[0], "end": ends[1]},
        }

    def in_file(self, span: Span) -> dict[str, Any]:
        """Returns a span with the name of its source."""
        return {"file": span.source.name} | self.of(span)

    def lines(self, source: Source) -> Positions:
        """Returns the lines of a source."""
        if source is self._snapshot.source:
            return self._snapshot.positions
        if id(source) not in self._known:
            # The source is kept as well, so that no other one gets its id.
            self._known[id(source)] = source, Positions(source.text)
        return self._known[id(source)][1]


def _position(at: Position) -> dict[str, int]:
    return {"line": at.line, "character": at.character}
