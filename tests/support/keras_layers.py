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
_MAX, _MEAN = "max", "mean"


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


class Dilated(keras.layers.Conv2DTranspose):  # type: ignore[misc]
    """The convolution that a transposed one is, with its kernel turned: a dilation as it is.

    TensorFlow does not have the transposed one with a dilation on every processor
    (tensorflow/tensorflow#28264). Padding: Dumoulin and Visin (2016), relationship 9.
    """

    def call(self, x: Any) -> Any:
        spans = [(k - 1) * d for k, d in zip(self.kernel_size, self.dilation_rate, strict=True)]
        if self.padding == "same":
            # Of the whole output the larger half of what is too much is cut behind.
            sides = [(span - span // 2, span // 2) for span in spans]
        else:
            sides = [(span, span) for span in spans]
        wide = keras.ops.pad(x, [(0, 0), *sides, (0, 0)])
        turned = keras.ops.transpose(keras.ops.flip(self.kernel, (0, 1)), (0, 1, 3, 2))
        found = keras.ops.conv(wide, turned, 1, "valid", dilation_rate=self.dilation_rate)
        return self.activation(found + self.bias if self.use_bias else found)


def _tconv(given: dict[str, Any]) -> Any:
    weights = _weighted(given, "kernel")
    dilated = given.get("dilation", (1, 1)) != (1, 1)
    layer = Dilated if dilated else keras.layers.Conv2DTranspose
    return layer(**_named(given, **_KERNEL), **weights)


def _dense(given: dict[str, Any]) -> Any:
    weights = _weighted(given, "kernel")
    return keras.layers.Dense(**_named(given, units="units"), **weights)


class Windows(keras.layers.Layer):  # type: ignore[misc]
    """Pooling with `ceil_mode` of PyTorch: each window by itself, as far as the image goes.

    How many there are is `pooling_output_shape` of ATen/native/Pool.h, line by line.
    """

    def __init__(self, of: str, size: tuple[int, int], stride: tuple[int, int]) -> None:
        super().__init__()
        self.of, self.size, self.stride = of, size, stride

    def call(self, x: Any) -> Any:
        sides = [
            self.starts(n, k, s)
            for n, k, s in zip(x.shape[1:3], self.size, self.stride, strict=True)
        ]
        one = keras.ops.max if self.of == _MAX else keras.ops.mean
        rows = [
            keras.ops.stack(
                [
                    one(x[:, i : i + self.size[0], j : j + self.size[1]], axis=(1, 2))
                    for j in sides[1]
                ],
                axis=1,
            )
            for i in sides[0]
        ]
        return keras.ops.stack(rows, axis=1)

    @staticmethod
    def starts(size: int, kernel: int, stride: int) -> range:
        count = (size - kernel + stride - 1) // stride + 1
        if (count - 1) * stride >= size:
            count -= 1
        if count < 1:
            raise ValueError("Output size is too small")
        return range(0, count * stride, stride)


class Channels(keras.layers.Layer):  # type: ignore[misc]
    """Channels by their numbers, as a function of how many there are."""

    def __init__(self, numbers: Callable[[int], list[int]]) -> None:
        super().__init__()
        self.numbers = numbers

    def call(self, x: Any) -> Any:
        return keras.ops.take(x, self.numbers(x.shape[-1]), axis=-1)


BY_HAND = (Windows, Channels, Dilated)
"""What Keras has no layer for, or TensorFlow not everywhere."""


def _pool(of: str) -> Callable[[dict[str, Any]], Any]:
    def layer(given: dict[str, Any]) -> Any:
        if given.get("padding") == "ceil":
            size = given.get("size", (2, 2))
            return Windows(of, size, given.get("stride") or size)
        if of == _MAX:
            return keras.layers.MaxPooling2D(**_named(given, **_POOL))
        # The one default that Keras has for the largest and not for the mean.
        return keras.layers.AveragePooling2D(**_named({"size": (2, 2)} | given, **_POOL))

    return layer


def _sides(given: dict[str, Any]) -> tuple[tuple[int, int], tuple[int, int]]:
    rows, columns = given.get("border") or (0, 0)
    top, left = (given.get(n, d) for n, d in (("top", rows), ("left", columns)))
    bottom, right = (given.get(n, d) for n, d in (("bottom", rows), ("right", columns)))
    return (top, bottom), (left, right)


def _slice(given: dict[str, Any]) -> Any:
    start = given.get("start", 0)

    def numbers(channels: int) -> list[int]:
        if start + given["channels"] > channels:
            raise ValueError("not so many channels")
        return list(range(start, start + given["channels"]))

    return Channels(numbers)


def _shuffle(given: dict[str, Any]) -> Any:
    groups = given["groups"]

    def numbers(channels: int) -> list[int]:
        if channels % groups:
            raise ValueError("groups of different sizes")
        each = channels // groups
        return [group * each + place for place in range(each) for group in range(groups)]

    return Channels(numbers)


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
    "pool": _pool(_MAX),
    "avgpool": _pool(_MEAN),
    "gap": lambda given: keras.layers.GlobalAveragePooling2D(**_named(given, keep="keepdims")),
    "gmp": lambda given: keras.layers.GlobalMaxPooling2D(**_named(given, keep="keepdims")),
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
    "pad": lambda given: keras.layers.ZeroPadding2D(_sides(given)),
    "crop": lambda given: keras.layers.Cropping2D(_sides(given)),
    "slice": _slice,
    "shuffle": _shuffle,
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
