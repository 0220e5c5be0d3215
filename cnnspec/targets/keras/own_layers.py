"""Layers that Keras does not have: some channels, channels in another order, pooling with `ceil`.

They are also in the models that users get, so they are registered: a saved model that has
them needs `import cnnspec.targets.keras.own_layers` before it is loaded.
"""

from typing import Any

import keras
import numpy as np

from cnnspec.operations.windows import ceil_padding

_register = keras.saving.register_keras_serializable(package="cnnspec")


@_register
class SliceChannels(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Some channels, beginning at `start`."""

    def __init__(self, channels: int, start: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.channels = channels
        self.start = start

    def call(self, inputs: Any) -> Any:
        return inputs[..., self.start : self.start + self.channels]

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {**super().get_config(), "channels": self.channels, "start": self.start}


@_register
class ShuffleChannels(keras.layers.Layer):  # type: ignore[misc]
    """The first channel of each group, then the second of each, and so on."""

    def __init__(self, groups: int, **options: Any) -> None:
        super().__init__(**options)
        self.groups = groups

    def call(self, inputs: Any) -> Any:
        *positions, channels = inputs.shape[1:]
        axes = len(positions) + 1
        grouped = (-1, *positions, self.groups, channels // self.groups)
        turned = (*range(axes), axes + 1, axes)
        values = keras.ops.transpose(keras.ops.reshape(inputs, grouped), turned)
        return keras.ops.reshape(values, (-1, *positions, channels))

    def get_config(self) -> dict[str, Any]:
        """What the constructor takes."""
        return {**super().get_config(), "groups": self.groups}


class _Ceil:
    """Windows that may reach over the end of rows and columns."""

    def __init__(self, pool_size: Any = (2, 2), strides: Any = None, **options: Any) -> None:
        # A configuration saved by Keras has a padding.
        options.pop("padding", None)
        super().__init__(pool_size=pool_size, strides=strides, **options)  # type: ignore[call-arg]

    def more(self: Any, shape: Any) -> list[tuple[int, int]]:
        """The padding before and after rows and columns of a shape (batch, rows, columns, ...)."""
        return list(map(ceil_padding, shape[1:3], self.pool_size, self.strides))

    def padded(self: Any, inputs: Any, value: float) -> Any:
        """Returns the images padded with a value where windows reach over their end."""
        sides = [(0, 0), *self.more(inputs.shape), (0, 0)]
        return keras.ops.pad(inputs, sides, constant_values=value)

    def compute_output_shape(self: Any, input_shape: Any) -> Any:
        """(batch, rows, columns, channels)."""
        sides = [
            n + sum(more) for n, more in zip(input_shape[1:3], self.more(input_shape), strict=True)
        ]
        return super().compute_output_shape((input_shape[0], *sides, input_shape[3]))  # type: ignore[misc]


@_register
class CeilMaxPooling2D(_Ceil, keras.layers.MaxPooling2D):  # type: ignore[misc]
    """The largest value of each window, without values outside the image."""

    def call(self, inputs: Any) -> Any:
        return super().call(self.padded(inputs, -np.inf))


@_register
class CeilAveragePooling2D(_Ceil, keras.layers.AveragePooling2D):  # type: ignore[misc]
    """The mean of each window, without values outside the image."""

    def call(self, inputs: Any) -> Any:
        means = super().call(self.padded(inputs, 0))
        rows, columns = (
            _covered(*side)
            for side in zip(inputs.shape[1:3], self.pool_size, self.strides, strict=True)
        )
        area = self.pool_size[0] * self.pool_size[1]
        share = area / (rows[:, None, None] * columns[None, :, None])
        return means * keras.ops.convert_to_tensor(share, dtype=means.dtype)


def _covered(size: int, window: int, stride: int) -> np.ndarray:
    """How many values of a side each window covers."""
    _, more = ceil_padding(size, window, stride)
    starts = np.arange((size + more - window) // stride + 1) * stride
    found: np.ndarray = np.minimum(starts + window, size) - starts
    return found
