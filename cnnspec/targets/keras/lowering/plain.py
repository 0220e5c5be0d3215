"""Layers without a kernel as Keras layers: pools, merges, norms, noise, shapes, activations."""

from cnnspec.core.shapes import shape_of
from cnnspec.layers.activations import Activation, Elu, LeakyRelu, Prelu, Relu
from cnnspec.layers.geometry import Crop, Pad, Reshape, Resize, Shuffle, Slice, Upsample
from cnnspec.layers.merging import Add, Average, Concat, Maximum, Merging, Multiply, Residual
from cnnspec.layers.noise import Dropout, Noise, SpatialDropout
from cnnspec.layers.normalization import BatchNorm, GroupNorm, LayerNorm
from cnnspec.layers.pooling import (
    AveragePool,
    GlobalAverage,
    GlobalMax,
    GlobalPooling,
    MaxPool,
    Pooling,
)
from cnnspec.targets.keras.objects import Keras

FUNCTIONS = (
    "linear",
    "gelu",
    "selu",
    "silu",
    "mish",
    "relu6",
    "tanh",
    "sigmoid",
    "hard_sigmoid",
    "hard_silu",
    "softplus",
    "softsign",
    "exponential",
    "softmax",
)
"""The activations without parameters, which have these names in `keras.activations` too."""

POOLS = {MaxPool: "MaxPooling2D", AveragePool: "AveragePooling2D"}
GLOBAL_POOLS = {GlobalAverage: "GlobalAveragePooling2D", GlobalMax: "GlobalMaxPooling2D"}
MERGES: dict[type[Merging], str] = {
    Add: "Add",
    Residual: "Add",
    Concat: "Concatenate",
    Multiply: "Multiply",
    Average: "Average",
    Maximum: "Maximum",
}


def function(layer: Activation) -> Keras:
    """An activation without parameters."""
    return Keras("layers.Activation", {"activation": layer.word})


def relu(layer: Relu) -> Keras:
    """ReLU with its ceiling and its slope."""
    return Keras("layers.ReLU", {"max_value": layer.max, "negative_slope": layer.slope})


def leaky_relu(layer: LeakyRelu) -> Keras:
    """Leaky ReLU."""
    return Keras("layers.LeakyReLU", {"negative_slope": layer.slope})


def prelu(layer: Prelu) -> Keras:
    """PReLU; a shared slope has one value along rows and columns, which are axes 1 and 2."""
    return Keras("layers.PReLU", {"shared_axes": [1, 2] if layer.shared else None})


def elu(layer: Elu) -> Keras:
    """ELU."""
    return Keras("layers.ELU", {"alpha": layer.alpha})


def flatten(_: object) -> Keras:
    """Flatten."""
    return Keras("layers.Flatten", {})


def reshape(layer: Reshape) -> Keras:
    """Reshape."""
    return Keras("layers.Reshape", {"target_shape": shape_of(layer.shape).dims})


def pad(layer: Pad) -> Keras:
    """Zeros around."""
    return Keras("layers.ZeroPadding2D", {"padding": layer.sides})


def crop(layer: Crop) -> Keras:
    """Rows and columns cut off."""
    return Keras("layers.Cropping2D", {"cropping": layer.sides})


def resize(layer: Resize) -> Keras:
    """The image scaled."""
    height, width = layer.size
    arguments = {"height": height, "width": width, "interpolation": layer.interpolation}
    return Keras("layers.Resizing", arguments)


def upsample(layer: Upsample) -> Keras:
    """Each pixel several times."""
    arguments = {"size": layer.factor, "interpolation": "nearest"}
    return Keras("layers.UpSampling2D", arguments)


def slice_(layer: Slice) -> Keras:
    """Some of the channels."""
    return Keras("ours.SliceChannels", {"channels": layer.channels, "start": layer.start})


def shuffle(layer: Shuffle) -> Keras:
    """Channel shuffle."""
    return Keras("ours.ShuffleChannels", {"groups": layer.groups})


def pool(layer: Pooling) -> Keras:
    """The maximum or the mean of each window; the default stride is the window's, as here."""
    arguments: dict[str, object] = {"pool_size": layer.size, "strides": layer.stride}
    if layer.padding == "ceil":
        return Keras(f"ours.Ceil{POOLS[type(layer)]}", arguments)
    return Keras(f"layers.{POOLS[type(layer)]}", arguments | {"padding": layer.padding})


def global_pool(layer: GlobalPooling) -> Keras:
    """The maximum or the mean of each channel."""
    return Keras(f"layers.{GLOBAL_POOLS[type(layer)]}", {"keepdims": layer.keep})


def merge(layer: Merging) -> Keras:
    """A layer with several inputs."""
    return Keras(f"layers.{MERGES[type(layer)]}", {})


def dropout(layer: Dropout) -> Keras:
    """Dropout of values."""
    return Keras("layers.Dropout", {"rate": layer.rate}, seeded=True)


def spatial_dropout(layer: SpatialDropout) -> Keras:
    """Dropout of whole channels."""
    return Keras("layers.SpatialDropout2D", {"rate": layer.rate}, seeded=True)


def noise(layer: Noise) -> Keras:
    """Normally distributed noise."""
    return Keras("layers.GaussianNoise", {"stddev": layer.stddev}, seeded=True)


def batch_norm(layer: BatchNorm) -> Keras:
    """Batch norm."""
    arguments = {
        "momentum": layer.momentum,
        "epsilon": layer.epsilon,
        "center": layer.center,
        "scale": layer.scale,
    }
    return Keras("layers.BatchNormalization", arguments)


def layer_norm(layer: LayerNorm) -> Keras:
    """Layer norm."""
    arguments = {"epsilon": layer.epsilon, "center": layer.center, "scale": layer.scale}
    return Keras("layers.LayerNormalization", arguments)


def group_norm(layer: GroupNorm) -> Keras:
    """Group norm; Keras writes -1 for a group of each channel."""
    arguments = {
        "groups": -1 if layer.groups == "instance" else layer.groups,
        "epsilon": layer.epsilon,
        "center": layer.center,
        "scale": layer.scale,
    }
    return Keras("layers.GroupNormalization", arguments)
