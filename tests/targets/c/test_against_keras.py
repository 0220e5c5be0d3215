"""Fifty steps beside Keras, from equal weights, in the same order, without dropout.

The Keras models are written out here by hand. Loads TensorFlow.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cnnspec.targets.c.native import NativeNetwork
from tests.targets.c.support import checked, needs_compiler

pytestmark = [needs_compiler, pytest.mark.usefixtures("backend")]

STEPS, BATCH, IMAGES = 50, 32, 200
CLOSE = 1e-4
"""How far a loss may be off, relative to it.

Nearly always it is 5e-7. Where rounding alone makes another value of a window the largest,
two trainings part, and Keras from weights one bit away is 2e-4 from itself.
"""
SEED = 2
HEAD = 'model x\ndata "x"\ninput 12x12x1\nclasses 4\n'


def plain(text: str = "", layer: str = "") -> str:
    """A spec; the Keras model of `by_hand` is the same."""
    return (
        f"{HEAD}conv 6x3 relu {layer}\npool 2\nconv 8x2 same tanh\nflatten\n"
        f"dense 12 relu {layer}\ndense 4 softmax\n"
        f"train {{ batch {BATCH}; {text} }}\n"
    )


def by_hand(**more: Any) -> Any:
    from keras import Sequential, layers, utils

    utils.set_random_seed(SEED)
    return Sequential(
        [
            layers.Input((12, 12, 1)),
            layers.Conv2D(6, 3, activation="relu", name="conv", **more),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 2, padding="same", activation="tanh", name="conv_2"),
            layers.Flatten(),
            layers.Dense(12, activation="relu", name="dense", **more),
            layers.Dense(4, activation="softmax", name="dense_2"),
        ]
    )


def normed() -> Any:
    from keras import Input, Model, layers, utils

    utils.set_random_seed(SEED)
    x = Input((12, 12, 1))
    y = layers.Conv2D(6, 3, use_bias=False, name="conv")(x)
    y = layers.ReLU()(layers.BatchNormalization(momentum=0.9, name="bn")(y))
    z = layers.DepthwiseConv2D(3, padding="same", name="dwconv")(y)
    y = layers.Add()([y, z])
    y = layers.LayerNormalization(name="ln")(y)
    y = layers.AveragePooling2D(2)(y)
    y = layers.Conv2D(8, 3, strides=2, padding="same", activation="elu", name="conv_2")(y)
    y = layers.GlobalAveragePooling2D()(y)
    return Model(x, layers.Dense(4, activation="softmax", name="dense")(y))


NORMED = (
    f"{HEAD}conv 6x3 no_bias\nbn momentum=0.9\nrelu\nresidual {{ dwconv 3 same }}\nln\n"
    "avgpool 2\nconv 8x3 same elu stride=2\ngap\ndense 4 softmax\n"
    f"train {{ batch {BATCH}; optimizer adam(1e-3) }}\n"
)


def data() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    images = random.integers(0, 256, (IMAGES, 12, 12, 1)).astype(np.uint8)
    return images, random.integers(0, 4, IMAGES).astype(np.int32)


def losses_of_keras(
    model: Any, optimizer: Any, loss: Any, counts: np.ndarray | None, order: np.ndarray
) -> list[float]:
    """The loss of each step; each begins anew, as a loss of `fit` is a mean of those before."""
    import keras

    optimizer.exclude_from_weight_decay(
        var_list=[v for v in model.trainable_variables if not v.name.endswith("kernel")]
    )
    model.compile(optimizer=optimizer, loss=loss)
    images, labels = data()
    scaled, wanted = images.astype(np.float32) / 255, keras.utils.to_categorical(labels, 4)
    found = []
    for step in range(STEPS):
        rows = order[step * BATCH : (step + 1) * BATCH]
        given = None if counts is None else counts[rows]
        found.append(float(model.train_on_batch(scaled[rows], wanted[rows], sample_weight=given)))
        model.reset_metrics()
    return found


def same(
    text: str, model: Any, optimizer: Any, loss: Any = None, counts: np.ndarray | None = None
) -> NativeNetwork:
    """Trains both sides and compares the losses of all steps."""
    spec = checked(text)
    names = {layer.name: layer for layer in model.layers}
    weights = {
        f"{call.name}/{weight.name}": np.asarray(weight)
        for call in spec.graph.owners
        if call.name in names
        for weight in names[call.name].weights
    }
    network = NativeNetwork(spec, weights, threads=2)
    random = np.random.default_rng(9)
    order = np.concatenate([random.permutation(IMAGES) for _ in range(9)])[: STEPS * BATCH]
    theirs = losses_of_keras(model, optimizer, loss or "categorical_crossentropy", counts, order)
    images, labels = data()
    rate = spec.spec.train.optimizer.learning_rate
    ours = network.train(images, labels, order, np.full(STEPS, rate), counts).losses
    away = np.abs(ours - theirs) / np.abs(theirs)
    assert away.max() <= CLOSE, f"{away.max()} at step {away.argmax()}"
    return network


OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "sgd(0.1)": lambda o: o.SGD(0.1),
    "sgd(0.05, momentum=0.9, nesterov)": lambda o: o.SGD(0.05, momentum=0.9, nesterov=True),
    "adam(3e-3, clipnorm=0.1)": lambda o: o.Adam(3e-3, clipnorm=0.1),
    "adam(3e-3, amsgrad, weight_decay=0.1)": lambda o: o.Adam(3e-3, amsgrad=True, weight_decay=0.1),
    "adamw(3e-3)": lambda o: o.AdamW(3e-3),
    "nadam(3e-3)": lambda o: o.Nadam(3e-3),
    "adamax(3e-3, clipvalue=0.01)": lambda o: o.Adamax(3e-3, clipvalue=0.01),
    "lamb(3e-3, global_clipnorm=0.5)": lambda o: o.Lamb(3e-3, global_clipnorm=0.5),
    "rmsprop": lambda o: o.RMSprop(),
    "rmsprop(1e-3, momentum=0.5, centered)": lambda o: o.RMSprop(1e-3, momentum=0.5, centered=True),
    "adagrad(0.05)": lambda o: o.Adagrad(0.05),
    "adadelta(0.5, ema=0.9)": lambda o: o.Adadelta(0.5, use_ema=True, ema_momentum=0.9),
    "lion(1e-3, weight_decay=0.01)": lambda o: o.Lion(1e-3, weight_decay=0.01),
}


@pytest.mark.parametrize("word", OPTIMIZERS)
def test_losses_of_fifty_steps_are_those_of_keras(word: str) -> None:
    from keras import optimizers

    model, optimizer = by_hand(), OPTIMIZERS[word](optimizers)
    network = same(plain(f"optimizer {word}"), model, optimizer)
    if "ema" in word:
        optimizer.finalize_variable_values(model.trainable_variables)
        averages = network.averages
        for layer in ("conv", "dense_2"):
            for weight in model.get_layer(layer).weights:
                right = np.asarray(weight)
                assert np.abs(averages[f"{layer}/{weight.name}"] - right).max() <= 1e-4


def test_penalties_counts_and_smoothing_are_those_of_keras() -> None:
    from keras import losses, optimizers, regularizers

    model = by_hand(kernel_regularizer=regularizers.L1L2(1e-3, 2e-3))
    counts = np.random.default_rng(3).uniform(0.2, 3, IMAGES).astype(np.float32)
    loss = losses.CategoricalCrossentropy(label_smoothing=0.1)
    text = plain(
        "optimizer adam(3e-3); loss categorical_crossentropy(label_smoothing=0.1)",
        "l1=1e-3 l2=2e-3",
    )
    same(text, model, optimizers.Adam(3e-3), loss, counts)


def test_normalization_and_merges_are_those_of_keras() -> None:
    from keras import optimizers

    model = normed()
    network = same(NORMED, model, optimizers.Adam(1e-3))
    images, _ = data()
    theirs = np.asarray(model(images.astype(np.float32) / 255, training=False))
    assert np.abs(network.predict(images) - theirs).max() <= 1e-4


@pytest.mark.parametrize("threads", [1, 3])
def test_the_measured_loss_is_that_of_keras_evaluate(threads: int) -> None:
    import keras

    model = by_hand(kernel_regularizer=keras.regularizers.L1L2(l1=1e-4, l2=1e-3))
    # Probabilities that round to 0: what is lost then is told from the logits.
    model.layers[-1].set_weights([100 * w for w in model.layers[-1].get_weights()])
    model.compile(loss="categorical_crossentropy")
    spec = checked(plain(layer="l1=1e-4 l2=1e-3"))
    weights = {
        f"{each.name}/{w.name}": np.asarray(w) for each in model.layers for w in each.weights
    }
    network = NativeNetwork(spec, weights, threads=threads)
    images, labels = data()
    outputs, loss = network.measure(images, labels)
    wanted = keras.utils.to_categorical(labels, 4)
    theirs = model.evaluate(images.astype(np.float32) / 255, wanted, verbose=0, batch_size=IMAGES)
    assert loss / IMAGES == pytest.approx(theirs, rel=1e-5)
    assert np.array_equal(outputs, network.predict(images))
