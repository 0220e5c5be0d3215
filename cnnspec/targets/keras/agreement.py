"""Layers that compute on every backend and processor what Keras computes.

Keras 3.15 differs in three layers. On PyTorch the average of a window that reaches over the edge
includes the repeated edge; `bicubic` has another cubic on PyTorch and another rounding on JAX.
TensorFlow transposes a convolution with a dilation on some processors only (issue 28264 of
tensorflow/tensorflow: "Current CPU implementations do not yet support dilation rates larger than
1"; oneDNN, which has it, is on by default where a processor has AVX-512).
These layers are used only where Keras differs; elsewhere a model has Keras's own. A saved model
that has them needs `import cnnspec.targets.keras.agreement` before it is loaded.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from cnnspec.operations.windows import same_padding
from cnnspec.targets.interpreter.resizing import matrix

_register = keras.saving.register_keras_serializable(package="cnnspec")


@_register
class AveragePooling2D(keras.layers.AveragePooling2D):  # type: ignore[misc]  # Keras has no types
    """The mean of the values inside the image, for windows that reach over its edge."""

    def call(self, inputs: Any) -> Any:
        # (n, h, w, c): sums of windows of the zero-padded image, divided by what they cover.
        edges, covered = zip(
            *map(_windows, inputs.shape[1:3], self.pool_size, self.strides), strict=True
        )
        padded = keras.ops.pad(inputs, [(0, 0), *edges, (0, 0)])
        means = keras.ops.average_pool(padded, self.pool_size, self.strides, "valid")
        area = self.pool_size[0] * self.pool_size[1]
        share = area / (covered[0][:, None, None] * covered[1][None, :, None])
        return means * keras.ops.convert_to_tensor(share, dtype=means.dtype)


def _windows(size: int, window: int, stride: int) -> tuple[tuple[int, int], np.ndarray]:
    """The zeros before and after a side with `same`, and how many values each window covers."""
    before, after = same_padding(size, window, stride)
    starts = np.arange(-(-size // stride)) * stride - before
    covered = np.minimum(starts + window, size) - np.maximum(starts, 0)
    return (before, after), covered


@_register
class Resizing(keras.layers.Resizing):  # type: ignore[misc]
    """Bicubic scaling as in TensorFlow: rows, then columns, each by one matrix."""

    def call(self, inputs: Any) -> Any:
        sizes = zip(inputs.shape[1:3], (self.height, self.width), strict=True)
        rows, columns = (
            keras.ops.convert_to_tensor(matrix(before, after, "bicubic"), dtype=inputs.dtype)
            for before, after in sizes
        )
        return keras.ops.einsum("ih,nhwc,jw->nijc", rows, inputs, columns)


@_register
class Conv2DTranspose(keras.layers.Conv2DTranspose):  # type: ignore[misc]
    """A transposed convolution with a dilation: its kernel, with zeros between the values."""

    def call(self, inputs: Any) -> Any:
        rows, columns, *channels = self.kernel.shape
        down, right = self.dilation_rate
        # (Kh, Kw, F, C) to ((Kh - 1) * D + 1, (Kw - 1) * D + 1, F, C).
        apart = keras.ops.reshape(self.kernel, (rows, 1, columns, 1, *channels))
        apart = keras.ops.pad(
            apart, [(0, 0), (0, down - 1), (0, 0), (0, right - 1), (0, 0), (0, 0)]
        )
        kernel = keras.ops.reshape(apart, (rows * down, columns * right, *channels))
        kernel = kernel[: (rows - 1) * down + 1, : (columns - 1) * right + 1]
        outputs = keras.ops.conv_transpose(inputs, kernel, self.strides, self.padding)
        if self.use_bias:
            outputs += keras.ops.reshape(self.bias, (1, 1, 1, self.filters))
        return outputs if self.activation is None else self.activation(outputs)


def agreeing(cls: Any, arguments: Mapping[str, Any]) -> Any:
    """Returns the class to build for a Keras class: ours where the backend differs."""
    backend = keras.backend.backend()
    averages = cls is keras.layers.AveragePooling2D and arguments.get("padding") == "same"
    if averages and backend == "torch":
        return AveragePooling2D
    bicubic = cls is keras.layers.Resizing and arguments.get("interpolation") == "bicubic"
    if bicubic and backend != "tensorflow":
        return Resizing
    dilated = cls is keras.layers.Conv2DTranspose and arguments["dilation_rate"] != (1, 1)
    if dilated and backend == "tensorflow":
        return Conv2DTranspose
    return cls
