"""What Python programs get of a check."""

from typing import Any

from cnnspec.analysis.costs import BudgetResult
from cnnspec.analysis.formulas import explain
from cnnspec.analysis.summary import layer_table, overview, title
from cnnspec.api import markup
from cnnspec.core.table import Table
from cnnspec.core.terminal import plain
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.render import render
from cnnspec.expansion.state import Let
from cnnspec.graph.graph import LayerCall
from cnnspec.service.snapshot import Snapshot


class CheckResult:
    """The result of a check: shapes, costs, budgets, errors and warnings.

    `print` shows what `cnnspec check` prints.
    """

    def __init__(self, found: Snapshot) -> None:
        self._snapshot = found
        self._result = found.checked

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings do not count."""
        return self._result.ok

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """Errors and warnings, each with `code`, `severity`, `message`, `help` and `span`."""
        return self._snapshot.problems

    @property
    def params(self) -> int | None:
        """All parameters; `None` where an error leaves them unknown."""
        totals = self._result.totals
        return totals.params if totals else None

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates for one image; `None` where an error leaves them unknown."""
        totals = self._result.totals
        return totals.macs if totals else None

    @property
    def layers(self) -> tuple[LayerCall, ...]:
        """The layers in order: `name`, `layer`, `input_shape`, `output_shape`, `params`, `macs`.

        >>> import cnnspec
        >>> net = cnnspec.loads("data mnist; conv 8x3; pool 2; dense 10 softmax")
        >>> [str(layer.output_shape) for layer in net.check().layers]
        ['26x26x8', '13x13x8', '1352', '10']
        """
        return self._result.layers

    @property
    def budgets(self) -> tuple[BudgetResult, ...]:
        """The budgets, each with `budget`, `value`, `holds` and the `share` of the limit.

        >>> import cnnspec
        >>> net = cnnspec.loads("data mnist; dense 10 softmax; budget params <= 10k")
        >>> [(str(b.budget), b.value, b.holds) for b in net.check().budgets]
        [('budget params <= 10000', 7850, True)]
        """
        return self._result.budget_results

    @property
    def lets(self) -> tuple[Let, ...]:
        """The lets outside of every block, each with `name`, `value` and `span`.

        >>> import cnnspec
        >>> net = cnnspec.loads("data mnist; let w = fit(1..64); dense (w); dense 10 softmax; "
        ...     "budget params <= 10k")
        >>> [(let.name, let.value) for let in net.check().lets]
        [('w', 12)]
        """
        return self._snapshot.lets

    def dump(self) -> dict[str, Any]:
        """What is known as JSON: a file of the document of `cnnspec check --json`."""
        from cnnspec.service.document import document

        return document(self._snapshot)

    def explain(self) -> str:
        """Every formula with its numbers, as `cnnspec check --explain` prints them."""
        return plain(explain(self._result))

    def latex(self, *, formulas: bool = False) -> str:
        """The layers as a table for LaTeX, with `formulas` every formula after it.

        As `cnnspec check --latex` prints them; empty where an error leaves the layers unknown.
        """
        from cnnspec.analysis.latex import formulas_latex, layers_latex

        if self.params is None:
            return ""
        return layers_latex(self._result) + (formulas_latex(self._result) if formulas else "")

    def _findings(self) -> str:
        return plain(render(self.problems))

    def __str__(self) -> str:
        lines = [*title(self._result), [], *overview(self._result)] if self.params else []
        between = "\n" if lines and self.problems else ""
        return f"{plain(lines)}{between}{self._findings()}".rstrip()

    def __repr__(self) -> str:
        return f"<CheckResult {self._told()}>"

    def _told(self) -> str:
        """The network in a few words."""
        count = "unknown" if self.params is None else f"{self.params:,}"
        found = [problem.severity for problem in self.problems]
        counts = "".join(f", {found.count(s)} {s}(s)" for s in dict.fromkeys(found))
        return f"{self._result.spec.model}: {count} parameters{counts}"

    def _repr_html_(self) -> str:
        result = self._result
        parts = []
        if result.totals:
            (named,) = title(result)
            parts.append(markup.heading(named[0][0], "".join(piece for piece, _ in named[1:])))
            parts.append(layer_table(result).html(styled=True))
            verdicts = tuple(
                (str(v.budget), f"{v.value:,}", "held" if v.holds else "not held")
                for v in result.budget_results
            )
            if verdicts:
                parts.append(Table(("budget", "is", ""), verdicts).html(styled=True))
        if self.problems:
            parts.append(markup.preformatted(self._findings()))
        return "".join(parts)
