"""A training from checked spec to run folder, whatever backend computes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.lint import lint_images
from cnnspec.analysis.load import checked_spec
from cnnspec.core.record import Record
from cnnspec.datasets.locate import Where, beside
from cnnspec.datasets.splits import Splits, divide
from cnnspec.diagnostics.base import Warn, silent
from cnnspec.diagnostics.errors import CnnspecError, Interrupted
from cnnspec.diagnostics.runs import BadRun, DamagedCheckpoint
from cnnspec.files.interrupts import StopFlag, interrupts
from cnnspec.runs.data import of_run
from cnnspec.runs.expectations import ExpectationResult, judge_expectations
from cnnspec.runs.lock import locked
from cnnspec.runs.run import ENVIRONMENT, HISTORY, INTEGERS, METRICS, Run
from cnnspec.runs.weights import HASH, save_weights
from cnnspec.training import checkpoints, inputs, samples
from cnnspec.training.backends.base import Backend, Preparation
from cnnspec.training.checkpoints import Checkpoint
from cnnspec.training.environment import environment, same_surroundings
from cnnspec.training.extend import Extension
from cnnspec.training.fit import Fit
from cnnspec.training.memory import require_memory
from cnnspec.training.score import Score, Scorer
from cnnspec.training.state import State
from cnnspec.training.trackers import Watch


class Outcome(Record):
    """What a training reached."""

    run: Run
    state: State
    scores: dict[str, Score]
    claims: tuple[ExpectationResult, ...]


class Paused(Exception):
    """A training has come to the epoch after which it was to pause; it can be resumed."""


def train(
    checked: CheckedSpec,
    parent: Path,
    backend: Backend,
    warn: Warn = silent,
    *,
    offline: bool = False,
    name: str = "",
    where: Where | None = None,
    watch: Watch | None = None,
    until: int | None = None,
    begin: Extension | None = None,
    doubts: bool = True,
) -> Outcome:
    """Trains a spec without errors and leaves a run folder below `parent`.

    The folder is `<model>-<n>`, or has the name given; `warn` is told what is odd about
    the data. Data of the user's own lies beside the spec, if not at `where`. Trackers
    follow through `watch`. With `begin` it goes on where another run has ended. Without
    `doubts` it keeps nothing to doubt pictures with, which takes a while to make. Raises
    `CnnspecError`, `Interrupted` after a signal, and `Paused` after the epoch `until`.
    """
    backend.require(checked)
    spec = checked.spec
    if where is None and begin:
        where = of_run(spec.data, begin.origin)
    where = where or beside(spec.data, checked.source.name)
    prepared = backend.prepare(checked)
    splits = divide(spec, where, offline=offline)
    for found in (*splits.images.notes, *lint_images(spec, checked.graph, len(splits.train))):
        warn(found)
    require_memory(checked, len(splits.train), prepared.step_bytes)
    around = environment(backend, splits)
    if begin:
        same_surroundings(begin.origin, around, warn, backend.immaterial)
        around["continues"] = begin.dump()
    run = Run.create(parent, spec, checked.source, name)
    watch = watch or Watch()
    with _at_work(run, watch) as pause:
        run.write_json(ENVIRONMENT, around)

        def prepare(state: State) -> None:
            if begin:
                begin.take_over(state)
                _keep(run, state)

        return _train(checked, run, splits, prepared, pause, watch, until, prepare, doubts=doubts)


def resume(
    run: Run,
    backend: Backend,
    warn: Warn,
    *,
    like: CheckedSpec | None = None,
    offline: bool = False,
    watch: Watch | None = None,
    until: int | None = None,
    doubts: bool = True,
) -> Outcome:
    """Goes on with a run that was stopped or killed, to the same end as if it had not been.

    A spec checked before that is `like` that of the run spares it a check. Raises
    `CnnspecError`, `Interrupted` after a signal, and `Paused` after the epoch `until`.
    """
    checked = checked_spec(run.spec, like)
    backend.require(checked)
    watch = watch or Watch()
    with _at_work(run, watch) as pause:
        where = of_run(checked.spec.data, run)
        prepared = backend.prepare(checked)
        splits = divide(checked.spec, where, offline=offline)
        same_surroundings(run, environment(backend, splits), warn, backend.immaterial)

        def prepare(state: State) -> None:
            _go_back(state, run, warn)

        return _train(checked, run, splits, prepared, pause, watch, until, prepare, doubts=doubts)


@contextmanager
def _at_work(run: Run, watch: Watch) -> Iterator[StopFlag]:
    """Holds the lock of a run and watches for signals; `Interrupted` then says how to go on."""
    with locked(run), interrupts() as pause:
        try:
            yield pause
        except Interrupted as stopped:
            raise Interrupted(stopped.number, str(run)) from None
        finally:
            watch.end()


def _train(
    checked: CheckedSpec,
    run: Run,
    splits: Splits,
    prepared: Preparation,
    pause: StopFlag,
    watch: Watch,
    until: int | None,
    prepare: Callable[[State], None] = lambda _: None,
    *,
    doubts: bool = True,
) -> Outcome:
    """Trains in a run folder; `prepare` may first bring the state to where it was."""
    spec = checked.spec
    trainer = prepared.trainer(splits)
    fit = Fit(trainer, spec, splits)
    prepare(fit.state)
    watch.begin(run, spec, fit.state.history)

    def keep(state: State) -> None:
        _keep(run, state)
        if state.step == 0:
            watch.epoch(state.history[-1])

    if not fit.run(keep, pause, until):
        raise Paused
    # Once more: the last epoch may have been kept without its line in the history.
    run.write_json(HISTORY, fit.state.history)
    finished = trainer.finish(run)
    sha256 = save_weights(run, finished.weights)
    scores, outputs = _measured(fit.scorer, splits, spec.train.measure, pause)
    fit.require_numbers(scores)
    samples.keep(run, splits, fit.scorer.classes, outputs)
    if doubts:
        inputs.keep(run, splits, finished.features())
    # It brings the generator of C for devices, which most trainings need at their end only.
    from cnnspec.training.integers import integer_scores

    integers = integer_scores(checked, finished.weights, splits, pause)
    figures = {name: found.figures for name, found in scores.items()}
    claims = judge_expectations(spec, figures, integers)
    assert checked.totals is not None
    metrics = {
        **{name: found.dump() for name, found in scores.items()},
        **({INTEGERS: integers} if integers else {}),
        "expectations": [held.dump() for held in claims],
        "params": checked.totals.params,
        "macs": checked.totals.macs,
        "epochs": fit.state.epoch,
        "best_epoch": fit.state.best_epoch,
        "seconds": round(fit.state.seconds, 3),
        "target": fit.state.aim.dump() if fit.state.aim else None,
        HASH: sha256,
    }
    run.write_json(METRICS, metrics)
    watch.end(metrics)
    checkpoints.delete(run)
    return Outcome(run, fit.state, scores, claims)


def _measured(
    scorer: Scorer, splits: Splits, which: str, pause: StopFlag
) -> tuple[dict[str, Score], list[np.ndarray]]:
    """The scores that are asked for, and the outputs for the split that evidence is kept of."""
    outputs: list[np.ndarray] = []
    judged = samples.judged(splits)
    seen = {judged: outputs.append} if judged else {}
    return scorer.scores(splits.measured(which), pause, seen), outputs


def _keep(run: Run, state: State) -> None:
    """Writes down how far a training is."""
    arrays, facts = state.dump()
    step = f"-step-{state.step}" if state.step else ""
    checkpoints.save(run, f"epoch-{state.epoch}{step}", Checkpoint(arrays, facts))
    run.write_json(HISTORY, state.history)


def _go_back(state: State, run: Run, warn: Warn) -> None:
    """Brings a state to the newest checkpoint that is sound; a run that has none starts anew."""
    found, damaged = checkpoints.valid(run)
    for checkpoint in found:
        try:
            state.load(checkpoint.arrays, checkpoint.facts)
            break
        except (ValueError, KeyError) as error:
            damaged.append(DamagedCheckpoint(None, f"cannot use a checkpoint of {run}: {error}"))
    else:
        if damaged:
            lost = BadRun(None, f"no checkpoint of {run} is sound", "train again from the start")
            raise CnnspecError(*damaged, lost)
    for fault in damaged:
        warn(fault)
