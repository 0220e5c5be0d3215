"""What a run can be exported to, by name. Light: how is imported when somebody asks for it.

An exporter is a module with `export(job) -> Exported` and a line in `EXPORTERS`. It runs
what it has made and compares it with the run before it returns, and raises `CnnspecError`
where the two differ.
"""

from cnnspec.core.record import Record


class Option(Record):
    """What can be chosen of some kinds of export; not given it is left to the exporter."""

    name: str
    summary: str
    choices: tuple[str, ...] = ()
    """The words that it can be."""
    numbers: tuple[int, int] = (0, 0)
    """The smallest and the largest whole number that it can be; for none of them a switch."""


OPTIONS = {
    option.name: option
    for option in (
        Option("opset", "onnx: the version of its operators, 13 to 24 (18)", numbers=(13, 24)),
        Option(
            "layout",
            "onnx: the axes of its input, channels last as in cnnspec or first (nhwc)",
            choices=("nhwc", "nchw"),
        ),
        Option("strip", "litert: without names and metadata, for a smaller file"),
        Option("batch", "onnx: the images of a call (as many as are given)", numbers=(1, 10**6)),
    )
}
"""Every option of an export by its name."""


class Exporter(Record):
    """A kind of export: what it gives, what can be chosen of it, and the module that makes it."""

    name: str
    summary: str
    dtypes: tuple[str, ...]
    module: str
    target: str
    """The target whose table says what of a spec it cannot do."""
    options: tuple[str, ...] = ()


EXPORTERS = {
    exporter.name: exporter
    for exporter in (
        Exporter(
            "c",
            "C99 for microcontrollers, with test images",
            ("float32", "int8"),
            "cnnspec.export.c",
            "c",
        ),
        Exporter(
            "onnx",
            "a model for ONNX Runtime and other tools",
            ("float32", "int8"),
            "cnnspec.export.onnx",
            "onnx",
            ("opset", "layout", "batch"),
        ),
        Exporter(
            "keras",
            "a Python module of plain Keras with its weights, and a .keras file",
            ("float32",),
            "cnnspec.export.keras",
            "keras",
        ),
        Exporter(
            "torch",
            "a Python module of PyTorch with its weights",
            ("float32",),
            "cnnspec.export.torch",
            "torch",
        ),
        Exporter(
            "litert",
            "a .tflite file for one image",
            ("float32", "int8"),
            "cnnspec.export.litert",
            "litert",
            ("strip",),
        ),
    )
}
"""Every exporter by its name."""
