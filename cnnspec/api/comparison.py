"""Trained networks side by side as an object: a table, cautions, curves, frames."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cnnspec.api import frames, markup
from cnnspec.api.picture import Picture, free
from cnnspec.core.terminal import plain
from cnnspec.report.run_table import TABLE_METRICS, Compared, cautions, compare
from cnnspec.report.tables import comparison
from cnnspec.runs.run import Run
from cnnspec.sweeps.results import COSTS

if TYPE_CHECKING:
    import pandas as pd

    from cnnspec.api.trained import Trained

_IDS = {
    "name": frames.TEXT,
    "run": frames.TEXT,
    "model": frames.TEXT,
    "seeds": frames.WHOLE,
    "loss_function": frames.TEXT,
}


class Comparison:
    """Networks that were trained, in the order in which they were named.

    As text it is what `cnnspec compare` prints; a notebook also shows the curves of all.
    """

    def __init__(self, *folders: Path) -> None:
        left_out: list[str] = []
        self._rows: tuple[Compared, ...] = compare(folders, tell=left_out.append)
        self._left_out = tuple(left_out)

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each network in the table."""
        return tuple(row.name for row in self._rows)

    @property
    def runs(self) -> "tuple[Trained, ...]":
        """The networks, as `open_run` opens each."""
        from cnnspec.api.trained import Trained

        return tuple(Trained(row.trained.folder) for row in self._rows)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Sentences about why metrics of these networks cannot be compared."""
        return (*cautions(self._rows), *self._left_out)

    @property
    def figures(self) -> dict[str, Picture]:
        """The curves of all networks by their names, such as `validation_loss`."""
        from cnnspec.api.picture import of_drawn
        from cnnspec.report.overlay import figures

        return {drawn.name: of_drawn(drawn) for drawn in figures(self._rows)}

    def compare(self, *others: Any) -> "Comparison":
        """Returns these networks with more after them: runs, sweeps, comparisons or folders."""
        return Comparison(*folders_of(self, *others))

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Writes the page of `cnnspec compare --out`; replaces one only with `force`.

        Raises `CnnspecError`.
        """
        from cnnspec.report.overlay import write

        path = Path(path)
        if not force:
            free(path, "replace it with `force=True`")
        write(self._rows, path, self._left_out)
        return path

    def to_frame(self, of: Literal["runs", "seeds", "epochs"] = "runs") -> "pd.DataFrame":
        """Returns a data frame with a row for each network, training or epoch.

        `"runs"`: `name`, `run` (its folder), `model`, `seeds`, `loss_function`, `params`, `macs`,
        and every other column of the table, the mean over seeds, each with its standard deviation
        as `<metric>_sd`.
        `"seeds"`: `name`, `seed`, `epochs`, `best_epoch`, `seconds` and every metric of every
        split. `"epochs"`: `name`, `seed`, `epoch` and every recorded metric.

        Raises `CnnspecError` without pandas, and `ValueError` for another word.
        """
        known = ("runs", "seeds", "epochs")
        if of not in known:
            raise frames.unknown(of, known)
        if of == "runs":
            measured = [name for name in TABLE_METRICS if name not in COSTS]
            pairs = ((name, f"{name}_sd") for name in measured)
            metrics = {name: frames.REAL for pair in pairs for name in pair}
            columns = {**_IDS, **dict.fromkeys(COSTS, frames.WHOLE), **metrics}
            return frames.frame(columns, (row.dump() for row in self._rows))
        each = [
            ({"name": row.name, "seed": run.seed}, Run(run.folder))
            for row in self._rows
            for run in row.trained.runs
        ]
        return frames.trainings(of, {"name": frames.TEXT, "seed": frames.WHOLE}, each)

    def __len__(self) -> int:
        return len(self._rows)

    def __str__(self) -> str:
        notes = "".join(f"\nwarning: {each}" for each in self.cautions)
        return f"{plain(comparison(self._rows).lines()).rstrip()}{notes}"

    def __repr__(self) -> str:
        return f"<Comparison of {len(self._rows)} networks>"

    def _repr_html_(self) -> str:
        parts = [comparison(self._rows).html(styled=True)]
        parts += [f"<p>{markup.text(each)}</p>" for each in self.cautions]
        parts += [markup.picture(drawn.svg, drawn.alt) for drawn in self.figures.values()]
        return "".join(parts)


def folders_of(*given: Any) -> Iterable[Path]:
    """The folders of runs, sweeps, comparisons and paths."""
    for each in given:
        if isinstance(each, Comparison):
            yield from (row.trained.folder for row in each._rows)
        else:
            yield Path(getattr(each, "run", each))
