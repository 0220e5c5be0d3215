"""Trained networks side by side: a row each, and what keeps their figures from comparing.

Knows run folders and figures; no plot and no page.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cnnspec.record import Record
from cnnspec.report.seeds import Trained, gather, runs_below
from cnnspec.report.words import spread
from cnnspec.series import Spread


class Column(Record):
    """A figure that networks are compared by, how it is written and whether more is better."""

    key: str
    title: str
    form: str
    more: bool = False


COLUMNS = {
    column.key: column
    for column in (
        Column("params", "parameters", ",.0f"),
        Column("macs", "MACs", ",.0f"),
        Column("loss", "test loss", ".4f"),
        Column("train_loss", "train loss", ".4f"),
        Column("accuracy", "accuracy", ".4f", more=True),
        Column("f1", "macro F1", ".4f", more=True),
        Column("epochs", "epochs", ".4g"),
        Column("seconds", "seconds", ".1f"),
    )
}


class Compared(Record):
    """A row: a network with its name in the table."""

    name: str
    trained: Trained

    def value(self, key: str) -> Spread | None:
        """A figure of `COLUMNS`; `None` where it is not known."""
        totals = self.trained.runs[0].checked.totals
        if key in ("params", "macs"):
            assert totals is not None
            return Spread(getattr(totals, key), None, 1)
        if key in ("epochs", "seconds"):
            found: Spread | None = getattr(self.trained, key)
            return found
        return self.trained.figure(key)

    def cells(self) -> tuple[str, ...]:
        """The row as texts."""
        return (self.name, *(spread(self.value(c.key), c.form) for c in COLUMNS.values()))

    def dump(self) -> dict[str, Any]:
        """The row as JSON: each figure with its standard deviation, `null` where unknown."""
        row: dict[str, Any] = {"name": self.name, "run": str(self.trained.folder)}
        row |= {"model": self.trained.middle.checked.spec.model, "seeds": len(self.trained.runs)}
        row["loss_function"] = self.trained.middle.loss
        for key in COLUMNS:
            found = self.value(key)
            row[key] = found.mean if found else None
            row[f"{key}_sd"] = found.deviation if found else None
        return row


def compare(folders: Iterable[Path], sort: str = "") -> tuple[Compared, ...]:
    """The rows of run folders, of groups of seeds, and of folders that hold such.

    `sort` is a column, the best first, or `name`; by itself the rows stay in order.
    Raises `Problems` for a folder that is none of these, or damaged.
    """
    every = dict.fromkeys(path.resolve() for folder in folders for path in runs_below(folder))
    trained = [gather(path) for path in every]
    names = Counter(each.name for each in trained)
    rows = [
        Compared(each.name if names[each.name] == 1 else _longer(each), each) for each in trained
    ]
    if sort == "name":
        rows.sort(key=lambda row: row.name)
    elif sort:
        rows.sort(key=lambda row: _rank(row, COLUMNS[sort]))
    return tuple(rows)


def _longer(trained: Trained) -> str:
    return f"{trained.folder.parent.name}/{trained.name}"


def _rank(row: Compared, column: Column) -> tuple[bool, float]:
    found = row.value(column.key)
    if found is None:
        return True, 0.0
    return False, -found.mean if column.more else found.mean


def cautions(rows: Iterable[Compared]) -> list[str]:
    """Why figures of these networks do not compare, in sentences."""
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
        found.append(f"No results yet, or not of every seed: {', '.join(waiting)}.")
    return found


def _data(recorded: dict[str, Any], source: str) -> str:
    """What tells one set of data from another: its name, its bytes, its division."""
    keys = ("sha256", "train", "validation", "test")
    return repr((source, [recorded.get(key) for key in keys])) if recorded else repr((source, None))
