"""IR to Keras: one Keras layer for each row of a check. Knows no layer by name."""

import re
from typing import Any

import keras
import numpy as np

from cnnspec.check import Checked
from cnnspec.graph import INPUT
from cnnspec.ir.training import Training
from cnnspec.layers.base import Keras


class Seeds:
    """Seeds for everything that draws random numbers, each its own, all from one."""

    def __init__(self, seed: int, *stream: int) -> None:
        self._sequence = np.random.SeedSequence([seed, *stream])

    def next(self) -> int:
        """Another seed."""
        (child,) = self._sequence.spawn(1)
        return int(child.generate_state(1)[0]) & 0x7FFF_FFFF


def build(checked: Checked, seed: int) -> keras.Model:
    """The Keras model of a checked spec, with weights drawn from the seed.

    Its layers have the names of `checked.rows`; rows that share weights share a layer.
    """
    image = keras.Input(checked.spec.shape.dims, name="image")
    layers: dict[str, Any] = {}
    values: dict[int, Any] = {INPUT: image}
    for index, row in enumerate(checked.rows):
        name = row.shares or row.name
        if name not in layers:
            layers[name] = make(row.layer.keras(), Seeds(seed, index), name=name)
        inputs = [values[source] for source in row.inputs]
        values[index] = layers[name](inputs if len(inputs) > 1 else inputs[0])
    name = re.sub(r"\W+", "_", checked.spec.model)
    return keras.Model(image, values[len(checked.rows) - 1], name=name)


def compile_model(model: keras.Model, train: Training) -> None:
    """Gives a model its optimizer, loss and metrics."""
    seeds = Seeds(train.seed)
    makers = {
        "accuracy": lambda: keras.metrics.CategoricalAccuracy(name="accuracy"),
        # Over the whole epoch; a mean of batches would be another number.
        "f1": lambda: keras.metrics.F1Score(average="macro", name="f1"),
    }
    shown = dict.fromkeys(train.metrics)
    if train.early_stop:
        measure = train.early_stop.monitor.partition("_")[2]
        shown |= dict.fromkeys([measure] if measure in makers else [])
    model.compile(
        optimizer=make(train.optimizer.keras(), seeds),
        loss=make(train.loss.keras(), seeds),
        metrics=[makers[name]() for name in shown],
    )


def make(thing: Keras, seeds: Seeds, **extra: Any) -> Any:
    """The Keras object that some data describes."""
    cls: Any = keras
    for part in thing.name.split("."):
        cls = getattr(cls, part)
    arguments = {
        name: make(value, seeds) if isinstance(value, Keras) else value
        for name, value in thing.arguments.items()
    }
    if thing.seeded and arguments.get("seed") is None:
        arguments["seed"] = seeds.next()
    return cls(**arguments, **extra)
