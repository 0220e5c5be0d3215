"""Convolutions, products and pooling as operators of ONNX.

Kernels change their order: (rows, columns, channels, filters) to (filters, channels, rows,
columns), as ONNX has them.
"""

from cnnspec.operations.base import Sides
from cnnspec.targets.onnx.site import Site


def pads(sides: Sides) -> list[int]:
    """Padding as ONNX lists it: all that come before, then all that come behind."""
    (top, bottom), (left, right) = sides
    return [top, left, bottom, right]


def _biased(site: Site, *inputs: str) -> list[str]:
    return [*inputs, *([site.weight("bias")] if site.has("bias") else [])]


def convolution(site: Site) -> str:
    """Conv."""
    own = site.operation
    kernel = site.weight("kernel", site.weights["kernel"].transpose(3, 2, 0, 1))
    return site.node(
        "Conv",
        *_biased(site, site.inputs[0], kernel),
        kernel_shape=own.size,
        strides=own.stride,
        dilations=own.dilation,
        group=own.groups,
        pads=pads(own.padding),
    )


def transposed_convolution(site: Site) -> str:
    """ConvTranspose; rows that no kernel reaches are its `output_padding`."""
    own = site.operation
    kernel = site.weight("kernel", site.weights["kernel"].transpose(3, 2, 0, 1))
    cut = [(max(before, 0), max(behind, 0)) for before, behind in own.cut]
    return site.node(
        "ConvTranspose",
        *_biased(site, site.inputs[0], kernel),
        kernel_shape=own.size,
        strides=own.stride,
        dilations=own.dilation,
        pads=pads((cut[0], cut[1])),
        output_padding=[max(-behind, 0) for _, behind in own.cut],
    )


def matrix_product(site: Site) -> str:
    """Gemm."""
    return site.node("Gemm", *_biased(site, site.inputs[0], site.weight("kernel")))


def pool(site: Site) -> str:
    """MaxPool or AveragePool, which divides by the cells that are not padding."""
    own = site.operation
    common = {"kernel_shape": own.size, "strides": own.stride, "pads": pads(own.padding)}
    if own.function == "max":
        return site.node("MaxPool", site.inputs[0], **common)
    return site.node("AveragePool", site.inputs[0], count_include_pad=0, **common)


def reduce(site: Site) -> str:
    """GlobalMaxPool or GlobalAveragePool, then Flatten."""
    kind = "GlobalMaxPool" if site.operation.function == "max" else "GlobalAveragePool"
    return site.node("Flatten", site.node(kind, site.inputs[0]))
