"""A training from checked spec to run folder, and a run folder back to a model."""

import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras

from cnnspec import __version__
from cnnspec.check import Checked, check
from cnnspec.datasets.splits import Splits, divide
from cnnspec.diagnostics.base import Problems
from cnnspec.diagnostics.surroundings import BadRun
from cnnspec.ir.claims import Expectation
from cnnspec.ir.spec import Spec
from cnnspec.record import Record
from cnnspec.runs import ENVIRONMENT, HISTORY, METRICS, MODEL, Run
from cnnspec.training import evidence
from cnnspec.training.build import build, compile_model
from cnnspec.training.fit import Fitted, fit
from cnnspec.training.score import Score, score


class Held(Record):
    """An expectation and what was measured."""

    claim: Expectation
    value: float

    @property
    def holds(self) -> bool:
        """Whether the claim is true."""
        return self.claim.holds(self.value)

    def dump(self) -> dict[str, Any]:
        """The claim and its fate as JSON."""
        return {**self.claim.dump(), "value": self.value, "holds": self.holds}


class Outcome(Record):
    """What a training reached."""

    run: Run
    fitted: Fitted
    scores: dict[str, Score]
    claims: tuple[Held, ...]


def train(checked: Checked, parent: Path, backend: str, *, offline: bool = False) -> Outcome:
    """Trains a spec without errors and leaves a run folder below `parent`."""
    spec = checked.spec
    splits = divide(spec, offline=offline)
    keras.utils.set_random_seed(spec.train.seed)
    model = build(checked, spec.train.seed)
    compile_model(model, spec.train)
    run = Run.create(parent, spec, checked.source)
    run.write_json(ENVIRONMENT, environment(backend, splits))
    fitted = fit(
        model,
        spec.train,
        splits.train,
        splits.validation,
        lambda history: run.write_json(HISTORY, history),
    )
    save(model, run)
    scores = {name: score(model, split) for name, split in splits.named().items()}
    evidence.keep(run, model, splits)
    claims = judge(spec, scores)
    assert checked.totals is not None
    run.write_json(
        METRICS,
        {
            **{name: figures.dump() for name, figures in scores.items()},
            "expectations": [held.dump() for held in claims],
            "params": checked.totals.params,
            "epochs": len(fitted.history),
            "best_epoch": fitted.best_epoch,
            "seconds": round(fitted.seconds, 3),
        },
    )
    return Outcome(run, fitted, scores, claims)


def judge(spec: Spec, scores: dict[str, Score]) -> tuple[Held, ...]:
    """Every expectation of a spec with what was measured."""
    splits = {"training": "train"}
    return tuple(
        Held(
            claim,
            getattr(
                scores[splits.get(claim.split, claim.split)], claim.quantity.rpartition("_")[2]
            ),
        )
        for claim in spec.expectations
    )


def save(model: keras.Model, run: Run) -> None:
    """Keeps the model in the run; Keras writes in place, so it writes elsewhere first."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MODEL
        model.save(path)
        run.write(MODEL, path.read_bytes())


def restore(run: Run) -> tuple[Checked, keras.Model]:
    """The model of a run: rebuilt from its frozen spec, with the saved weights only.

    Nothing but numbers is taken from the model file. Raises `Problems`.
    """
    path = run.model
    checked = check(run.spec)
    if not checked.ok:
        raise Problems(*checked.problems)
    model = build(checked, checked.spec.train.seed)
    try:
        # Before the model is compiled: the state of the optimizer stays in the file.
        model.load_weights(path)
    except Exception as error:  # whatever a damaged archive makes of Keras, zip or h5
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        fault = BadRun(None, f"cannot read the weights in {path}: {reason[:200]}")
        raise Problems(fault) from None
    compile_model(model, checked.spec.train)
    return checked, model


def environment(backend: str, splits: Splits) -> dict[str, Any]:
    """What a training ran on and with, so that it can be done again."""
    return {
        "cnnspec": __version__,
        "python": platform.python_version(),
        "keras": keras.version(),
        "backend": backend,
        backend: version(backend),
        "numpy": version("numpy"),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": ["cnnspec", *sys.argv[1:]],
        "data": {
            "name": splits.images.dataset.name,
            "origin": splits.images.place.origin,
            "labels": list(splits.images.dataset.labels),
            "sha256": {f.name: f.sha256 for f in splits.images.dataset.files},
            "train": len(splits.train),
            "validation": len(splits.validation) if splits.validation else 0,
            "test": len(splits.test),
        },
    }
