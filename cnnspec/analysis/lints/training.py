"""Lints about the settings of training, and what they mean for this network and its data."""

from collections.abc import Iterator
from math import ceil

from cnnspec.analysis.lints.network import LintContext
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.training_lints import (
    ChangesClass,
    IdleSchedule,
    PatienceTooLong,
    SlowAverage,
    UnusualRate,
    ValidatesOnTest,
)
from cnnspec.ir.claims import MEASURES
from cnnspec.ir.conflicts import watched
from cnnspec.ir.datasets import DATASETS
from cnnspec.ir.schedules import Exponential, Plateau, Step
from cnnspec.ir.spec import Spec
from cnnspec.language.arg_types import number_text


def validates_on_test(network: LintContext) -> Iterator[Diagnostic]:
    """A test set that is watched while training, or even chooses."""
    train = network.spec.train
    choosing = watched(train)
    # A target that does not end the training is looked at, no more.
    if train.target and not train.target.stop:
        del choosing["target"]
    if train.validation == "test":
        chosen = [text for text, figure in choosing.values() if figure.startswith("val_")]
        chooses = next(iter(chosen), "")
        yield ValidatesOnTest(network.spans.get("train.validation"), chooses=chooses)
    if "target" in choosing and train.target and train.target.quantity in MEASURES:
        yield ValidatesOnTest(
            network.spans.get("train.target"),
            chooses=f"{choosing['target'][0]} … stop",
            instead=f"val_{train.target.quantity}",
        )


SLACK = 3.0
"""How far beyond, as a factor, is still nobody's business."""


def unusual_rate(network: LintContext) -> Iterator[Diagnostic]:
    """A learning rate far out of the habit of its optimizer."""
    optimizer = network.spec.train.optimizer
    rate, (low, high) = optimizer.learning_rate, optimizer.usual_rates
    if not low / SLACK <= rate <= high * SLACK:
        yield UnusualRate(
            network.spans.get("train.optimizer"),
            optimizer=optimizer.word,
            rate=number_text(rate),
            low=number_text(low),
            high=number_text(high),
            default=number_text(type(optimizer).specs["learning_rate"].default),
            above=rate > high,
        )


def patience_too_long(network: LintContext) -> Iterator[Diagnostic]:
    """Patience that cannot run out."""
    train = network.spec.train
    stop, schedule = train.early_stop, train.schedule
    if stop and not stop.restore and stop.patience >= train.epochs:
        yield PatienceTooLong(
            network.spans.get("train.early_stop"),
            what=f"early_stop {stop.monitor}",
            patience=stop.patience,
            epochs=train.epochs,
            restores=True,
        )
    if isinstance(schedule, Plateau) and schedule.patience >= train.epochs - 1:
        yield PatienceTooLong(
            network.spans.get("train.schedule"),
            what=f"schedule plateau({schedule.monitor})",
            patience=schedule.patience,
            epochs=train.epochs,
        )


def changes_class(network: LintContext) -> Iterator[Diagnostic]:
    """Digits that are mirrored or turned upside down."""
    augment = network.spec.train.augment
    dataset = DATASETS.get(network.spec.data.source)
    if augment is None or dataset is None or "".join(dataset.labels) != "0123456789":
        return
    place = network.spans.get("train.augment")
    if augment.flip:
        option, becomes = f"flip={augment.flip}", "a mirrored 2 is not a digit"
        yield ChangesClass(place, option=option, becomes=becomes)
    elif augment.rotate > 90:
        option = f"rotate={number_text(augment.rotate)}"
        yield ChangesClass(place, option=option, becomes="a 6 upside down is a 9")


SPENT = 1e-4
"""The share of a learning rate below which a network hardly learns."""


def idle_schedule(network: LintContext) -> Iterator[Diagnostic]:
    """Rates that never change, or are next to nothing for half of the training."""
    schedule, epochs = network.spec.train.schedule, network.spec.train.epochs
    place = network.spans.get("train.schedule")
    if isinstance(schedule, Step) and schedule.every >= epochs:
        yield IdleSchedule(place, schedule=schedule.called(), every=schedule.every, epochs=epochs)
    # One step an epoch is as fine as it needs.
    elif isinstance(schedule, Step | Exponential) and (
        schedule.share(epochs // 2, 1, epochs) < SPENT
    ):
        yield IdleSchedule(place, schedule=schedule.called(), epochs=epochs)


def slow_average(network: LintContext) -> Iterator[Diagnostic]:
    """An average of the weights that does not get away from the first of them."""
    momentum = network.spec.train.optimizer.ema
    steps = steps_of(network.spec)
    if momentum is None or steps is None:
        return
    first = momentum**steps
    if first > 0.5:
        yield SlowAverage(
            network.spans.get("train.optimizer"),
            momentum=number_text(momentum),
            steps=steps,
            share=int(100 * first),
        )


def steps_of(spec: Spec, images: int | None = None) -> int | None:
    """Returns the steps of a training on so many images; `None` where data lies elsewhere.

    Those of a known dataset are counted without what is held back to validate on.
    """
    if images is None:
        dataset = DATASETS.get(spec.data.source)
        if dataset is None:
            return None
        held = spec.train.validation if isinstance(spec.train.validation, float) else 0
        images = ceil(dataset.counts[0] * (1 - held))
    return spec.train.epochs * ceil(images / spec.train.batch)


def images_of(spec: Spec) -> int | None:
    """Returns how many images are trained on, `None` where only reading the data shows it.

    A share that is held back is exact only then: equal images stay on one side.
    """
    dataset = DATASETS.get(spec.data.source)
    held = isinstance(spec.train.validation, float)
    return None if dataset is None or held else dataset.counts[0]


LINTS = (
    validates_on_test,
    unusual_rate,
    patience_too_long,
    changes_class,
    idle_schedule,
    slow_average,
)
