"""What Keras's classes take: arguments without a default in order, and the defaults of others.

Written down, so that source for Keras is made without Keras, in a browser as well. Only what
the lowering gives; a test compares all of it with the Keras that is installed.
"""

from typing import Any

_WEIGHTS = {
    "activation": None,
    "use_bias": True,
    "bias_initializer": "zeros",
}
_KERNEL = {"kernel_initializer": "glorot_uniform", "kernel_regularizer": None}
_DEPTHWISE = {"depthwise_initializer": "glorot_uniform", "depthwise_regularizer": None}
_POINTWISE = {"pointwise_initializer": "glorot_uniform", "pointwise_regularizer": None}
_WINDOW = {"strides": (1, 1), "padding": "valid", "dilation_rate": (1, 1)}
_NORM = {"epsilon": 0.001, "center": True, "scale": True}

SIGNATURES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "initializers.Constant": ((), {"value": 0.0}),
    **dict.fromkeys(
        (
            "initializers.GlorotNormal",
            "initializers.GlorotUniform",
            "initializers.HeNormal",
            "initializers.HeUniform",
            "initializers.LecunNormal",
            "initializers.LecunUniform",
        ),
        ((), {"seed": None}),
    ),
    "initializers.Ones": ((), {}),
    "initializers.Orthogonal": ((), {"gain": 1.0, "seed": None}),
    "initializers.RandomNormal": ((), {"mean": 0.0, "stddev": 0.05, "seed": None}),
    "initializers.RandomUniform": ((), {"minval": -0.05, "maxval": 0.05, "seed": None}),
    "initializers.TruncatedNormal": ((), {"mean": 0.0, "stddev": 0.05, "seed": None}),
    "initializers.Zeros": ((), {}),
    "layers.Activation": (("activation",), {}),
    "layers.Add": ((), {}),
    "layers.Average": ((), {}),
    "layers.AveragePooling2D": (("pool_size",), {"strides": None, "padding": "valid"}),
    "layers.BatchNormalization": ((), {"momentum": 0.99, **_NORM}),
    "layers.Concatenate": ((), {}),
    "layers.Conv2D": (
        ("filters", "kernel_size"),
        {"groups": 1, **_WINDOW, **_WEIGHTS, **_KERNEL},
    ),
    "layers.Conv2DTranspose": (("filters", "kernel_size"), {**_WINDOW, **_WEIGHTS, **_KERNEL}),
    "layers.Cropping2D": ((), {"cropping": ((0, 0), (0, 0))}),
    "layers.Dense": (("units",), {**_WEIGHTS, **_KERNEL}),
    "layers.DepthwiseConv2D": (
        ("kernel_size",),
        {"depth_multiplier": 1, **_WINDOW, **_WEIGHTS, **_DEPTHWISE},
    ),
    "layers.Dropout": (("rate",), {}),
    "layers.ELU": ((), {"alpha": 1.0}),
    "layers.Flatten": ((), {}),
    "layers.GaussianNoise": (("stddev",), {}),
    "layers.GlobalAveragePooling2D": ((), {"keepdims": False}),
    "layers.GlobalMaxPooling2D": ((), {"keepdims": False}),
    "layers.GroupNormalization": ((), {"groups": 32, **_NORM}),
    "layers.LayerNormalization": ((), _NORM),
    "layers.LeakyReLU": ((), {"negative_slope": 0.3}),
    "layers.MaxPooling2D": ((), {"pool_size": (2, 2), "strides": None, "padding": "valid"}),
    "layers.Maximum": ((), {}),
    "layers.Multiply": ((), {}),
    "layers.PReLU": ((), {"shared_axes": None}),
    "layers.ReLU": ((), {"max_value": None, "negative_slope": 0.0}),
    "layers.Reshape": (("target_shape",), {}),
    "layers.Resizing": (("height", "width"), {"interpolation": "bilinear"}),
    "layers.SeparableConv2D": (
        ("filters", "kernel_size"),
        {"depth_multiplier": 1, **_WINDOW, **_WEIGHTS, **_DEPTHWISE, **_POINTWISE},
    ),
    "layers.SpatialDropout2D": (("rate",), {}),
    "layers.UpSampling2D": ((), {"size": (2, 2), "interpolation": "nearest"}),
    "layers.ZeroPadding2D": ((), {"padding": (1, 1)}),
    "regularizers.L1L2": ((), {"l1": 0.0, "l2": 0.0}),
}
"""Names are below `keras`. Every layer also takes a `name`."""
