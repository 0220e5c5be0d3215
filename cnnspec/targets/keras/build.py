"""Graph to Keras: one Keras layer for each call of a check. Knows no layer by name."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import keras
import numpy as np

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.names import plain_names
from cnnspec.ir.conflicts import running_metrics
from cnnspec.ir.training import Training
from cnnspec.targets.keras import kernels, own_layers
from cnnspec.targets.keras.agreement import agreeing
from cnnspec.targets.keras.lowering.table import lower
from cnnspec.targets.keras.objects import Keras
from cnnspec.targets.keras.passes import Nodes, Pass, nodes, optimizer_at_once
from cnnspec.targets.keras.precision import FULL_PRECISION, policy
from cnnspec.targets.keras.recursion import deep_enough


class Seeds:
    """Gives everything that draws random numbers a seed of its own, all from one."""

    def __init__(self, seed: int, *stream: int) -> None:
        self._sequence = np.random.SeedSequence([seed, *stream])

    def next(self) -> int:
        """Returns the next seed."""
        (child,) = self._sequence.spawn(1)
        return int(child.generate_state(1)[0]) & 0x7FFF_FFFF


def build(checked: CheckedSpec, seed: int, passes: Iterable[Pass] = ()) -> keras.Model:
    """Returns the Keras model of a checked spec, with weights drawn from the seed.

    Its layers have the names of `checked.layers`; calls that share weights share a layer.
    With passes it is a faster model with the same weights, in the same order.
    """
    network = nodes(checked)
    for rewrite in passes:
        network = rewrite(network)
    with policy(checked.spec.train.precision):
        return _build(checked, seed, network)


def _build(checked: CheckedSpec, seed: int, network: Nodes) -> keras.Model:
    _, *nodes = network
    layers: dict[str, Any] = {}
    names = plain_names(node.name for node in nodes if not node.weights_from)
    # A layer may have this name as well, and Keras takes each once.
    image = "image"
    while image in names.values():
        image += "_"
    values = [keras.Input(checked.spec.shape.dims, name=image)]
    for index, node in enumerate(nodes):
        name = node.weights_from or node.name
        if name not in layers:
            # Probabilities and their logarithms need full precision.
            exact = {"dtype": FULL_PRECISION} if node is nodes[-1] else {}
            layers[name] = make(node.lowered(), Seeds(seed, index), name=names[name], **exact)
        inputs = [values[source] for source in node.inputs]
        values.append(layers[name](inputs if len(inputs) > 1 else inputs[0]))
    (name,) = plain_names([checked.spec.model]).values()
    with deep_enough(len(values)):
        return keras.Model(values[0], values[-1], name=name)


def as_written(model: keras.Model, checked: CheckedSpec) -> keras.Model:
    """Returns the model of a spec without passes, with the state of one built with them.

    That is its weights, and the state of its optimizer and of its random numbers.
    """
    train = checked.spec.train
    written = build(checked, train.seed)
    compile_model(written, train)
    written.optimizer.build(written.trainable_variables)
    for to, by in ((written, model), (written.optimizer, model.optimizer)):
        for variable, value in zip(to.variables, by.variables, strict=True):
            variable.assign(value)
    return written


def compile_model(model: keras.Model, train: Training, *, quick: bool = False) -> None:
    """Gives a model its optimizer, loss and metrics; a `quick` one takes the same steps."""
    seeds = Seeds(train.seed)
    makers = {
        "accuracy": lambda: keras.metrics.CategoricalAccuracy(name="accuracy"),
        # F1 is computed over the whole epoch; a mean over batches would be another number.
        "f1": lambda: keras.metrics.F1Score(average="macro", name="f1"),
    }
    optimizer = make((optimizer_at_once if quick else lower)(train.optimizer), seeds)
    optimizer.exclude_from_weight_decay(var_list=undecayed(model))
    # With `mixed_float16` Keras scales the loss automatically.
    model.compile(
        optimizer=optimizer,
        loss=make(lower(train.loss), seeds),
        metrics=[makers[name]() for name in running_metrics(train)],
    )


def undecayed(model: keras.Model) -> list[Any]:
    """Returns the trainable variables without weight decay: all except kernels.

    These are biases, scales and offsets of normalization and slopes of activations, as is usual
    (He et al., "Bag of tricks for image classification", 2019, 3.1).
    """
    return [v for v in model.trainable_variables if not v.name.endswith("kernel")]


_OWN = {"kernels": kernels, "ours": own_layers}
"""The modules of names that are not below `keras`."""


def make(thing: Keras, seeds: Seeds, **extra: Any) -> Any:
    """Returns the Keras object that the data describes."""
    space, _, inside = thing.name.partition(".")
    own = _OWN.get(space)
    cls = attrgetter(inside)(own) if own else attrgetter(thing.name)(keras)
    cls = agreeing(cls, thing.arguments)
    arguments = {
        name: make(value, seeds) if isinstance(value, Keras) else value
        for name, value in thing.arguments.items()
    }
    if thing.seeded and arguments.get("seed") is None:
        arguments["seed"] = seeds.next()
    return cls(**arguments, **extra)
