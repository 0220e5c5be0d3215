"""A run folder as one value: the content of its report, and notes on what is missing.

Everything is read from the files of the folder, so it also works for a run from another machine; no
text in a file is trusted. Knows nothing of plots, pages and images.
"""

from pathlib import Path
from typing import Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.costs import BudgetResult
from cnnspec.analysis.load import checked_spec
from cnnspec.core.record import Record
from cnnspec.core.terminal import safe
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import BadRun
from cnnspec.files.atomic import read_text
from cnnspec.ir.claims import Expectation
from cnnspec.ir.datasets import DATASETS
from cnnspec.report.integers import InIntegers, read_integers
from cnnspec.runs.exports import MeasuredCode, code_of_exports
from cnnspec.runs.run import ENVIRONMENT, HISTORY, METRICS, SOURCE, Run

SPLIT_NAMES = {"train": "training", "validation": "validation", "test": "test"}
"""The splits of the data: their names in files, and in texts."""

Epoch = dict[str, float | None]
"""The metrics of one epoch by their names; NaN and infinities are `None`."""


class ClassScore(Record):
    """Precision, recall and F1 of one class."""

    label: str
    images: int
    precision: float | None
    """TP / (TP + FP); `None` where no image was predicted as the class."""
    recall: float | None
    """TP / (TP + FN); `None` where no image belongs to the class."""
    f1: float
    """2 TP / (2 TP + FP + FN), 0 for a class that never occurs, as in macro F1."""


class Measured(Record):
    """The metrics of one split. `confusion[i][j]` counts images of class i predicted as j."""

    name: str
    accuracy: float | None
    f1: float | None
    loss: float | None
    confusion: tuple[tuple[int, ...], ...]

    @property
    def images(self) -> int:
        """How many images were measured."""
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
    """A budget, expectation or target with its result; `None` if not measured yet."""

    claim: str
    value: str
    holds: bool | None
    budget: BudgetResult | None = None
    """The result of a budget."""

    @property
    def share(self) -> float | None:
        """How much of a budget is used; `None` for other claims and lower limits."""
        return self.budget.share if self.budget else None

    def dump(self) -> dict[str, Any]:
        """The verdict as JSON."""
        return {"claim": self.claim, "value": self.value, "holds": self.holds}


class Contents(Record):
    """The content of the report of one run."""

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
    """Sentences about what is missing in the folder."""
    code: tuple[MeasuredCode, ...] = ()
    """What exports in the folder measured of code, by processor."""
    integers: tuple[InIntegers, ...] = ()
    """What was measured in int8, by split; empty where that was not asked for."""
    damages: tuple[str, ...] = ()
    """Sentences about damaged files, which are left out."""

    def with_damage(self, *damages: str) -> "Contents":
        """Returns the content with more damaged files, which its notes also mention."""
        notes = (f"{safe(damage)}. What it says is left out." for damage in damages)
        return self.replace(notes=(*self.notes, *notes), damages=(*self.damages, *damages))

    @property
    def name(self) -> str:
        """The name of the run folder."""
        return safe(self.folder.name)

    @property
    def seed(self) -> int:
        """The seed of everything random."""
        return self.checked.spec.train.seed

    def metric(self, name: str) -> float | None:
        """A measured metric as an expectation names it: `accuracy`, `val_f1`, `train_loss`."""
        prefix, _, measure = name.rpartition("_")
        split = {"": "test", "val": "validation", "train": "train"}[prefix]
        found: float | None = getattr(self.scores.get(split), measure, None)
        return found

    def series(self, name: str) -> tuple[tuple[int, float | None], ...]:
        """A metric of the history over the epochs; empty where it was not recorded."""
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
        """What is recorded about the data."""
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
            **({"int8": {e.name: e.as_dict() for e in self.integers}} if self.integers else {}),
            **({"code": [each.as_dict() for each in self.code]} if self.code else {}),
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

    A file that does not exist yet is not an error: the notes mention it. `like`, a checked spec,
    saves a check if it equals that of the run.
    """
    checked = _checked(run, like)
    notes: list[str] = []
    documents = {name: run.salvage(name) for name in (HISTORY, METRICS, ENVIRONMENT)}
    (history, _), (metrics, _), (environment, _) = documents.values()
    environment = _clean(environment)
    labels = _labels(checked, environment)
    measured = {name: metrics[name] for name in SPLIT_NAMES if metrics.get(name)}
    scores = {
        name: _measured(name, found)
        for name, found in measured.items()
        if len(found.get("confusion", ())) == len(labels)
    }
    damages = [damage for _, damage in documents.values() if damage]
    damages += [
        f"{run.folder / METRICS} is damaged: {name}.confusion is not a matrix of {len(labels)} "
        "classes"
        for name, found in measured.items()
        if name not in scores and "confusion" in found
    ]
    if not metrics and not documents[METRICS][1]:
        notes.append(_unfinished(len(history), checked.spec.train.epochs))
    if origin := environment.get("continues"):
        notes.append(f"It goes on with the run {origin['run']} after epoch {origin['epochs']}.")
    if not environment and not documents[ENVIRONMENT][1]:
        notes.append(f"{ENVIRONMENT} is missing: nothing is known about the machine.")
    return Contents(
        folder=run.folder.resolve(),
        checked=checked,
        source=source_text(run),
        history=tuple({safe(name): value for name, value in epoch.items()} for epoch in history),
        scores=scores,
        verdicts=verdicts(checked, metrics),
        best_epoch=metrics.get("best_epoch"),
        seconds=metrics.get("seconds"),
        labels=labels,
        environment=environment,
        notes=tuple(notes),
        code=code_of_exports(run),
        integers=read_integers(metrics),
    ).with_damage(*damages)


def _checked(run: Run, like: CheckedSpec | None) -> CheckedSpec:
    """The checked network of a run, which must have no errors."""
    try:
        return checked_spec(run.spec, like)
    except CnnspecError as problems:
        if problems.exit_code == BadRun.exit_code:
            raise
        reason = problems.diagnostics[0].message
        raise CnnspecError(BadRun(None, f"the spec in {run} is damaged: {reason}")) from None


def _unfinished(done: int, epochs: int) -> str:
    state = f"after {done} of {epochs} epochs" if done else "before the first epoch ended"
    return f"There are no results yet: training is under way or was stopped {state}."


def source_text(run: Run) -> str:
    """The source text without characters that a page cannot show; empty if there is none."""
    try:
        text = read_text(run.folder / SOURCE)
    except (OSError, UnicodeDecodeError):
        return ""
    return "\n".join(map(safe, text.splitlines()))


def _labels(checked: CheckedSpec, environment: dict[str, Any]) -> tuple[str, ...]:
    """The names of the classes: as recorded, as in the catalogue, or their numbers."""
    spec = checked.spec
    data = environment.get("data")
    recorded = data.get("labels") if isinstance(data, dict) else None
    known = DATASETS.get(spec.data.source)
    for names in (recorded, known.labels if known else None):
        if isinstance(names, list | tuple) and len(names) == spec.classes:
            return tuple(map(str, names))
    return tuple(map(str, range(spec.classes)))


def _clean(value: Any) -> Any:
    """Returns a document without control characters in its texts."""
    match value:
        case dict():
            return {safe(name): _clean(each) for name, each in value.items()}
        case list():
            return [_clean(each) for each in value]
        case str():
            return safe(value)
    return value


def _measured(name: str, found: dict[str, Any]) -> Measured:
    rows = tuple(map(tuple, found["confusion"]))
    return Measured(name, found.get("accuracy"), found.get("f1"), found.get("loss"), rows)


def verdicts(checked: CheckedSpec, metrics: dict[str, Any]) -> tuple[ReportedClaim, ...]:
    """The results of budgets, then of expectations and the target."""
    found = [
        ReportedClaim(str(v.budget), f"{v.value:,}", v.holds, v) for v in checked.budget_results
    ]
    if not metrics:
        found += [ReportedClaim(str(claim), "", None) for claim in checked.spec.expectations]
    for item in metrics.get("expectations", ()):
        limit, dtype = float(item["limit"]), item.get("dtype", "")
        claim = Expectation(item["quantity"], item["relation"], limit, dtype)
        shown = "" if item["value"] is None else f"{item['value']:.4f}"
        found.append(ReportedClaim(str(claim), shown, item["holds"]))
    target = metrics.get("target")
    if target:
        epoch, seconds = target.get("epoch"), target.get("seconds")
        reached = "" if epoch is None else f"in epoch {epoch:.0f}"
        if reached and seconds is not None:
            reached += f", after {seconds:.1f} s"
        claim_text = f"target {target['quantity']} {target['limit']:g}"
        found.append(ReportedClaim(claim_text, reached, epoch is not None))
    return tuple(found)
