#!/usr/bin/env bash
# Keras 3.15.1 on TensorFlow 2.21.0: a layer without a name gets the name of another layer.
#
# Guess: a name that Keras makes up is one that no layer of the model has.
# Seen: it counts only the names that it made up itself. The first `Dense` without a name is `dense`,
# also beside one that was named so, and the model is refused because two layers have one name.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
TF_CPP_MIN_LOG_LEVEL=3 KERAS_BACKEND=tensorflow "$folder/venv/bin/python" -W ignore - <<'PY'
import keras

image = keras.Input((4,))
named = keras.layers.Dense(4, name="dense")(image)
unnamed = keras.layers.Dense(4)(named)
seen = "a model"
try:
    keras.Model(image, unnamed)
except ValueError as error:
    seen = str(error)
print("expected: a model, seen:", seen)
assert '"dense" is used 2 times' in seen, "changed"
PY
