#!/usr/bin/env bash
# TensorFlow 2.21.0 with Keras 3.15.1: the `.tflite` file of a softplus gives no number above 88.72.
#
# Guess: softplus(x) = log(1 + exp(x)) is x for a large x, in the file as in Keras.
# Seen: the converter writes EXP, ADD and LOG, and exp(100) is too large for float32. The interpreter
# gives inf with XNNPACK, and 88.72 (the logarithm of the largest float32) without delegates.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" -W ignore - <<'PY'
import keras
import numpy as np
import tensorflow as tf

layer = keras.layers.Activation("softplus")
model = keras.Sequential([keras.Input((1,), batch_size=1), layer])
data = tf.lite.TFLiteConverter.from_keras_model(model).convert()
value = np.array([[100]], "float32")
kinds = tf.lite.experimental.OpResolverType
seen = {}
for kind in (kinds.AUTO, kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES):
    interpreter = tf.lite.Interpreter(model_content=data, experimental_op_resolver_type=kind)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], value)
    interpreter.invoke()
    (output,) = interpreter.get_output_details()
    seen[kind.name] = float(interpreter.get_tensor(output["index"])[0, 0])
print("Keras:", float(np.asarray(layer(value))[0, 0]), "seen:", seen)
assert seen["AUTO"] == np.inf, "changed"
assert np.isclose(seen["BUILTIN_WITHOUT_DEFAULT_DELEGATES"], 88.72284), "changed"
PY
