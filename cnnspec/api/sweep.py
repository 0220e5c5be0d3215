"""A sweep as an object: its points, the best ones, frames. Reads a sweep folder; light."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cnnspec.api import frames, markup
from cnnspec.api.comparison import Comparison, folders_of
from cnnspec.api.picture import Picture, of_drawn
from cnnspec.core.markup import html_prose
from cnnspec.core.source import Source
from cnnspec.core.terminal import plain
from cnnspec.diagnostics.environment import CannotRead
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import tell
from cnnspec.expansion.state import Overrides
from cnnspec.files.paths import seen_from
from cnnspec.ir.claims import METRIC_NAMES
from cnnspec.report.sweep.tables import headline, tables
from cnnspec.report.sweep.writing import lines
from cnnspec.runs.run import PAGE
from cnnspec.sweeps.folder import Sweep as Kept
from cnnspec.sweeps.results import Results
from cnnspec.sweeps.rows import PointResult

if TYPE_CHECKING:
    import pandas as pd

    from cnnspec.api.trained import Trained

_SHOWN = 10
"""The most points in the text and in a notebook."""


class Sweep:
    """The trained points of a sweep, compared by a metric.

    As text it is what `cnnspec sweep` prints at its end. It is read once: open the folder again
    while a sweep goes on.
    """

    def __init__(self, folder: Path, by: str = "accuracy") -> None:
        self.run = folder
        """The folder of the sweep."""
        self._results = Results.read(Kept.open(folder), require_metric(by))

    @property
    def points(self) -> tuple[PointResult, ...]:
        """The points in the order of the plan.

        Each has its `name`, its `values` by name, its `state`, and its `metrics`: each with a
        `mean` and a `deviation` over the seeds, named as an expectation names them.
        """
        return self._results.rows

    @property
    def best(self) -> "Trained | None":
        """The best finished point; `None` where there is none."""
        chosen = self._results.winners.chosen
        return self[chosen.name] if chosen else None

    @property
    def ok(self) -> bool:
        """Whether every point was trained to the end, or stopped early."""
        return not {"failed", "damaged", "begun", "waiting"} & set(self._results.states)

    @property
    def report(self) -> Path | None:
        """The path of the report page; `None` where there is none."""
        page = self.run / PAGE
        return page if page.is_file() else None

    @cached_property
    def figures(self) -> dict[str, Picture]:
        """The plots of the report by their names: `points`, `front_params` and more.

        Needs matplotlib.
        """
        from cnnspec.report.sweep.plot_files import figures

        found = figures(self._results)
        return {drawn.name: of_drawn(drawn) for each in found.values() for drawn in each}

    def by(self, metric: str) -> "Sweep":
        """Returns the sweep with its points chosen by another metric, such as `val_accuracy`.

        Raises `CnnspecError` for a metric that there is not.
        """
        return Sweep(self.run, metric)

    def compare(self, *others: Any) -> Comparison:
        """Returns its points beside each other, with other runs, sweeps or folders after them.

        Raises `CnnspecError`.
        """
        return Comparison(*folders_of(self, *others))

    def to_frame(self, of: Literal["points", "seeds", "epochs"] = "points") -> "pd.DataFrame":
        """Returns a data frame with a row for each point, training or epoch.

        Each begins with `point` and a column for every name of the sweep: whole or real numbers
        where all of its values are, else texts. Then follow, for `"points"`: `state`, `params`,
        `macs`, `loss_function`, `seeds`, `epochs` and `seconds` (means), and every metric of every
        split with its standard deviation over seeds as `<metric>_sd`, and `reason`, why a point
        failed. For `"seeds"`: `seed`, `state`, `epochs`, `best_epoch`, `seconds` and every metric.
        For `"epochs"`: `seed`, `epoch` and every recorded metric.

        Raises `CnnspecError` without pandas, and `ValueError` for another word.
        """
        known = ("points", "seeds", "epochs")
        if of not in known:
            raise frames.unknown(of, known)
        taken = {"point", "seed", "epoch", *_POINT, *frames.SEED_COLUMNS}
        taken |= {f"{name}_sd" for name in METRIC_NAMES}
        names = frames.value_columns([row.values for row in self.points], taken)
        ids = {"point": frames.TEXT, **names}

        def begun(point: Any) -> dict[str, Any]:
            return {"point": point.name, **frames.typed(point.values, names)}

        if of == "points":
            pairs = ((name, f"{name}_sd") for name in METRIC_NAMES)
            metrics = {name: frames.REAL for pair in pairs for name in pair}
            columns = {**ids, **_POINT, **metrics, "reason": frames.TEXT}
            return frames.frame(columns, (begun(r) | _point(r) for r in self.points))
        trials = self._results.sweep.trials()
        each = [({**begun(t.point), "seed": t.seed, "state": t.state}, t.run) for t in trials]
        ids |= {"seed": frames.WHOLE}
        ids |= {"state": frames.TEXT} if of == "seeds" else {}
        return frames.trainings(of, ids, each)

    def __getitem__(self, name: str) -> "Trained":
        """The network of a point. Raises `KeyError`, and `CnnspecError` where it is not begun."""
        if name not in {row.name for row in self.points}:
            raise KeyError(name)
        from cnnspec.api.trained import Trained

        return Trained(self.run / name)

    def __len__(self) -> int:
        return len(self.points)

    def __str__(self) -> str:
        return plain(lines(self._results, _SHOWN)).rstrip()

    def __repr__(self) -> str:
        return f"<Sweep {self._results.plan.model} in {self.run}, {headline(self._results)}>"

    def _repr_html_(self) -> str:
        results = self._results
        parts = [markup.heading(results.plan.model, f"in {self.run}, {headline(results)}")]
        for section in tables(results, _SHOWN):
            parts.append(markup.heading(section.title))
            parts.append(section.table.html(styled=True))
            parts += [f"<p>{html_prose(note)}</p>" for note in section.notes]
        parts += [f"<p>{html_prose(each)}</p>" for each in results.cautions]
        drawn = [self.figures[name] for name in self.figures if not name.startswith("map_")]
        parts += [markup.picture(picture.svg, picture.alt) for picture in drawn]
        if self.report:
            # An absolute path does not work as a link on the page of a notebook server.
            address = seen_from(self.report, Path.cwd())
            parts.append(f"<p>{markup.link(address, 'report')}</p>")
        return "".join(parts)


_POINT = {
    "state": frames.TEXT,
    "params": frames.WHOLE,
    "macs": frames.WHOLE,
    "loss_function": frames.TEXT,
    "seeds": frames.WHOLE,
    "epochs": frames.REAL,
    "seconds": frames.REAL,
}
"""The columns of a point between its values and its metrics."""


def _point(row: PointResult) -> dict[str, Any]:
    """What a point reached, in the columns of a frame."""
    return {**row.columns(), **row.measured(), "reason": row.reason or None}


def require_metric(by: str) -> str:
    """Returns the name of a metric; raises `CnnspecError` for one that there is not."""
    if by not in METRIC_NAMES:
        remedy = f"it can be {', '.join(METRIC_NAMES)}"
        raise CnnspecError(CannotRead(None, f"{by!r} is not a metric", remedy))
    return by


def planned(out: Path, source: Source, values: Overrides, by: str, **how: Any) -> Kept:
    """Makes the folder of a new sweep, with what is to be done. Raises `CnnspecError`.

    `how` are the arguments of `plan`.
    """
    from cnnspec.analysis.advice import with_advice
    from cnnspec.analysis.check import check
    from cnnspec.sweeps import MAX_RUNS
    from cnnspec.sweeps.halving import HALVING
    from cnnspec.sweeps.plan import plan
    from cnnspec.sweeps.points import axes_of
    from cnnspec.training.backends.choose import choose

    require_metric(by)
    if how["stop_early"] not in ("", HALVING):
        cause = f"{how['stop_early']!r} is not a way to stop early"
        raise CnnspecError(CannotRead(None, cause, f"it can be {HALVING!r}"))
    result = check(source, values)
    # A point may be right where the values of the lets themselves are not.
    if result.expanded.problems:
        raise CnnspecError(*with_advice(result))
    axes_of(result)
    tell(*(problem for problem in result.problems if problem.severity != "error"))
    choose(how["backend"])
    todo = plan(result, values, **{**how, "most": how["most"] or MAX_RUNS})
    return Kept.create(out, todo, source)


def drive_sweep(kept: Kept, *, jobs: int | None, offline: bool, by: str, report: bool) -> Sweep:
    """Does what is left of a sweep on this machine. Raises `CnnspecError` and `Interrupted`."""
    from cnnspec.files.processes import processors
    from cnnspec.report.sweep.finalize import finalize
    from cnnspec.sweeps.drive import drive
    from cnnspec.sweeps.engines.local import LocalEngine

    engine = LocalEngine(jobs or processors())
    try:
        drive(kept, engine, tell, offline=offline)
    finally:
        engine.close()
    finalize(kept, by, tell, page=report)
    return Sweep(kept.folder, by)
