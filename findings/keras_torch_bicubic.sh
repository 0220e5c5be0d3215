#!/usr/bin/env bash
# Keras 3.15.1 on PyTorch 2.13.0: `Resizing(interpolation="bicubic")` uses another cubic than the
# same layer on TensorFlow or JAX.
#
# Guess: one Keras layer computes one function on every backend: the cubic of Keys (1981) with
# a = -0.5, which TensorFlow and JAX have.
# Seen: PyTorch has a = -0.75. A single bright pixel, drawn twice as large, keeps
# (a + 2) / 64 - (a + 3) / 16 + 1 of its light at a distance of a quarter: 0.8789, not 0.8672.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet keras==3.15.1 torch==2.13.0 numpy==2.4.6
KERAS_BACKEND=torch "$folder/venv/bin/python" - <<'PY'
import keras
import numpy as np


def at_a_quarter(a):
    return (a + 2) / 64 - (a + 3) / 16 + 1


row = np.array([0, 0, 1, 0, 0], "float32").reshape(1, 1, 5, 1)
seen = keras.ops.convert_to_numpy(keras.layers.Resizing(1, 10, interpolation="bicubic")(row))
print(f"a = -0.5: {at_a_quarter(-0.5):.4f}, seen: {seen.ravel()[4]:.4f}")
assert np.isclose(seen.ravel()[4], at_a_quarter(-0.75), atol=1e-4), "changed"
PY
