"""The Keras layer of every word of the language, written out by hand.

Nothing of `cnnspec` is asked here, so that a mistake of the compiler is not made a second
time. Arguments that a statement leaves out are left out of the Keras call as well: the
defaults of the language are Keras's, and this is what shows it.
"""

from collections.abc import Callable
from typing import Any

import keras


def layer_of(word: str, arguments: dict[str, Any]) -> Any:
    """The Keras layer of a word and its arguments, which are numbers, words and pairs."""
    return LAYERS[word](dict(arguments))


def _named(given: dict[str, Any], **names: str) -> dict[str, Any]:
    """The arguments that were given, under the names they have in Keras."""
    return {names[name]: value for name, value in given.items()}


_INITIALIZERS = {
    "zeros": keras.initializers.Zeros,
    "ones": keras.initializers.Ones,
    "constant": keras.initializers.Constant,
    "glorot_uniform": keras.initializers.GlorotUniform,
    "glorot_normal": keras.initializers.GlorotNormal,
    "he_uniform": keras.initializers.HeUniform,
    "he_normal": keras.initializers.HeNormal,
    "lecun_uniform": keras.initializers.LecunUniform,
    "lecun_normal": keras.initializers.LecunNormal,
    "random_normal": keras.initializers.RandomNormal,
    "random_uniform": keras.initializers.RandomUniform,
    "truncated_normal": keras.initializers.TruncatedNormal,
    "orthogonal": keras.initializers.Orthogonal,
}


def _weighted(given: dict[str, Any], *kernels: str) -> dict[str, Any]:
    """What layers with a kernel share; takes it out of the arguments."""
    found: dict[str, Any] = {}
    if "activation" in given:
        found["activation"] = given.pop("activation")
    if "bias" in given:
        found["use_bias"] = given.pop("bias")
    if "init" in given:
        word, values = given.pop("init")
        found |= {f"{kernel}_initializer": _INITIALIZERS[word](**values) for kernel in kernels}
    if "bias_init" in given:
        word, values = given.pop("bias_init")
        found["bias_initializer"] = _INITIALIZERS[word](**values)
    penalties = {name: given.pop(name) for name in ("l1", "l2") if name in given}
    if any(penalties.values()):
        penalties = {"l1": 0.0, "l2": 0.0} | penalties
        found |= {f"{k}_regularizer": keras.regularizers.L1L2(**penalties) for k in kernels}
    return found


_SLIDING = {"padding": "padding", "stride": "strides", "dilation": "dilation_rate"}
_KERNEL = {"filters": "filters", "kernel": "kernel_size", **_SLIDING}
_NORM = {"center": "center", "scale": "scale", "epsilon": "epsilon"}
_POOL = {"size": "pool_size", "padding": "padding", "stride": "strides"}


def _conv(given: dict[str, Any]) -> Any:
    weights = _weighted(given, "kernel")
    return keras.layers.Conv2D(**_named(given, groups="groups", **_KERNEL), **weights)


def _dwconv(given: dict[str, Any]) -> Any:
    weights = _weighted(given, "depthwise")
    names = {"kernel": "kernel_size", "multiplier": "depth_multiplier", **_SLIDING}
    return keras.layers.DepthwiseConv2D(**_named(given, **names), **weights)


def _sepconv(given: dict[str, Any]) -> Any:
    weights = _weighted(given, "depthwise", "pointwise")
    names = {"multiplier": "depth_multiplier", **_KERNEL}
    return keras.layers.SeparableConv2D(**_named(given, **names), **weights)


def _tconv(given: dict[str, Any]) -> Any:
    weights = _weighted(given, "kernel")
    return keras.layers.Conv2DTranspose(**_named(given, **_KERNEL), **weights)


def _dense(given: dict[str, Any]) -> Any:
    weights = _weighted(given, "kernel")
    return keras.layers.Dense(**_named(given, units="units"), **weights)


def _gn(given: dict[str, Any]) -> Any:
    if given.get("groups") == "instance":
        given["groups"] = -1
    return keras.layers.GroupNormalization(**_named(given, groups="groups", **_NORM))


def _resize(given: dict[str, Any]) -> Any:
    height, width = given.pop("size")
    return keras.layers.Resizing(height, width, **_named(given, interpolation="interpolation"))


def _reshape(given: dict[str, Any]) -> Any:
    # An image of two sizes has one channel.
    sizes = given["shape"]
    return keras.layers.Reshape((*sizes, 1) if len(sizes) == 2 else sizes)


def _prelu(given: dict[str, Any]) -> Any:
    return keras.layers.PReLU(shared_axes=[1, 2]) if given.get("shared") else keras.layers.PReLU()


def _function(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda given: keras.layers.Activation(name, **given)


LAYERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "conv": _conv,
    "dwconv": _dwconv,
    "sepconv": _sepconv,
    "tconv": _tconv,
    "pool": lambda given: keras.layers.MaxPooling2D(**_named(given, **_POOL)),
    # The one default that Keras has for the largest and not for the mean.
    "avgpool": lambda given: keras.layers.AveragePooling2D(
        **_named({"size": (2, 2)} | given, **_POOL)
    ),
    "gap": lambda given: keras.layers.GlobalAveragePooling2D(**given),
    "gmp": lambda given: keras.layers.GlobalMaxPooling2D(**given),
    "dense": _dense,
    "flatten": lambda given: keras.layers.Flatten(**given),
    "dropout": lambda given: keras.layers.Dropout(**given),
    "sdropout": lambda given: keras.layers.SpatialDropout2D(**given),
    "noise": lambda given: keras.layers.GaussianNoise(**given),
    "bn": lambda given: keras.layers.BatchNormalization(
        **_named(given, momentum="momentum", **_NORM)
    ),
    "ln": lambda given: keras.layers.LayerNormalization(**_named(given, **_NORM)),
    "gn": _gn,
    "pad": lambda given: keras.layers.ZeroPadding2D(given["border"]),
    "crop": lambda given: keras.layers.Cropping2D(given["border"]),
    "resize": _resize,
    "reshape": _reshape,
    "upsample": lambda given: keras.layers.UpSampling2D(**_named(given, factor="size")),
    "relu": lambda given: keras.layers.ReLU(
        **_named(given, max="max_value", slope="negative_slope")
    ),
    "leaky_relu": lambda given: keras.layers.LeakyReLU(**_named(given, slope="negative_slope")),
    "prelu": _prelu,
    "elu": lambda given: keras.layers.ELU(**given),
    "linear": _function("linear"),
    "relu6": _function("relu6"),
    "selu": _function("selu"),
    "gelu": _function("gelu"),
    "silu": _function("silu"),
    "mish": _function("mish"),
    "tanh": _function("tanh"),
    "sigmoid": _function("sigmoid"),
    "hard_sigmoid": _function("hard_sigmoid"),
    "hard_silu": _function("hard_silu"),
    "softplus": _function("softplus"),
    "softsign": _function("softsign"),
    "exponential": _function("exponential"),
    "softmax": _function("softmax"),
}
"""Every layer of the language by its word."""

MERGES: dict[str, Callable[[], Any]] = {
    "add": lambda: keras.layers.Add(),
    "concat": lambda: keras.layers.Concatenate(),
    "multiply": lambda: keras.layers.Multiply(),
    "average": lambda: keras.layers.Average(),
    "maximum": lambda: keras.layers.Maximum(),
}
"""Every merge by its word."""
