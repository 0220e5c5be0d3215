"""The tables of a comparison: metrics, what differs between the specs, and their claims."""

from collections.abc import Sequence

from cnnspec.analysis.diff import Difference, Pair, compare
from cnnspec.core.record import Record
from cnnspec.core.table import Cell, Link, Table
from cnnspec.report.phrases import MINUS, NONE
from cnnspec.report.run_table import Compared
from cnnspec.report.tables import claim_text, comparison, value_text

_MOST_CHANGES = 6
"""The most layers that are named for a network; of more only how many."""


_SPACE = "\N{NO-BREAK SPACE}"

_APART = ("model", "train.seed", "train.runs")
"""Settings that are no difference between networks, or have a column of their own."""


class Specs(Record):
    """How the specs of the networks differ from that of the first: one `Difference` for each."""

    rows: tuple[Compared, ...]
    found: tuple[Difference, ...]

    @property
    def names(self) -> list[str]:
        """The settings that are not the same everywhere, except the name and the seeds."""
        changes = (change.what for each in self.found for change in each.settings)
        return [name for name in dict.fromkeys(changes) if name not in _APART]

    @property
    def layered(self) -> bool:
        """Whether any layer is not the same everywhere."""
        return any(pair.change != "same" for each in self.found for pair in each.pairs)


def specs(rows: tuple[Compared, ...]) -> Specs:
    """Compares the spec of every network with that of the first."""
    first = rows[0].trained.middle.checked
    return Specs(rows, tuple(compare(first, row.trained.middle.checked) for row in rows))


def metrics(rows: tuple[Compared, ...], links: dict[str, str]) -> Table:
    """Returns the metrics of each network, with a link to its report and its claims."""
    table = comparison(rows)
    claims = [row.trained.verdicts for row in rows]
    stated = any(claims)
    cells = []
    for row, found, line in zip(rows, claims, table.rows, strict=True):
        name = Link(row.name, links[row.name]) if row.name in links else row.name
        broken = sum(each.holds is False for each in found)
        held = f"{sum(each.holds is True for each in found)} of {len(found)}"
        cell = Cell(f"✗ {held}", "bad") if broken else held
        cells.append((name, *line[1:], *((cell if found else NONE,) if stated else ())))
    header = (*table.header, *(("claims",) if stated else ()))
    return Table(header, tuple(cells), table.align + ("r" if stated else ""))


def settings(found: Specs) -> Table | None:
    """Returns a row for each network with every setting that is not the same everywhere.

    `None` where nothing differs.
    """
    names = found.names
    first = {c.what: c.before for each in reversed(found.found) for c in each.settings}
    seeds = [", ".join(str(run.seed) for run in row.trained.runs) for row in found.rows]
    seeded, layered = len(set(seeds)) > 1, found.layered
    rows = []
    for row, each, of in zip(found.rows, found.found, seeds, strict=True):
        own = first | {change.what: change.after for change in each.settings}
        cells: list[str] = [Cell(own[name] or NONE, "code") for name in names]
        cells += [of] if seeded else []
        cells += [Cell(_layers(found.rows[0], row, each), "prose")] if layered else []
        rows.append((row.name, *cells))
    header = ["run", *(name.removeprefix("train.") for name in names)]
    header += ["seeds"] if seeded else []
    header += [f"layers, from {found.rows[0].name}"] if layered else []
    return Table(tuple(header), tuple(rows)) if len(header) > 1 else None


def _layers(first: Compared, row: Compared, found: Difference) -> str:
    """The layers that changed, went or came. Those that only follow from others are left out."""
    if row is first:
        return ""
    before, after = (each.trained.middle.checked.layers for each in (first, row))
    if [call.layer.word for call in before] == [call.layer.word for call in after]:
        # The same words in the same order: what was a wider layer is not another one.
        pairs = [Pair(*both) for both in zip(before, after, strict=True)]
    else:
        pairs = list(found.pairs)
    texts = [text for pair in pairs if (text := _change(pair))]
    more = len(texts) - _MOST_CHANGES
    told = "; ".join(texts[:_MOST_CHANGES]) + (f"; {more:,} more" if more > 0 else "")
    return told or "the same"


def _change(pair: Pair) -> str:
    before, after = (str(call.layer) if call else "" for call in (pair.before, pair.after))
    if not before or not after:
        sign = MINUS if before else "+"
        return f"{sign}{_SPACE}`{before or after}`"
    if before != after:
        return f"`{before}` →{_SPACE}`{after}`"
    return f"`{pair.after.name}` has other inputs" if pair.rewired and pair.after else ""


def claims(rows: Sequence[Compared]) -> Table:
    """Returns a row for each network, and a column for each claim of any of them."""
    known = [{claim_text(each): each for each in row.trained.verdicts} for row in rows]
    names = list(dict.fromkeys(name for each in known for name in each))
    marks = {True: "✓", False: "✗", None: "not yet"}
    styles = {True: "good", False: "bad", None: "dim"}
    cells = tuple(
        (
            row.name,
            *(
                Cell(f"{marks[each.holds]} {value_text(each)}", styles[each.holds])
                if (each := of.get(name))
                else NONE
                for name in names
            ),
        )
        for row, of in zip(rows, known, strict=True)
    )
    return Table(("run", *names), cells)
