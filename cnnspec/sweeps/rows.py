"""A point of a sweep as a row: its state and what it reached, in any state.

Knows the files of a sweep folder. A damaged or missing file never ends the reading: the row says
what is wrong.
"""

import re
from collections.abc import Callable
from typing import Any

from cnnspec.core.record import Record
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.claims import METRIC_NAMES
from cnnspec.ir.spec import Spec
from cnnspec.runs.metrics import MEASURED_METRICS, split_of
from cnnspec.runs.run import HISTORY, METRICS
from cnnspec.runs.seeds import MeanStd, spread
from cnnspec.sweeps import folder
from cnnspec.sweeps.folder import BEGUN, FAILED, FINISHED, WAITING, Sweep, Trial
from cnnspec.sweeps.plan import Planned

STOPPED = "stopped early"
DAMAGED = "damaged"
STATES = (FINISHED, STOPPED, FAILED, DAMAGED, BEGUN, WAITING)
"""The states of a point."""

_SPLITS = {"": "test", "val_": "validation", "train_": "train"}


class PointResult(Record):
    """A point of a sweep and what it reached.

    `metrics` are named as an expectation names them; an unfinished point has those of validation
    after its last epoch. `reason` says why it failed or cannot be read.
    """

    point: Planned
    spec: Spec
    state: str
    metrics: dict[str, MeanStd]
    epochs: MeanStd | None
    seconds: MeanStd | None
    reason: str = ""

    @property
    def name(self) -> str:
        """The name of the point."""
        return self.point.name

    @property
    def values(self) -> dict[str, str]:
        """Its value for every name of the sweep."""
        return self.point.values

    @property
    def loss_function(self) -> str:
        """The loss function with its arguments."""
        return str(self.spec.train.loss)

    @property
    def penalties(self) -> tuple[str, ...]:
        """The factors of l1 and l2 in its layers, whose penalties are part of its loss."""
        return tuple(re.findall(r"\bl[12]=\S+", str(self.spec)))

    @property
    def validated(self) -> bool:
        """Whether it is validated on images that are not in the test set."""
        return self.spec.train.validation != "test"

    @property
    def finished(self) -> bool:
        """Whether all of its seeds were trained to the end: only such points are compared."""
        return self.state == FINISHED

    def value(self, key: str) -> MeanStd | None:
        """A metric of `COLUMNS`; `None` where it is not known."""
        if key in ("params", "macs"):
            return MeanStd(getattr(self.point, key), None, 1)
        if key in ("epochs", "seconds"):
            found: MeanStd | None = getattr(self, key)
            return found
        return self.metrics.get(key)

    def mean(self, key: str) -> float | None:
        """The mean of a metric over the seeds; `None` where it is not known."""
        found = self.value(key)
        return found.mean if found else None

    def columns(self) -> dict[str, Any]:
        """What tables of points have of it besides its metrics, by column."""
        return {
            "state": self.state,
            "params": self.point.params,
            "macs": self.point.macs,
            "loss_function": self.loss_function,
            "seeds": len(self.point.seeds),
            "epochs": self.mean("epochs"),
            "seconds": self.mean("seconds"),
        }

    def measured(self, title: Callable[[str], str] = str) -> dict[str, float | None]:
        """Every metric of every split under its title, each followed by its deviation, `_sd`."""
        found: dict[str, float | None] = {}
        for name in MEASURED_METRICS:
            value = self.value(name)
            found[title(name)] = value.mean if value else None
            found[f"{title(name)}_sd"] = value.deviation if value else None
        return found

    def known(self, key: str) -> float:
        """A metric that must be known."""
        found = self.mean(key)
        assert found is not None
        return found

    def dump(self) -> dict[str, Any]:
        """The row as JSON."""
        return {
            "name": self.name,
            "values": self.values,
            "state": self.state,
            "params": self.point.params,
            "macs": self.point.macs,
            "loss_function": self.loss_function,
            "seeds": list(self.point.seeds),
            "epochs": self.epochs.dump() if self.epochs else None,
            "seconds": self.seconds.dump() if self.seconds else None,
            "metrics": {key: found.dump() for key, found in self.metrics.items()},
            "reason": self.reason or None,
        }


def rows(sweep: Sweep) -> tuple[PointResult, ...]:
    """A row for every point of the plan, in its order."""
    ended = _stopped(sweep)
    return tuple(_row(point, list(sweep.trials_of(point)), ended) for point in sweep.plan.points)


class _Kept(Record):
    """What is known about one training."""

    state: str
    metrics: dict[str, float]
    epochs: float | None = None
    seconds: float | None = None
    reason: str = ""


def _row(point: Planned, trials: list[Trial], ended: set[str]) -> PointResult:
    kept = [_kept(trial) for trial in trials]
    state = _state({each.state for each in kept})
    if point.name in ended and state in (BEGUN, WAITING):
        state = STOPPED
    # The metrics of a training that failed midway do not count as results of its point.
    told = [each for each in kept if each.state in (FINISHED, BEGUN)]
    names = [name for name in METRIC_NAMES if any(name in each.metrics for each in told)]
    if state != FINISHED:
        names = [name for name in names if split_of(name) == "val_"]
    reasons = (
        f"seed {trial.seed}: {each.reason}" if point.several else each.reason
        for trial, each in zip(trials, kept, strict=True)
        if each.reason
    )
    return PointResult(
        point=point,
        spec=point.spec,
        state=state,
        metrics={n: s for n in names if (s := spread(each.metrics.get(n) for each in told))},
        epochs=spread(each.epochs for each in told),
        seconds=spread(each.seconds for each in told),
        reason="; ".join(reasons),
    )


def _state(found: set[str]) -> str:
    """The state of a point from those of its seeds: all must have finished."""
    if len(found) == 1:
        return found.pop()
    return next((state for state in (FAILED, DAMAGED) if state in found), BEGUN)


def _kept(trial: Trial) -> _Kept:
    try:
        match trial.state:
            case folder.FINISHED:
                return _measured(trial.run.read_json(METRICS))
            case folder.FAILED:
                failure = trial.failure
                reason = " ".join(str(failure[key]) for key in ("code", "message"))
                return _Kept(FAILED, {}, reason=reason.strip())
            case folder.BEGUN:
                history, damage = trial.run.salvage(HISTORY)
                if damage and not history:
                    return _Kept(DAMAGED, {}, reason=damage)
                return _so_far(history)
    except CnnspecError as problems:
        return _Kept(DAMAGED, {}, reason=problems.diagnostics[0].message)
    return _Kept(WAITING, {})


def _measured(document: dict[str, Any]) -> _Kept:
    metrics = {}
    for name in METRIC_NAMES:
        prefix = split_of(name)
        found = document.get(_SPLITS[prefix]) or {}
        metrics[name] = found.get(name.removeprefix(prefix))
    return _Kept(FINISHED, _numbers(metrics), document["epochs"], document["seconds"])


def _so_far(history: list[dict[str, float]]) -> _Kept:
    """What an unfinished training has reached: the metrics of its last epoch."""
    last = dict(history[-1]) if history else {}
    metrics = {name: last.get(name) for name in METRIC_NAMES if split_of(name) == "val_"}
    seconds = sum(epoch.get("seconds", 0.0) for epoch in history)
    return _Kept(BEGUN, _numbers(metrics), len(history), seconds)


def _numbers(metrics: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if value is not None}


def _stopped(sweep: Sweep) -> set[str]:
    """The points that early stopping has stopped."""
    return {name for each in sweep.rounds() for name in set(each.values) - set(each.on)}
