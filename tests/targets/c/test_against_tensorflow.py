"""Gradients of networks drawn at random beside TensorFlow's, of Keras models made by hand.

In float64 TensorFlow says what is right, and in float32 what rounding alone does.
"""

from typing import Any

import numpy as np
import pytest

from cnnspec.targets.c.native import NativeNetwork
from tests.support.keras_by_hand import draw_network
from tests.support.seeds import seeds
from tests.targets.c.support import checked, needs_compiler

pytestmark = [needs_compiler, pytest.mark.usefixtures("backend")]

IMAGES = 20
RANDOM = {"dropout", "sdropout", "noise"}
"""Layers that draw numbers of their own in each step."""


@pytest.mark.parametrize("seed", seeds(6))
def test_gradients_are_those_of_tensorflow(seed: int) -> None:
    from tests.support.weights import model_in_double, weights_of

    drawn = draw_network(seed)
    spec = checked(f"{drawn.text}train {{ loss mse; batch {IMAGES} }}\n")
    if RANDOM & {call.layer.word for call in spec.graph.calls}:
        pytest.skip("it draws numbers in training")
    double = model_in_double(drawn)
    if double is None:
        pytest.skip("TensorFlow does not compute it in float64")
    weights, images = weights_of(drawn), drawn.images(IMAGES)
    labels = np.random.default_rng(seed).integers(0, spec.spec.classes, IMAGES).astype(np.int32)
    model = drawn.keras_model()
    keys = trained_keys(drawn.applied(), model)
    single, right = (gradients(each, images, labels) for each in (model, double))
    if not all(np.isfinite(each).all() for each in single):
        pytest.skip("numbers too large for float32")
    _, ours = NativeNetwork(spec, weights, threads=1 + seed % 3).gradients(images, labels)
    assert set(ours) == set(keys)
    for key, exact, rounded in zip(keys, right, single, strict=True):
        size = max(float(np.abs(exact).max()), 1e-6)
        rounding = float(np.abs(rounded - exact).max())
        found = ours[key].reshape(exact.shape)
        assert np.abs(found - exact).max() <= 1e-4 * size + 3 * rounding, key


def trained_keys(applied: Any, model: Any) -> list[str]:
    """The names of the trained variables of a model in its order: by the first layer with each."""
    names: dict[int, str] = {}
    for each in applied:
        for weight in each.layer.trainable_variables:
            names.setdefault(id(weight), f"{each.name}/{weight.name}")
    return [names[id(weight)] for weight in model.trainable_variables]


def gradients(model: Any, images: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """The gradient of the mean square error by each trained variable, as in training."""
    import tensorflow as tf

    wanted = tf.one_hot(labels, model.output_shape[-1], dtype=model.compute_dtype)
    variables = [each.value for each in model.trainable_variables]
    with tf.GradientTape() as tape:
        outputs = model(tf.constant(images, model.compute_dtype), training=True)
        loss = tf.reduce_mean(tf.square(outputs - wanted))
    found = tape.gradient(loss, variables, unconnected_gradients="zero")
    return [np.asarray(tf.convert_to_tensor(each)) for each in found]
