"""The bytes of a file of LiteRT, before there is one.

Weights, names and sizes count as they are; a scale takes 12 bytes (a float32 and a zero point of
int64). The rest of each tensor and operator is fitted to files of TensorFlow 2.21.
"""

from cnnspec.runtimes.file import File, Tensor

PER_SCALE = 12
HEAD, PER_TENSOR, PER_QUANTIZED, PER_OPERATOR = 728, 50, 21, 47
"""Bytes of the file itself, a tensor, its quantization, and an operator; least squares."""
ALIGNED = 16
"""The bytes of a constant begin at multiples of this."""


def file_size(file: File) -> int:
    """Returns the bytes of the file with its names, as `cnnspec export --to litert` writes it."""
    return HEAD + sum(map(_tensor, file.tensors)) + PER_OPERATOR * len(file.operators)


def _tensor(tensor: Tensor) -> int:
    data = -(-tensor.size // ALIGNED) * ALIGNED if tensor.constant else 0
    # Texts and lists have their length in front; a text also ends with a zero.
    name, sizes = 4 * ((tensor.name + 8) // 4), 4 + 4 * tensor.rank
    scales = PER_SCALE * tensor.scales
    return PER_TENSOR + data + name + sizes + scales + (PER_QUANTIZED if tensor.scales else 0)
