"""Settings of training that cannot work with the rest of a spec. Pure: a spec in, faults out.

What a setting can be by itself its kind says; here is what takes two of them, or the data.
The classes of errors are imported where one is found, for every check comes through here.
"""

from collections.abc import Iterator

from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.ir.schedules import Cosine, Plateau
from cnnspec.ir.spec import Spec
from cnnspec.ir.training import Training
from cnnspec.language.arg_types import number_text

Places = dict[str, Span]
"""Where each setting stands, `train.batch` for those of the train block."""


def watched(train: Training) -> dict[str, tuple[str, str]]:
    """What settings watch while training: by the setting, how it is written and the metric."""
    found = {}
    if isinstance(train.schedule, Plateau):
        monitor = train.schedule.monitor
        found["schedule"] = f"schedule plateau({monitor})", monitor
    if train.early_stop:
        monitor = train.early_stop.monitor
        found["early_stop"] = f"early_stop {monitor}", monitor
    if train.target:
        quantity = train.target.quantity
        found["target"] = f"target {quantity}", quantity
    return found


def running_metrics(train: Training) -> tuple[str, ...]:
    """What is measured of every training batch beside the loss: what is shown or watched."""
    measures = [figure.rpartition("_")[2] for _, figure in watched(train).values()]
    return tuple(dict.fromkeys([*train.metrics, *(name for name in measures if name != "loss")]))


def check_settings(spec: Spec, spans: Places) -> Iterator[Diagnostic]:
    """Every setting at odds with another one or with the images."""
    train = spec.train
    if train.validation == "none":
        yield from unmeasurable(spec, spans)
    if train.measure == "held_out":
        for claim in spec.expectations:
            if claim.split == "training":
                from cnnspec.diagnostics.claims import NotMeasured

                place = spans.get("train.measure")
                yield NotMeasured(claim.span, quantity=claim.quantity, measure=place)
    schedule = train.schedule
    if isinstance(schedule, Cosine) and schedule.warmup >= train.epochs:
        from cnnspec.diagnostics.training import WarmupTooLong

        place = spans.get("train.schedule")
        yield WarmupTooLong(place, warmup=number_text(schedule.warmup), epochs=train.epochs)
    weights = train.class_weight
    if isinstance(weights, tuple) and len(weights) != spec.classes:
        from cnnspec.diagnostics.training import WrongWeights

        place = spans.get("train.class_weight")
        yield WrongWeights(place, weights=len(weights), classes=spec.classes)
    sides = spec.input[:2]
    if train.augment and train.augment.crop >= min(sides):
        from cnnspec.diagnostics.training import CropTooLarge

        place = spans.get("train.augment")
        yield CropTooLarge(place, crop=train.augment.crop, image="x".join(map(str, sides)))
    yield from rounds_late(spec, spans)


def rounds_late(spec: Spec, spans: Places) -> Iterator[Diagnostic]:
    """Training through int8 that may never begin, because training ends before."""
    train = spec.train
    if train.quantize is None or (begins := train.quantize.begins(train.epochs)) == 1:
        return
    ends = dict(watched(train))
    ends.pop("schedule", None)
    if train.target and not train.target.stop:
        del ends["target"]
    for written, _ in ends.values():
        from cnnspec.diagnostics.training import QuantizesTooLate

        yield QuantizesTooLate(spans.get("train.quantize"), ends=written, begins=begins)


def unmeasurable(spec: Spec, spans: Places) -> Iterator[Diagnostic]:
    """Claims and settings that need a validation set, where there is none."""
    from cnnspec.diagnostics.claims import NothingValidates

    place = spans.get("train.validation")
    for claim in spec.expectations:
        if claim.split == "validation":
            yield NothingValidates(claim.span, what=f"`{claim.quantity}`", validation=place)
    for name, (written, metric) in watched(spec.train).items():
        if metric.startswith("val_"):
            span = spans.get(f"train.{name}")
            yield NothingValidates(span, what=f"`{written}`", validation=place)
