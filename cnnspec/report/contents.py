"""A run folder as one value: all that a report tells of it, and what is not there to be told.

Everything comes from the files of the folder, so a run of another machine can be told
of too; whatever a file says is taken as a foreign text. Knows no plot, page or image.
"""

import math
from pathlib import Path
from typing import Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.load import checked_spec
from cnnspec.core.record import Record
from cnnspec.core.terminal import safe
from cnnspec.diagnostics.environment import BadRun
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.sources import number
from cnnspec.ir.claims import METRIC_NAMES, RELATIONS, Expectation
from cnnspec.ir.datasets import DATASETS
from cnnspec.runs.run import ENVIRONMENT, HISTORY, METRICS, SOURCE, Run

SPLIT_NAMES = {"train": "training", "validation": "validation", "test": "test"}
"""The parts of the data by their names in files, with those in texts."""

Epoch = dict[str, float | None]
"""The figures of one epoch by their names; one that is no number is `None`."""


class ClassScore(Record):
    """How one class fares: of the images put in it, and of those that belong to it."""

    label: str
    images: int
    precision: float | None
    """TP / (TP + FP); `None` where no image was put in the class."""
    recall: float | None
    """TP / (TP + FN); `None` where no image belongs to the class."""
    f1: float
    """2 TP / (2 TP + FP + FN), 0 for a class that never occurs, as in macro F1."""


class Measured(Record):
    """The figures of one split. `confusion[i][j]` counts images of class i put in j."""

    name: str
    accuracy: float | None
    f1: float | None
    loss: float | None
    confusion: tuple[tuple[int, ...], ...]

    @property
    def images(self) -> int:
        """How many images were looked at."""
        return sum(map(sum, self.confusion))

    def classes(self, labels: tuple[str, ...]) -> tuple[ClassScore, ...]:
        """Precision, recall and F1 of every class."""
        put = [sum(column) for column in zip(*self.confusion, strict=True)]
        scores = []
        for index, (label, row) in enumerate(zip(labels, self.confusion, strict=True)):
            right, there = row[index], sum(row)
            precision = right / put[index] if put[index] else None
            recall = right / there if there else None
            either = put[index] + there
            f1 = 2 * right / either if either else 0.0
            scores.append(ClassScore(label, there, precision, recall, f1))
        return tuple(scores)


class ReportedClaim(Record):
    """A budget, expectation or target with what became of it; `None` is not measured yet."""

    claim: str
    value: str
    holds: bool | None

    def dump(self) -> dict[str, Any]:
        """The verdict as JSON."""
        return {"claim": self.claim, "value": self.value, "holds": self.holds}


class Contents(Record):
    """All that a report tells of one run."""

    folder: Path
    checked: CheckedSpec
    source: str
    """The text that was trained, as it was written."""
    history: tuple[Epoch, ...]
    scores: dict[str, Measured]
    """What was measured after training, by split; empty where training has not ended."""
    verdicts: tuple[ReportedClaim, ...]
    best_epoch: int | None
    """The epoch whose weights are kept, where it is not the last."""
    seconds: float | None
    labels: tuple[str, ...]
    environment: dict[str, Any]
    notes: tuple[str, ...]
    """What is missing in the folder, in sentences."""

    @property
    def name(self) -> str:
        """The name of the run folder."""
        return safe(self.folder.name)

    @property
    def seed(self) -> int:
        """The seed everything random follows from."""
        return self.checked.spec.train.seed

    def figure(self, name: str) -> float | None:
        """A measured figure as an expectation names it: `accuracy`, `val_f1`, `train_loss`."""
        prefix, _, measure = name.rpartition("_")
        split = {"": "test", "val": "validation", "train": "train"}[prefix]
        found: float | None = getattr(self.scores.get(split), measure, None)
        return found

    def series(self, name: str) -> tuple[tuple[int, float | None], ...]:
        """A figure of the history over the epochs; empty where it was not recorded."""
        if not any(epoch.get(name) is not None for epoch in self.history):
            return ()
        return tuple((int(epoch["epoch"] or 0), epoch.get(name)) for epoch in self.history)

    @property
    def command(self) -> tuple[str, ...]:
        """The command line that made the run, as recorded; empty where it is not."""
        command = self.environment.get("command", ())
        return tuple(command) if isinstance(command, list) else ()

    @property
    def loss(self) -> str:
        """The loss function with its arguments."""
        return str(self.checked.spec.train.loss)

    @property
    def trained_on(self) -> dict[str, Any]:
        """What is recorded of the data."""
        data = self.environment.get("data")
        return data if isinstance(data, dict) else {}

    def dump(self) -> dict[str, Any]:
        """Everything as JSON."""
        spec, totals = self.checked.spec, self.checked.totals
        assert totals is not None
        return {
            "name": self.name,
            "model": spec.model,
            "data": spec.data.source,
            "seed": self.seed,
            "labels": list(self.labels),
            "totals": totals.dump(),
            "layers": [row.dump() for row in self.checked.layers],
            "verdicts": [verdict.dump() for verdict in self.verdicts],
            "scores": {name: _dump(score, self.labels) for name, score in self.scores.items()},
            "history": list(self.history),
            "epochs": len(self.history),
            "best_epoch": self.best_epoch,
            "seconds": self.seconds,
            "environment": self.environment,
            "notes": list(self.notes),
        }


def _dump(score: Measured, labels: tuple[str, ...]) -> dict[str, Any]:
    return {
        "images": score.images,
        "accuracy": score.accuracy,
        "f1": score.f1,
        "loss": score.loss,
        "confusion": [list(row) for row in score.confusion],
        "classes": [entry.as_dict() for entry in score.classes(labels)],
    }


def read(run: Run, like: CheckedSpec | None = None) -> Contents:
    """Reads a run folder; raises `CnnspecError` where a file in it is damaged.

    A file that is not there yet is not an error: the notes tell of it. A spec checked
    before that is `like` that of the run spares it a check.
    """
    checked = _checked(run, like)
    notes: list[str] = []
    history = _part(run, HISTORY, [], _history)
    metrics = _part(run, METRICS, {}, _table)
    environment = _part(run, ENVIRONMENT, {}, _table)
    if not metrics:
        notes.append(_unfinished(len(history), checked.spec.train.epochs))
    if not environment:
        notes.append(f"{ENVIRONMENT} is missing: nothing is known of the machine.")
    labels = _labels(checked, environment)
    try:
        scores = {
            name: _measured(name, metrics[name], labels) for name in SPLIT_NAMES if name in metrics
        }
        found = verdicts(checked, metrics)
        best_epoch, seconds = number(metrics.get("best_epoch")), number(metrics.get("seconds"))
    except _MALFORMED as error:
        raise _damaged(run, METRICS, error) from None
    return Contents(
        folder=run.folder.resolve(),
        checked=checked,
        source=source_text(run),
        history=history,
        scores=scores,
        verdicts=found,
        best_epoch=None if best_epoch is None else int(best_epoch),
        seconds=seconds,
        labels=labels,
        environment=environment,
        notes=tuple(notes),
    )


_MALFORMED = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError)
"""What reading a JSON document of another form raises."""


def _checked(run: Run, like: CheckedSpec | None) -> CheckedSpec:
    """The network of a run, which must be without errors."""
    try:
        return checked_spec(run.spec, like)
    except CnnspecError as problems:
        if problems.exit_code == BadRun.exit_code:
            raise
        reason = problems.diagnostics[0].message
        raise CnnspecError(BadRun(None, f"the spec in {run} is damaged: {reason}")) from None


def _part(run: Run, name: str, empty: Any, shaped: Any) -> Any:
    """What a JSON file of the run says, or nothing where there is none."""
    if not (run.folder / name).exists():
        return shaped(empty)
    try:
        return shaped(run.read_json(name))
    except (*_MALFORMED, RecursionError) as error:
        raise _damaged(run, name, error) from None


def _damaged(run: Run, name: str, error: BaseException) -> CnnspecError:
    reason = f"{type(error).__name__}: {error}"[:200]
    return CnnspecError(
        BadRun(None, f"{run.folder / name} is not of the form it should be ({reason})")
    )


def _unfinished(done: int, epochs: int) -> str:
    state = f"after {done} of {epochs} epochs" if done else "before the first epoch ended"
    return f"There are no results yet: training is under way or was stopped {state}."


def source_text(run: Run) -> str:
    """The text that was written, with nothing in it that a page cannot show; empty without one."""
    try:
        text = (run.folder / SOURCE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    return "\n".join(map(safe, text.splitlines()))


def _labels(checked: CheckedSpec, environment: dict[str, Any]) -> tuple[str, ...]:
    """The names of the classes: as recorded, as the catalogue has them, or their numbers."""
    spec = checked.spec
    data = environment.get("data")
    recorded = data.get("labels") if isinstance(data, dict) else None
    known = DATASETS.get(spec.data.source)
    for names in (recorded, known.labels if known else None):
        if isinstance(names, list | tuple) and len(names) == spec.classes:
            return tuple(map(str, names))
    return tuple(map(str, range(spec.classes)))


def _history(epochs: Any) -> tuple[Epoch, ...]:
    if not isinstance(epochs, list):
        raise TypeError("it is not a list")
    read = tuple({safe(str(k)): number(v) for k, v in epoch.items()} for epoch in epochs)
    for epoch in read:
        int(epoch["epoch"] or 0)
    return read


def _table(data: Any) -> dict[str, Any]:
    """A JSON object whose texts hold no control character and whose numbers are numbers."""
    if not isinstance(data, dict):
        raise TypeError("it is not an object")
    cleaned: dict[str, Any] = _clean(data)
    return cleaned


def _clean(value: Any) -> Any:
    match value:
        case dict():
            return {safe(str(k)): _clean(v) for k, v in value.items()}
        case list():
            return [_clean(v) for v in value]
        case str():
            return safe(value)
        case float() if not math.isfinite(value):
            return None
    return value


def _measured(name: str, data: dict[str, Any], labels: tuple[str, ...]) -> Measured:
    rows = tuple(tuple(int(count) for count in row) for row in data["confusion"])
    if len(rows) != len(labels) or any(len(row) != len(labels) for row in rows):
        raise ValueError("a confusion matrix has not a row and column for each class")
    accuracy, f1, loss = (number(data.get(key)) for key in ("accuracy", "f1", "loss"))
    return Measured(name, accuracy, f1, loss, rows)


def verdicts(checked: CheckedSpec, metrics: dict[str, Any]) -> tuple[ReportedClaim, ...]:
    """Budgets proved, then expectations and the target measured."""
    found = [ReportedClaim(str(v.budget), f"{v.value:,}", v.holds) for v in checked.budget_results]
    if not metrics:
        found += [ReportedClaim(str(claim), "", None) for claim in checked.spec.expectations]
    for item in metrics.get("expectations", ()):
        if item["quantity"] not in METRIC_NAMES or item["relation"] not in RELATIONS:
            raise ValueError("an expectation is not one of the language")
        claim = Expectation(item["quantity"], item["relation"], float(item["limit"]))
        value = number(item["value"])
        shown = "" if value is None else f"{value:.4f}"
        found.append(ReportedClaim(str(claim), shown, bool(item["holds"])))
    target = metrics.get("target")
    if target:
        epoch, seconds = number(target.get("epoch")), number(target.get("seconds"))
        reached = "" if epoch is None else f"in epoch {epoch:.0f}"
        if reached and seconds is not None:
            reached += f", after {seconds:.1f} s"
        claim_text = f"target {target['quantity']} {number(target['limit']):g}"
        found.append(ReportedClaim(claim_text, reached, epoch is not None))
    return tuple(found)
