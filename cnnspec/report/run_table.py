"""Trained networks side by side: a row for each, and cautions where metrics do not compare.

Knows run folders and metrics, but neither plots nor pages.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from cnnspec.core.record import Record
from cnnspec.core.terminal import safe
from cnnspec.diagnostics.base import listing
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.report.phrases import spread
from cnnspec.report.seeds import Trained, gather, runs_below
from cnnspec.runs import metrics
from cnnspec.runs.metrics import Metric
from cnnspec.runs.seeds import MeanStd
from cnnspec.sweeps.folder import BEGUN, FINISHED, Sweep
from cnnspec.sweeps.rows import DAMAGED, STOPPED, rows

TABLE_METRICS: dict[str, Metric] = {
    key: metrics.METRICS[key]
    for key in ("params", "macs", "accuracy", "f1", "loss", "train_loss", "epochs", "seconds")
}
"""The metrics of a row."""


class Compared(Record):
    """A row: a network with its name in the table."""

    name: str
    trained: Trained

    def value(self, key: str) -> MeanStd | None:
        """A metric of `METRICS`; `None` where it is not known."""
        totals = self.trained.runs[0].checked.totals
        if key in ("params", "macs"):
            assert totals is not None
            return MeanStd(getattr(totals, key), None, 1)
        if key in ("epochs", "seconds"):
            found: MeanStd | None = getattr(self.trained, key)
            return found
        return self.trained.metric(key)

    def cells(self) -> tuple[str, ...]:
        """The row as texts."""
        return (self.name, *(spread(self.value(c.key), c.form) for c in TABLE_METRICS.values()))

    def dump(self) -> dict[str, Any]:
        """The row as JSON: each metric with its standard deviation, `null` where unknown."""
        row: dict[str, Any] = {"name": self.name, "run": str(self.trained.folder)}
        row |= {"model": self.trained.middle.checked.spec.model, "seeds": len(self.trained.runs)}
        row["loss_function"] = self.trained.middle.loss
        for key in TABLE_METRICS:
            found = self.value(key)
            row[key] = found.mean if found else None
            row[f"{key}_sd"] = found.deviation if found else None
        return row


def compare(
    folders: Iterable[Path], sort: str = "", tell: Callable[[str], None] = lambda _: None
) -> tuple[Compared, ...]:
    """The rows of run folders, of groups of seeds, of sweeps, and of folders that hold runs.

    `sort` is a column, the best first, or `name`; by default the rows keep their order. `tell`
    receives a sentence about points of a sweep without metrics. Raises `CnnspecError` for a folder
    that is none of these, or damaged.
    """
    found = (each for folder in folders for each in _trained(folder, tell))
    trained = list({each.folder: each for each in found}.values())
    names = Counter(each.name for each in trained)
    compared = [
        Compared(each.name if names[each.name] == 1 else _longer(each), each) for each in trained
    ]
    if sort == "name":
        compared.sort(key=lambda row: row.name)
    elif sort:
        compared.sort(key=lambda row: _rank(row, TABLE_METRICS[sort]))
    return tuple(compared)


def _trained(folder: Path, tell: Callable[[str], None]) -> Iterator[Trained]:
    """Yields what was trained in a folder. Unreadable points of a sweep are skipped."""
    sweep = Sweep.find(folder)
    if sweep is None:
        yield from map(gather, runs_below(folder))
        return
    left_out: Counter[str] = Counter()
    for row in rows(sweep):
        if row.state not in (FINISHED, STOPPED, BEGUN):
            left_out[row.state] += 1
            continue
        try:
            yield gather(folder / row.name)
        except CnnspecError:
            left_out[DAMAGED] += 1
    if left_out:
        why = ", ".join(f"{count:,} {state}" for state, count in left_out.items())
        points = f"{sum(left_out.values()):,} of {len(sweep.plan.points):,} points"
        tell(f"{points} of {safe(folder.resolve().name)} have nothing to compare: {why}.")


def _longer(trained: Trained) -> str:
    return f"{trained.folder.parent.name}/{trained.name}"


def best(rows: Iterable[Compared]) -> dict[str, set[str]]:
    """The names of the rows with the best value of each column.

    None of a column whose values are all the same, of the epochs, which are neither good nor bad,
    and of the losses of different functions.
    """
    rows = tuple(rows)
    same_loss = len({run.loss for row in rows for run in row.trained.runs}) == 1
    found = {}
    for key, column in TABLE_METRICS.items():
        known = {row.name: value.mean for row in rows if (value := row.value(key))}
        if key == "epochs" or len(set(known.values())) < 2:
            continue
        if same_loss or not key.endswith("loss"):
            top = (max if column.more else min)(known.values())
            found[key] = {name for name, value in known.items() if value == top}
    return found


def _rank(row: Compared, column: Metric) -> tuple[bool, float]:
    found = row.value(column.key)
    return column.rank(found.mean if found else None)


def cautions(rows: Iterable[Compared]) -> list[str]:
    """Sentences about why metrics of these networks cannot be compared."""
    rows = tuple(rows)
    runs = [run for row in rows for run in row.trained.runs]
    found = []
    losses = sorted({run.loss for run in runs})
    if len(losses) > 1:
        found.append(
            f"The losses are values of different functions ({', '.join(losses)}) and do not "
            "compare; accuracy and F1 do."
        )
    data = {_data(run.trained_on, run.checked.spec.data.source) for run in runs}
    if len(data) > 1:
        found.append("The networks were trained or tested on different data.")
    waiting = [row.name for row in rows if any(not run.scores for run in row.trained.runs)]
    if waiting:
        named = listing(waiting, "and", quote="")
        found.append(f"No results yet, or not of every seed: {named}.")
    damages = dict.fromkeys(each for row in rows for each in row.trained.damages)
    return found + [f"{damage}. What it says is left out." for damage in damages]


def _data(recorded: dict[str, Any], source: str) -> str:
    """What identifies the data of a run: its name, its bytes, its division."""
    keys = ("sha256", "train", "validation", "test")
    return repr((source, [recorded.get(key) for key in keys])) if recorded else repr((source, None))
