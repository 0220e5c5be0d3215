"""A text at one moment, and all that is known of it. Pure and light.

The one answer behind `check --json`, the Python API, the page and the language server:
each asks the same value for what it shows. What costs time is worked out when it is first
asked for: advice on budgets, the symbols, the drawing.
"""

from typing import ClassVar

from cnnspec.analysis.check import CheckedSpec, check, check_text
from cnnspec.analysis.costs import BudgetResult, Totals
from cnnspec.core.positions import Positions
from cnnspec.core.record import Record
from cnnspec.core.source import Source
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.expansion.state import Let, Overrides
from cnnspec.expansion.symbols import Symbol, symbols
from cnnspec.files.sources import Unsaved
from cnnspec.graph.graph import LayerCall
from cnnspec.ir.source import SpecSource
from cnnspec.language.parse import Parsed, parse


class Snapshot(Record):
    """A source with the values set for it, parsed and checked."""

    memos: ClassVar[tuple[str, ...]] = (
        "_drawing",
        "_parsed",
        "_positions",
        "_problems",
        "_symbols",
    )

    checked: CheckedSpec
    overrides: Overrides = {}  # noqa: RUF012 - a record never changes its defaults
    unsaved: Unsaved = {}  # noqa: RUF012 - a record never changes its defaults

    @property
    def source(self) -> Source:
        """The text."""
        return self.checked.source

    @property
    def parsed(self) -> Parsed:
        """The statements of the text."""
        return self.memo("_parsed", lambda: parse(self.source))

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings do not count."""
        return self.checked.ok

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """Errors and warnings in the order of their places, those of a budget with advice."""
        return self.memo("_problems", lambda: _advised(self.checked))

    @property
    def layers(self) -> tuple[LayerCall, ...]:
        """The layers in the order in which they work; empty before the first known shape."""
        return self.checked.layers

    @property
    def totals(self) -> Totals | None:
        """What the network costs; `None` where an error leaves it unknown."""
        return self.checked.totals

    @property
    def budgets(self) -> tuple[BudgetResult, ...]:
        """The budgets, each with its value and the share of its limit."""
        return self.checked.budget_results

    @property
    def lets(self) -> tuple[Let, ...]:
        """The lets outside of every block with their values, also one that was found by `fit`."""
        return self.checked.expanded.lets

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The names in the text and in the files that it uses."""
        return self.memo("_symbols", lambda: symbols(self.parsed, self.unsaved))

    @property
    def positions(self) -> Positions:
        """The lines of the text, in units of UTF-16."""
        return self.memo("_positions", lambda: Positions(self.source.text))

    @property
    def drawing(self) -> str | None:
        """The network as an `<svg>` element; `None` where the spec has errors."""
        return self.memo("_drawing", lambda: _drawn(self.checked))


def snapshot(
    source: Source, overrides: Overrides | None = None, unsaved: Unsaved | None = None
) -> Snapshot:
    """Returns what is known of a source under some overrides.

    `unsaved` are texts of files that it uses, by resolved path, in the place of what is on disk.
    """
    overrides, unsaved = overrides or {}, unsaved or {}
    if isinstance(source, SpecSource):
        return Snapshot(check(source, overrides, unsaved), overrides, unsaved)
    parsed = parse(source)
    found = Snapshot(check_text(parsed, overrides, unsaved), overrides, unsaved)
    found.memo("_parsed", lambda: parsed)
    return found


def _advised(checked: CheckedSpec) -> tuple[Diagnostic, ...]:
    """The problems of a spec; one without errors, as most are, needs no advice."""
    if checked.ok:
        return checked.problems
    from cnnspec.analysis.advice import with_advice

    return with_advice(checked)


def _drawn(checked: CheckedSpec) -> str | None:
    if not checked.ok:
        return None
    from cnnspec.drawing.svg import draw

    return draw(checked)
