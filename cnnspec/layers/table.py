"""THE TABLE: every layer of the language by its word.

A new layer is a class, a line here and a lowering; docs/architecture.md has the recipe.
"""

from cnnspec.language.constructs import Construct
from cnnspec.layers.activations import ACTIVATION_LAYERS
from cnnspec.layers.base import Layer
from cnnspec.layers.convolution import Conv, DepthwiseConv, SeparableConv, TransposedConv
from cnnspec.layers.dense import Dense
from cnnspec.layers.geometry import Crop, Flatten, Pad, Reshape, Resize, Shuffle, Slice, Upsample
from cnnspec.layers.merging import MERGES, Residual
from cnnspec.layers.noise import Dropout, Noise, SpatialDropout
from cnnspec.layers.normalization import BatchNorm, GroupNorm, LayerNorm
from cnnspec.layers.pooling import AveragePool, GlobalAverage, GlobalMax, MaxPool

LAYERS: dict[str, type[Layer]] = {
    "conv": Conv,
    "dwconv": DepthwiseConv,
    "sepconv": SeparableConv,
    "tconv": TransposedConv,
    "pool": MaxPool,
    "avgpool": AveragePool,
    "gap": GlobalAverage,
    "gmp": GlobalMax,
    "dense": Dense,
    "flatten": Flatten,
    "dropout": Dropout,
    "sdropout": SpatialDropout,
    "noise": Noise,
    "bn": BatchNorm,
    "ln": LayerNorm,
    "gn": GroupNorm,
    "pad": Pad,
    "crop": Crop,
    "resize": Resize,
    "reshape": Reshape,
    "upsample": Upsample,
    "slice": Slice,
    "shuffle": Shuffle,
    **ACTIVATION_LAYERS,
}

CONSTRUCTS: dict[str, type[Construct]] = {**LAYERS, **MERGES, Residual.word: Residual}
"""Every word that adds something to the network: the layers, the merges and `residual`."""
