"""A training from checked spec to run folder, and a run folder back to a model."""

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras

from cnnspec import __version__
from cnnspec.check import Checked, check
from cnnspec.datasets.splits import Splits, divide
from cnnspec.datasets.where import Where, beside, of_run
from cnnspec.diagnostics.base import Diagnostic, Problems, Stopped
from cnnspec.diagnostics.surroundings import (
    BadRun,
    CannotResume,
    DamagedCheckpoint,
    MayDiffer,
)
from cnnspec.ir.claims import Expectation
from cnnspec.ir.spec import Spec
from cnnspec.record import Record
from cnnspec.runs import ENVIRONMENT, HISTORY, METRICS, MODEL, Run
from cnnspec.training import checkpoints, evidence
from cnnspec.training.build import build, compile_model
from cnnspec.training.checkpoints import Checkpoint
from cnnspec.training.fit import Fit
from cnnspec.training.interrupts import Pause, interrupts
from cnnspec.training.memory import require_memory
from cnnspec.training.precision import require_accelerator
from cnnspec.training.score import Score, score
from cnnspec.training.state import State
from cnnspec.training.trackers import Watch


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
    state: State
    scores: dict[str, Score]
    claims: tuple[Held, ...]


Warn = Callable[[Diagnostic], None]
"""Gets what a person should know and what stops nothing."""


def silent(_: Diagnostic) -> None:
    """Tells nobody."""


def train(
    checked: Checked,
    parent: Path,
    backend: str,
    warn: Warn = silent,
    *,
    offline: bool = False,
    name: str = "",
    where: Where | None = None,
    watch: Watch | None = None,
) -> Outcome:
    """Trains a spec without errors and leaves a run folder below `parent`.

    The folder is `<model>-<n>`, or has the name given; `warn` is told what is odd about
    the data. Data of the user's own lies beside the spec, if not at `where`. Trackers
    follow through `watch`. Raises `Problems`, and `Stopped` after a signal.
    """
    require_accelerator(checked)
    spec = checked.spec
    where = where or beside(spec.data, checked.source.name)
    splits = divide(spec, where, offline=offline)
    for found in splits.images.notes:
        warn(found)
    require_memory(checked, len(splits.train))
    run = Run.create(parent, spec, checked.source, name)
    watch = watch or Watch()
    with _at_work(run, watch) as pause:
        run.write_json(ENVIRONMENT, environment(backend, splits))
        return _train(checked, run, splits, pause, watch)


def resume(
    run: Run,
    backend: str,
    warn: Warn,
    *,
    offline: bool = False,
    watch: Watch | None = None,
) -> Outcome:
    """Goes on with a run that was stopped or killed, to the same end as if it had not been.

    Raises `Problems`, and `Stopped` after a signal.
    """
    checked = check(run.spec)
    if not checked.ok:
        raise Problems(*checked.problems)
    require_accelerator(checked)
    watch = watch or Watch()
    with _at_work(run, watch) as pause:
        where = of_run(checked.spec.data, run)
        splits = divide(checked.spec, where, offline=offline)
        _compare(run, environment(backend, splits), warn)
        return _train(checked, run, splits, pause, watch, lambda s: _go_back(s, run, warn))


@contextmanager
def _at_work(run: Run, watch: Watch) -> Iterator[Pause]:
    """Holds the lock of a run and watches for signals; `Stopped` then says how to go on."""
    with run.locked(), interrupts() as pause:
        try:
            yield pause
        except Stopped as stopped:
            raise Stopped(stopped.number, str(run)) from None
        finally:
            watch.end()


def _train(
    checked: Checked,
    run: Run,
    splits: Splits,
    pause: Pause,
    watch: Watch,
    prepare: Callable[[State], None] = lambda _: None,
) -> Outcome:
    """Trains in a run folder; `prepare` may first bring the state to where it was."""
    spec = checked.spec
    keras.utils.set_random_seed(spec.train.seed)
    model = build(checked, spec.train.seed)
    compile_model(model, spec.train)
    fit = Fit(model, spec.train, splits)
    prepare(fit.state)
    watch.begin(run, spec, fit.state.history)

    def keep(state: State) -> None:
        _keep(run, state)
        if state.step == 0:
            watch.epoch(state.history[-1])

    fit.run(keep, pause)
    # Once more: the last epoch may have been kept without its line in the history.
    run.write_json(HISTORY, fit.state.history)
    save(model, run)
    scores = {name: score(model, split, pause) for name, split in splits.named().items()}
    evidence.keep(run, model, splits)
    claims = judge(spec, {name: found.figures for name, found in scores.items()})
    assert checked.totals is not None
    metrics = {
        **{name: figures.dump() for name, figures in scores.items()},
        "expectations": [held.dump() for held in claims],
        "params": checked.totals.params,
        "macs": checked.totals.macs,
        "epochs": fit.state.epoch,
        "best_epoch": fit.state.best_epoch,
        "seconds": round(fit.state.seconds, 3),
        "target": fit.state.aim.dump() if fit.state.aim else None,
    }
    run.write_json(METRICS, metrics)
    watch.end(metrics)
    checkpoints.forget(run)
    return Outcome(run, fit.state, scores, claims)


def _keep(run: Run, state: State) -> None:
    """Writes down how far a training is."""
    arrays, facts = state.dump()
    step = f"-step-{state.step}" if state.step else ""
    checkpoints.keep(run, f"epoch-{state.epoch}{step}", Checkpoint(arrays, facts))
    run.write_json(HISTORY, state.history)


def _go_back(state: State, run: Run, warn: Warn) -> None:
    """Brings a state to the newest checkpoint that is sound; a run that has none starts anew."""
    found, damaged = checkpoints.sound(run)
    for checkpoint in found:
        try:
            state.load(checkpoint.arrays, checkpoint.facts)
            break
        except (ValueError, KeyError) as error:
            damaged.append(DamagedCheckpoint(None, f"cannot use a checkpoint of {run}: {error}"))
    else:
        if damaged:
            lost = BadRun(None, f"no checkpoint of {run} is sound", "train again from the start")
            raise Problems(*damaged, lost)
    for fault in damaged:
        warn(fault)


_SAME = ("keras", "backend", "data")
"""What a resumed training must have in common with its beginning."""


def _compare(run: Run, now: dict[str, Any], warn: Warn) -> None:
    """Raises `Problems` where a training cannot go on as it began; warns where it may differ."""
    before = run.read_json(ENVIRONMENT)
    anywhere = {"origin": "", "path": ""}
    then = {**before, "data": {**before.get("data", {}), **anywhere}}
    here = {**now, "data": {**now["data"], **anywhere}}
    differing = {
        name: f"{name} was {_short(then.get(name))} and is {_short(here.get(name))}"
        for name in here
        if name not in ("started", "command", "platform") and then.get(name) != here.get(name)
    }
    graver = [text for name, text in differing.items() if name in (*_SAME, now["backend"])]
    if graver:
        cause = f"cannot go on with {run}: {'; '.join(graver)}"
        raise Problems(CannotResume(None, cause, "train again, or go back to what it began with"))
    for text in differing.values():
        warn(MayDiffer(None, f"the end may differ in its last bits: {text}"))


def _short(value: Any) -> str:
    return "other" if isinstance(value, dict) else str(value)


def judge(spec: Spec, figures: Mapping[str, Mapping[str, float]]) -> tuple[Held, ...]:
    """Every expectation of a spec with what was measured, by split and measure."""
    splits = {"training": "train"}
    return tuple(
        Held(
            claim,
            figures[splits.get(claim.split, claim.split)][claim.quantity.rpartition("_")[2]],
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


def _command() -> list[str]:
    """The command line, where it is ours and not that of a program or a notebook."""
    program = Path(sys.argv[0])
    ours = "cnnspec" in (program.stem, program.parent.name)
    return ["cnnspec", *sys.argv[1:]] if ours else []


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
        "command": _command(),
        "data": {
            "name": splits.images.dataset.name,
            "origin": splits.images.place.origin,
            "path": str(splits.images.place.folder),
            "labels": list(splits.images.dataset.labels),
            "sha256": {f.name: f.sha256 for f in splits.images.dataset.files},
            "train": len(splits.train),
            "validation": len(splits.validation) if splits.validation else 0,
            "test": len(splits.test),
        },
    }
