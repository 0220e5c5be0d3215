#!/usr/bin/env bash
# Keras 3.15.1 on PyTorch 2.13.0: `AveragePooling2D(padding="same")` averages other values at
# the edge than the same layer on TensorFlow or JAX.
#
# Guess: one Keras layer computes one function on every backend, and `same` averages what lies
# inside of the image.
# Seen: with uneven padding the last column is repeated, and the copies count. The row 1 2 3 4 5 6
# with windows of 3 and stride 2 gives (5 + 6 + 6) / 3 = 5.667 at its end, not (5 + 6) / 2 = 5.5.
# With even padding the result is right, so a test with such a size finds nothing.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet keras==3.15.1 torch==2.13.0 numpy==2.4.6
KERAS_BACKEND=torch "$folder/venv/bin/python" - <<'PY'
import keras
import numpy as np

row = np.array([1, 2, 3, 4, 5, 6], "float32").reshape(1, 1, 6, 1)
layer = keras.layers.AveragePooling2D((1, 3), strides=(1, 2), padding="same")
seen = keras.ops.convert_to_numpy(layer(row)).ravel()
print("inside of the image: [2. 4. 5.5], seen:", seen)
assert np.allclose(seen, [2, 4, 17 / 3]), "changed"
PY
