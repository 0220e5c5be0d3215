"""THE TABLE of the importer: what each class of Keras is as a layer of the language."""

from math import prod

import numpy as np

from cnnspec.core.shapes import Image, Shape
from cnnspec.importing.keras.settings import Settings
from cnnspec.importing.keras.windows import (
    Arrays,
    Translate,
    Translated,
    border,
    conv,
    dense,
    depthwise,
    global_pooling,
    pooling,
    resizing,
    separable,
    transposed,
    upsampling,
)
from cnnspec.importing.steps import Affine
from cnnspec.layers.activations import ACTIVATION_LAYERS, Elu, LeakyRelu, Prelu, Relu
from cnnspec.layers.convolution import DepthwiseConv
from cnnspec.layers.geometry import Crop, Flatten, Pad, Reshape, Shuffle, Slice
from cnnspec.layers.merging import Add, Average, Concat, Maximum, Merging, Multiply
from cnnspec.layers.noise import Dropout, Noise, SpatialDropout
from cnnspec.layers.normalization import BatchNorm, GroupNorm, LayerNorm
from cnnspec.layers.pooling import AveragePool, GlobalAverage, GlobalMax, MaxPool


def _batch_norm(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    _channels_last(settings, shape)
    settings.require("renorm", False)
    settings.take("synchronized")
    return Translated(
        BatchNorm(
            **_centered(settings),
            epsilon=_number(settings.take("epsilon", 1e-3)),
            momentum=_number(settings.take("momentum", 0.99)),
        )
    )


def _layer_norm(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    _channels_last(settings, shape)
    settings.require("rms_scaling", False)
    epsilon = _number(settings.take("epsilon", 1e-3))
    return Translated(LayerNorm(**_centered(settings), epsilon=epsilon))


def _group_norm(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    _channels_last(settings, shape)
    groups = int(settings.take("groups", 32))
    epsilon = _number(settings.take("epsilon", 1e-3))
    of = "instance" if groups == -1 else groups
    return Translated(GroupNorm(groups=of, **_centered(settings), epsilon=epsilon))


def _channels_last(settings: Settings, shape: Shape) -> None:
    """Takes the axis, which must be that of the channels. Raises `CnnspecError`."""
    last = len(shape.dims)
    settings.require("axis", -1, last, [-1], [last])


def _centered(settings: Settings) -> dict[str, bool]:
    center, scale = settings.take("center", True), settings.take("scale", True)
    return {"center": bool(center), "scale": bool(scale)}


def _dropout(kind: type[Dropout | SpatialDropout]) -> Translate:
    def translate(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
        rate = _number(settings.take("rate"))
        if settings.take("noise_shape") is not None:
            settings.note("stochastic depth (a dropout with `noise_shape`)")
            return Translated()
        return Translated(kind(rate) if rate else None)

    return translate


def _noise(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    stddev = _number(settings.take("stddev"))
    return Translated(Noise(stddev) if stddev else None)


def _in_training(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    settings.note(f"`{settings.of.kind}`")
    settings.forget()
    return Translated()


def _flatten(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    # A vector is flat, and a spec would be warned about it.
    return Translated(Flatten() if isinstance(shape, Image) else None)


def _reshape(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    target = [int(size) for size in settings.take("target_shape")]
    if -1 in target:
        rest = prod(size for size in target if size != -1)
        target[target.index(-1)] = shape.size // rest
    if tuple(target) == shape.dims:
        return Translated()
    if len(target) not in (1, 3):
        raise settings.refused(f"an output of {len(target)} axes")
    return Translated(Flatten() if len(target) == 1 else Reshape(tuple(target)))


def _activation(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    word = settings.function()
    if word == "linear":
        return Translated()
    return Translated(LeakyRelu(0.2) if word == "leaky_relu" else ACTIVATION_LAYERS[word]())


def _relu(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    settings.require("threshold", 0, 0.0)
    ceiling = settings.take("max_value")
    slope = _number(settings.take("negative_slope", 0.0))
    if ceiling == 6 and not slope:
        return Translated(ACTIVATION_LAYERS["relu6"]())
    return Translated(Relu(None if ceiling is None else _number(ceiling), slope))


def _leaky_relu(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    old = settings.take("alpha", 0.3)
    return Translated(LeakyRelu(_number(settings.take("negative_slope", old))))


def _prelu(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    axes = settings.take("shared_axes")
    if axes not in (None, [1, 2]):
        raise settings.refused(f"`shared_axes={axes}`")
    return Translated(Prelu(axes is not None))


def _elu(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    return Translated(Elu(_number(settings.take("alpha", 1.0))))


def _softmax(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    _channels_last(settings, shape)
    return Translated(ACTIVATION_LAYERS["softmax"]())


def _rescaling(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    factor = np.asarray(settings.take("scale"), float)
    return Translated(affine=Affine(factor, np.asarray(settings.take("offset", 0.0), float)))


def _normalization(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    _channels_last(settings, shape)
    settings.require("invert", False)
    mean, variance = settings.take("mean"), settings.take("variance")
    if mean is None and len(arrays) >= 2:
        mean, variance = arrays[0], arrays[1]
    if mean is None:
        # Keras begins with these two, until they are measured or loaded.
        mean, variance = 0.0, 1.0
    deviation = np.maximum(np.sqrt(np.asarray(variance, float)), 1e-7)
    factor = np.squeeze(1 / deviation)
    return Translated(affine=Affine(factor, -np.squeeze(np.asarray(mean, float)) * factor))


def _layer_scale(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    # ConvNeXt's: each channel times a weight, which is a depthwise convolution of one pixel.
    settings.take("init_values")
    channels = int(settings.take("projection_dim"))
    layer = DepthwiseConv(kernel=(1, 1), bias=False)
    return Translated(layer, reshaped=(1, 1, channels, 1))


def _slice(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    channels = int(settings.take("channels"))
    return Translated(Slice(channels, int(settings.take("start", 0))))


def _shuffle(settings: Settings, shape: Shape, arrays: Arrays) -> Translated:
    return Translated(Shuffle(int(settings.take("groups"))))


def _number(value: object) -> float:
    """A number without the digits that a float32 adds."""
    return float(f"{float(value):.7g}")  # type: ignore[arg-type]


LAYERS: dict[str, Translate] = {
    "Conv2D": conv,
    "Convolution2D": conv,
    "DepthwiseConv2D": depthwise,
    "SeparableConv2D": separable,
    "Conv2DTranspose": transposed,
    "Dense": dense,
    "MaxPooling2D": pooling(MaxPool),
    "AveragePooling2D": pooling(AveragePool),
    "CeilMaxPooling2D": pooling(MaxPool, ceil=True),
    "CeilAveragePooling2D": pooling(AveragePool, ceil=True),
    "GlobalAveragePooling2D": global_pooling(GlobalAverage),
    "GlobalMaxPooling2D": global_pooling(GlobalMax),
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "GroupNormalization": _group_norm,
    "Dropout": _dropout(Dropout),
    "SpatialDropout2D": _dropout(SpatialDropout),
    "GaussianNoise": _noise,
    "ZeroPadding2D": border(Pad, "padding"),
    "Cropping2D": border(Crop, "cropping"),
    "Resizing": resizing,
    "UpSampling2D": upsampling,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "PReLU": _prelu,
    "ELU": _elu,
    "Softmax": _softmax,
    "Rescaling": _rescaling,
    "Normalization": _normalization,
    "LayerScale": _layer_scale,
    "SliceChannels": _slice,
    "ShuffleChannels": _shuffle,
    **dict.fromkeys(
        (
            "ActivityRegularization",
            "AlphaDropout",
            "GaussianDropout",
            "StochasticDepth",
            "RandomBrightness",
            "RandomContrast",
            "RandomCrop",
            "RandomFlip",
            "RandomRotation",
            "RandomTranslation",
            "RandomZoom",
        ),
        _in_training,
    ),
}
"""Every class of Keras that a spec can say, by its name."""

MERGES: dict[str, type[Merging]] = {
    "Add": Add,
    "Average": Average,
    "Concatenate": Concat,
    "Maximum": Maximum,
    "Multiply": Multiply,
}
"""The classes of Keras that join several values."""
