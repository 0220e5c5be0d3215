"""The table of the Keras target: what each word of the language becomes there.

An entry holds for its class only, not for derived classes: a new kind of convolution must say what
it is in Keras and is never lowered as the plain one.
"""

from collections.abc import Callable
from typing import Any

from cnnspec.ir.augmentation import Augment
from cnnspec.ir.schedules import Schedule
from cnnspec.language.constructs import Construct
from cnnspec.layers.activations import ACTIVATION_LAYERS, Elu, LeakyRelu, Prelu, Relu
from cnnspec.layers.convolution import Conv, DepthwiseConv, SeparableConv, TransposedConv
from cnnspec.layers.dense import Dense
from cnnspec.layers.geometry import Crop, Flatten, Pad, Reshape, Resize, Shuffle, Slice, Upsample
from cnnspec.layers.noise import Dropout, Noise, SpatialDropout
from cnnspec.layers.normalization import BatchNorm, GroupNorm, LayerNorm
from cnnspec.targets.keras.lowering import initializers, plain, training, weighted
from cnnspec.targets.keras.objects import Keras

LOWERINGS: dict[type[Construct], Callable[[Any], Keras]] = {
    Conv: weighted.conv,
    DepthwiseConv: weighted.depthwise_conv,
    SeparableConv: weighted.separable_conv,
    TransposedConv: weighted.transposed_conv,
    Dense: weighted.dense,
    Relu: plain.relu,
    LeakyRelu: plain.leaky_relu,
    Prelu: plain.prelu,
    Elu: plain.elu,
    **dict.fromkeys([ACTIVATION_LAYERS[word] for word in plain.FUNCTIONS], plain.function),
    Flatten: plain.flatten,
    Reshape: plain.reshape,
    Pad: plain.pad,
    Crop: plain.crop,
    Resize: plain.resize,
    Upsample: plain.upsample,
    Slice: plain.slice_,
    Shuffle: plain.shuffle,
    **dict.fromkeys(plain.POOLS, plain.pool),
    **dict.fromkeys(plain.GLOBAL_POOLS, plain.global_pool),
    **dict.fromkeys(plain.MERGES, plain.merge),
    Dropout: plain.dropout,
    SpatialDropout: plain.spatial_dropout,
    Noise: plain.noise,
    BatchNorm: plain.batch_norm,
    LayerNorm: plain.layer_norm,
    GroupNorm: plain.group_norm,
    **dict.fromkeys(initializers.CLASSES, initializers.initializer),
    **dict.fromkeys(training.OPTIMIZERS, training.optimizer),
    **dict.fromkeys(training.LOSSES, training.loss),
}
"""Every layer, merge, initializer, optimizer and loss, and how it is lowered."""


def lowers(cls: type[Construct]) -> bool:
    """Whether Keras trains with a word.

    A schedule is not lowered: it is a function of the step, and each step gets its rate.
    Augmentation is several layers (`augmentation.py`).
    """
    if cls is Augment:
        return True
    if issubclass(cls, Schedule):
        return cls.share is not Schedule.share
    return cls in LOWERINGS


def lower(construct: Construct) -> Keras:
    """The Keras object that does the same; raises `KeyError` for a class not in the table."""
    return LOWERINGS[type(construct)](construct)
