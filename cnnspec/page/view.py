"""What the page shows of a text while it is typed: one value of plain JSON, made in milliseconds.

Places are lines from 0 and characters in units of UTF-16, as JavaScript counts them. Layers
are numbered by their rows; a site is a statement with the rows that it makes.
"""

from typing import Any

from cnnspec.core.edits import Edit
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.claims import OverBudget
from cnnspec.drawing.layout import Layout
from cnnspec.graph.graph import INPUT
from cnnspec.service.document import Places, problem
from cnnspec.service.hover import used
from cnnspec.service.knobs import knobs
from cnnspec.service.sites import Site, sites
from cnnspec.service.snapshot import Snapshot

_FEW_LAYERS = 50
"""Layers of a network whose memory plan and advice on budgets are found within milliseconds."""


def view(found: Snapshot) -> dict[str, Any]:
    """Returns what is known of a text without what takes longer than its check.

    `whole` is false where something is left out, which `rest` then has: the RAM of a network that
    no budget asks for, and in problems the advice on budgets.
    """
    spec = found.checked.spec
    places = Places(found)
    few = len(found.layers) <= _FEW_LAYERS
    told = found.problems if few else found.checked.problems
    rows = {id(call): row for row, call in enumerate(found.layers)}
    return {
        "ok": found.ok,
        "model": spec.model,
        "data": spec.data.source,
        "input": str(spec.shape),
        "classes": spec.classes,
        "layers": [_layer(found, row, places) for row in range(len(found.layers))],
        "sites": [_site(site, rows, places) for site in sites(found)],
        "totals": _totals(found, ram=few),
        "budgets": _budgets(found, told, places),
        "lets": _lets(found, places),
        "problems": [_problem(each, found, places) for each in told],
        "whole": few or not found.layers,
    }


def rest(found: Snapshot) -> dict[str, Any]:
    """Returns what `view` left out: totals, and problems where there is advice on budgets."""
    made: dict[str, Any] = {"totals": _totals(found, ram=True)}
    if any(isinstance(each, OverBudget) for each in found.checked.problems):
        places = Places(found)
        made["problems"] = [_problem(each, found, places) for each in found.problems]
    return made


def _totals(found: Snapshot, *, ram: bool) -> dict[str, Any] | None:
    """What the network costs; its plan of memory takes as long as all the rest."""
    if found.totals is None:
        return None
    return found.totals.dump() if ram else found.totals.counted() | {"ram": None}


def _problem(each: Diagnostic, found: Snapshot, places: Places) -> dict[str, Any]:
    """A problem, which may be in a file that the text uses."""
    elsewhere = each.span is not None and each.span.source is not found.source
    return problem(each, places) | {"elsewhere": elsewhere}


def _layer(found: Snapshot, row: int, places: Places) -> dict[str, Any]:
    call = found.layers[row]
    return {
        "name": call.name,
        "layer": str(call.layer),
        "implied": call.implicit,
        "output": str(call.output_shape),
        "params": call.params,
        "macs": call.macs,
        **_range(call.span, places),
    }


def _site(site: Site, rows: dict[int, int], places: Places) -> dict[str, Any]:
    """A statement: the shape that it gives, what it costs, and its rows."""
    return {
        "shapes": site.shapes,
        "inputs": site.inputs,
        "params": site.params,
        "macs": site.macs,
        "rows": [rows[id(call)] for call in site.calls],
        **_range(site.statement.span, places),
    }


def _range(span: Span | None, places: Places) -> dict[str, Any]:
    """The range of a span of this text; that of another file is not in the editor."""
    found = places.of(span)
    return {} if "file" in found or not found else {"range": found["range"]}


def _budgets(found: Snapshot, told: tuple[Diagnostic, ...], places: Places) -> list[dict[str, Any]]:
    """The budgets with the share that is used, and the problem whose fix would keep them."""
    return [
        {
            "text": str(one.budget),
            "used": used(one),
            "holds": one.holds,
            "share": one.share,
            "problem": next(
                (
                    place
                    for place, each in enumerate(told)
                    if isinstance(each, OverBudget) and each.span == one.budget.span
                ),
                None,
            ),
            **_range(one.budget.span, places),
        }
        for one in found.budgets
    ]


def _lets(found: Snapshot, places: Places) -> list[dict[str, Any]]:
    """The names of numbers: with a slider where the value is written in digits."""
    sliders = {
        knob.name: {"low": knob.low, "high": knob.high, "step": knob.step}
        | _range(knob.span, places)
        for knob in knobs(found)
    }
    return [
        {
            "name": let.name,
            "value": let.value if isinstance(let.value, int) else float(let.value),
            "fitted": let.name in found.checked.fitted,
            "slider": sliders.get(let.name),
        }
        for let in found.lets
    ]


def boxes(found: Snapshot, sheet: Layout) -> list[dict[str, Any]]:
    """Returns where each block of the drawing is, and the rows of the table that it shows."""
    return [
        {
            **{side: round(getattr(box, side), 1) for side in ("x", "y", "width", "height")},
            "rows": [call - 1 for call in box.calls if call != INPUT],
        }
        for box in sheet.boxes
    ]


def edits(found: Snapshot, made: tuple[Edit, ...]) -> list[dict[str, Any]]:
    """Returns edits of a text as JSON."""
    places = Places(found)
    return [{"range": places.of(edit.span)["range"], "text": edit.text} for edit in made]
