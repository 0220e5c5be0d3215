"""What TensorFlow Lite Micro does not do in int8. Light.

Found by converting a network of each layer and running it: tflite-micro 0.dev20261023, files of
TensorFlow 2.21. It has the layers of LiteRT but for these.
"""

from cnnspec.layers.activations import ACTIVATION_LAYERS
from cnnspec.targets.litert.unsupported import UNSUPPORTED as NOT_IN_LITERT
from cnnspec.targets.reasons import Reasons

_MISSING = {
    "gelu": "it has no operator for it",
    "selu": "it has no operator for it",
    "softplus": "its exponential takes float32 alone",
    "exponential": "its exponential takes float32 alone",
    "mish": "its exponential takes float32 alone",
}

UNSUPPORTED: Reasons = {
    **NOT_IN_LITERT,
    **{ACTIVATION_LAYERS[word]: reason for word, reason in _MISSING.items()},
}
"""The reason for each layer, or for some of its settings."""
