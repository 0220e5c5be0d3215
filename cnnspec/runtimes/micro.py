"""What TensorFlow Lite Micro does not do. Light.

Found by converting a network of each layer and running it: tflite-micro 0.dev20261023, files of
TensorFlow 2.21. It has the layers of LiteRT but for these.
"""

from cnnspec.language.constructs import Construct
from cnnspec.layers.activations import ACTIVATION_LAYERS
from cnnspec.runtimes.litert import UNSUPPORTED as NOT_IN_LITERT
from cnnspec.runtimes.reasons import Reasons

_MISSING = {
    "gelu": "it has no operator for it",
    "selu": "it has no operator for it",
}
_MISSING_IN_INT8 = {
    "softplus": "its exponential takes float32 alone",
    "exponential": "its exponential takes float32 alone",
    "mish": "its exponential takes float32 alone",
}


def _functions(missing: dict[str, str]) -> dict[type[Construct], str]:
    return {ACTIVATION_LAYERS[word]: reason for word, reason in missing.items()}


IN_FLOAT32: Reasons = {**NOT_IN_LITERT, **_functions(_MISSING)}
"""The reason for each layer, or for some of its settings, that it does not do in float32."""

UNSUPPORTED: Reasons = {**IN_FLOAT32, **_functions(_MISSING_IN_INT8)}
"""Those that it does not do in int8."""
