"""What LiteRT does not do without the operators of TensorFlow itself. Light."""

from cnnspec.layers.convolution import TransposedConv
from cnnspec.layers.geometry import Resize
from cnnspec.runtimes.reasons import Reasons


def _resize(layer: Resize) -> str:
    """No `bicubic`."""
    if layer.interpolation != "bicubic":
        return ""
    return "it has no `bicubic`; `bilinear` and `nearest` are there"


def _transposed(layer: TransposedConv) -> str:
    """No `dilation`."""
    if layer.dilation == (1, 1):
        return ""
    return "its transposed convolution has no dilation"


UNSUPPORTED: Reasons = {Resize: _resize, TransposedConv: _transposed}
"""Everything else becomes operators that every interpreter of LiteRT has (TensorFlow 2.21)."""
