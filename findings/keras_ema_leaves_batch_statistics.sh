#!/usr/bin/env bash
# Keras 3.15.1 on TensorFlow 2.21.0: `use_ema` averages weights, not what batch norm measured of them.
#
# Guess: when `fit` ends and the averaged weights are put in place, the model is that of the averages.
# Seen: `moving_mean` and `moving_variance` stay those of the weights behind the average, so batch
# norm shifts every channel by four tenths of a deviation and scales it wrongly. Forward passes in
# training mode, which measure them anew, bring the loss down to a third without another step.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
TF_CPP_MIN_LOG_LEVEL=3 KERAS_BACKEND=tensorflow "$folder/venv/bin/python" -W ignore - <<'PY'
import keras
import numpy as np

draw = np.random.default_rng(1)
labels = draw.integers(0, 2, 512)
points = draw.normal(size=(512, 8)).astype("float32") + 2 * labels[:, None]


def trained(**average):
    keras.utils.set_random_seed(1)
    dense, norm = keras.layers.Dense(16), keras.layers.BatchNormalization(momentum=0.9)
    end = [keras.layers.ReLU(), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((8,)), dense, norm, *end])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.03, **average), loss)
    model.fit(points, labels, batch_size=32, epochs=6, verbose=0)
    return model


def shift(model):
    """The stored means beside those of what batch norm is given now, in deviations."""
    dense, norm = model.layers[:2]
    given = np.asarray(dense(points))
    return float((np.abs(np.asarray(norm.moving_mean) - given.mean(0)) / given.std(0)).mean())


def loss(model):
    return float(model.evaluate(points, labels, verbose=0))


plain, averaged = trained(), trained(use_ema=True, ema_momentum=0.99)
found = shift(plain), shift(averaged), loss(averaged)
for _ in range(100):
    averaged(points, training=True)
found += shift(averaged), loss(averaged)
print("shift without averages %.3f, with them %.3f at a loss of %.3f;" % found[:3])
print("measured anew: shift %.3f, loss %.3f" % found[3:])
assert found[0] < 0.1 and found[1] > 0.3 and found[3] < 0.01, "changed"
assert found[4] < found[2] / 2, "changed"
PY
