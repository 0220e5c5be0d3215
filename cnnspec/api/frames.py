"""Runs and sweeps as data frames of pandas: one shape for all, a type for every column.

Texts are `string`, whole numbers `int64` (`Int64` where one may be missing), measured values
`float64` with NaN for what was not measured. pandas is imported when a frame is made.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from cnnspec.diagnostics.packages import require_packages
from cnnspec.ir.claims import METRIC_NAMES
from cnnspec.runs.metrics import measure_of, split_of
from cnnspec.runs.run import HISTORY, METRICS, Run

if TYPE_CHECKING:
    import pandas as pd

TEXT, WHOLE, MAYBE, REAL = "string", "int64", "Int64", "float64"

Row = Mapping[str, Any]
"""The values of a row by their columns; `None` or nothing where there is none."""

_SPLITS = {"": "test", "val_": "validation", "train_": "train"}
_REACHED = {"epochs": MAYBE, "best_epoch": MAYBE, "seconds": REAL}
SEED_COLUMNS = {**_REACHED, **dict.fromkeys(METRIC_NAMES, REAL)}
"""What one training reached: metrics are named as an expectation names them."""


def frame(columns: Mapping[str, str], rows: Iterable[Row]) -> "pd.DataFrame":
    """Returns a frame with these columns and their types. Raises `CnnspecError`."""
    require_packages("a frame", "frames", "pandas")
    import pandas as pd

    rows = list(rows)
    return pd.DataFrame(
        {
            name: pd.array([row.get(name) for row in rows], dtype=kind)
            if kind in (TEXT, MAYBE)
            else pd.Series([row.get(name) for row in rows], dtype=kind)
            for name, kind in columns.items()
        }
    )


def seed_row(run: Run) -> dict[str, Any]:
    """What a training reached, in `SEED_COLUMNS`; what is damaged or missing is left out."""
    found, _ = run.salvage(METRICS)
    reached = {name: found.get(name) for name in _REACHED}
    for name in METRIC_NAMES:
        reached[name] = (found.get(_SPLITS[split_of(name)]) or {}).get(measure_of(name))
    return reached


def epoch_rows(run: Run) -> list[dict[str, Any]]:
    """The metrics of every epoch of a training so far."""
    found, _ = run.salvage(HISTORY)
    return [dict(epoch) for epoch in found]


def trainings(of: str, ids: Mapping[str, str], each: Iterable[tuple[Row, Run]]) -> "pd.DataFrame":
    """Returns a row for each training (`of` is `"seeds"`), or for each of its epochs.

    `ids` are the columns that say which training it is; the row of each training has them.
    Raises `CnnspecError`.
    """
    if of == "seeds":
        return frame({**ids, **SEED_COLUMNS}, ({**row, **seed_row(run)} for row, run in each))
    epochs = [(row, epoch) for row, run in each for epoch in epoch_rows(run)]
    metrics = dict.fromkeys(name for _, epoch in epochs for name in epoch)
    before = {**ids, "epoch": WHOLE}
    columns = {**before, **{name: REAL for name in metrics if name not in before}}
    return frame(columns, ({**epoch, **row} for row, epoch in epochs))


def value_columns(values: Iterable[Mapping[str, str]], taken: Iterable[str]) -> dict[str, str]:
    """The types of swept names: whole or real numbers where all values are, else texts.

    A name that is also another column becomes `swept_<name>`, as in `results.csv`.
    """
    texts: dict[str, list[str]] = {}
    for row in values:
        for name, text in row.items():
            texts.setdefault(name, []).append(text)
    return {
        f"swept_{name}" if name in set(taken) else name: _kind(found)
        for name, found in texts.items()
    }


def typed(values: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, Any]:
    """The values of a point in the columns that `value_columns` made of their names."""
    read = {WHOLE: int, REAL: float, TEXT: str}
    pairs = zip(values.values(), columns.items(), strict=True)
    return {name: read[kind](text) for text, (name, kind) in pairs}


def _kind(texts: list[str]) -> str:
    for kind, read in ((WHOLE, int), (REAL, float)):
        try:
            for text in texts:
                read(text)
        except ValueError:
            continue
        return kind
    return TEXT


def unknown(of: str, known: Iterable[str]) -> ValueError:
    """The error for a frame that there is not."""
    return ValueError(f"there is no frame of {of!r}; there are {', '.join(map(repr, known))}")
