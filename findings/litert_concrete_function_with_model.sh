#!/usr/bin/env bash
# TensorFlow 2.21.0 with Keras 3.15.1: `TFLiteConverter.from_concrete_functions([f], model)` converts
# without an error to a file that does not have the weights.
#
# Guess: the second argument names what holds the variables, so that they are kept alive while they
# are made constants; the file is that of a call without it.
# Seen: with a Keras model there the variables stay variables (VAR_HANDLE, READ_VARIABLE), which
# nothing in the file fills. It runs and gives other numbers. Without the argument it is right.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" -W ignore - <<'PY'
import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.tools import flatbuffer_utils

model = keras.Sequential([keras.Input((3,), batch_size=1), keras.layers.Dense(2)])
shape = tf.TensorSpec((1, 3), tf.float32)
function = tf.function(lambda x: model(x)).get_concrete_function(shape)


def operators(*given):
    data = tf.lite.TFLiteConverter.from_concrete_functions(*given).convert()
    content = flatbuffer_utils.convert_bytearray_to_object(bytearray(data))
    return [flatbuffer_utils.opcode_to_name(content, n) for n in range(len(content.operatorCodes))]


without, with_model = operators([function]), operators([function], model)
print("without:", without, "with the model:", with_model)
assert "VAR_HANDLE" not in without, "changed"
assert {"VAR_HANDLE", "READ_VARIABLE"} <= set(with_model), "changed"
PY
