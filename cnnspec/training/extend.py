"""A finished training taken up again for more epochs, as a new run.

`model.keras`, or `state.npz` without Keras, has the weights of the last epoch, the state of the
optimizer and that of the random numbers; `history.json` has what a plateau and early stopping
have seen. Where this is the whole state of the training, and its learning rates do not depend
on how many epochs it has, the new run has the metrics of one that was never interrupted.
"""

from typing import TYPE_CHECKING, Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.load import checked_spec
from cnnspec.core.record import Record
from cnnspec.diagnostics.base import Warn
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import CannotResume, NotAsOneRun
from cnnspec.ir.source import SpecSource
from cnnspec.ir.training import Training
from cnnspec.runs.run import HISTORY, METRICS, Run

if TYPE_CHECKING:
    from cnnspec.training.state import State


class Extension(Record):
    """A run to go on with, its spec with more epochs, and what its files say of it."""

    origin: Run
    checked: CheckedSpec
    history: list[dict[str, Any]]
    metrics: dict[str, Any]

    def dump(self) -> dict[str, Any]:
        """What the environment of the new run says of the old one."""
        return {"run": str(self.origin.folder.resolve()), "epochs": len(self.history)}

    def take_over(self, state: "State") -> None:
        """Gives a state what the finished training ended with. Raises `CnnspecError`."""
        state.take_over(self.origin, self.history, self.metrics.get("target"))


def extension(run: Run, epochs: int, warn: Warn) -> Extension:
    """What is needed to go on with a finished run up to so many epochs. Loads no framework.

    Raises:
        CnnspecError: its last state was not kept, it ended early, or it has as many epochs.
    """
    kept = run.spec
    history, metrics = run.read_json(HISTORY), run.read_json(METRICS)
    train = kept.spec.train.replace(epochs=epochs)
    _require_more(run, kept.spec.train, history, metrics, epochs)
    if setting := _depends(kept.spec.train, train, len(history)):
        cause = (
            f"this is not one training of {epochs} epochs: {setting} depend on the number of "
            f"epochs, and {run} had {kept.spec.train.epochs}"
        )
        remedy = (
            f"to have that, train anew: `cnnspec train {run.folder / 'spec.cnn'} --epochs {epochs}`"
        )
        warn(NotAsOneRun(None, cause, remedy))
    spec = kept.spec.replace(train=train)
    return Extension(run, checked_spec(SpecSource(kept.name, spec)), history, metrics)


def _depends(kept: Training, train: Training, done: int) -> str:
    """What of the epochs done would be another with more of them to come; mostly empty."""
    if _rates(kept, done) != _rates(train, done):
        return f"the learning rates of `{train.schedule}`"
    if train.quantize and train.quantize.begins(train.epochs) != train.quantize.begins(kept.epochs):
        return f"the epochs that `{train.quantize}` rounds"
    return ""


def _rates(train: Training, epochs: int) -> list[Any]:
    """The learning rates of the first epochs, as shares of the first rate.

    Of epochs of 10 steps: a schedule that depends on the number of epochs does so for any.
    """
    return [train.schedule.rates(epoch, 10, train.epochs, 1.0) for epoch in range(1, epochs + 1)]


def _require_more(
    run: Run,
    train: Training,
    history: list[dict[str, Any]],
    metrics: dict[str, Any],
    epochs: int,
) -> None:
    """Raises `CnnspecError` where a finished run cannot go on."""
    done = len(history)
    best = metrics.get("best_epoch")
    anew = f"train anew: `cnnspec train {run.folder / 'spec.cnn'} --epochs {epochs}`"
    reasons = (
        (epochs <= done, f"it has {done} epochs", f"name more: `--epochs {done + 1}`"),
        (done < train.epochs, f"it was ended early, after epoch {done} of {train.epochs}", anew),
        (
            best is not None and best != done,
            f"`early_stop restore` kept the weights of epoch {best}, not those of the last",
            anew,
        ),
        (
            bool(getattr(train.optimizer, "ema", 0)),
            "`ema` kept the averages of its weights, not the weights themselves",
            anew,
        ),
    )
    for wrong, cause, remedy in reasons:
        if wrong:
            raise CnnspecError(CannotResume(None, f"cannot go on with {run}: {cause}", remedy))
