"""A file of another tool to a spec and its weights."""

from pathlib import Path

import numpy as np

from cnnspec.analysis.check import CheckedSpec, check_spec
from cnnspec.analysis.load import checked
from cnnspec.core.record import Record
from cnnspec.core.shapes import Vector
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotImport
from cnnspec.importing.blocks import fold
from cnnspec.importing.formats import read
from cnnspec.importing.network import Network
from cnnspec.importing.pieces import pieces
from cnnspec.importing.simplify import simplify
from cnnspec.importing.steps import Step, used
from cnnspec.importing.structure import Arranged, Shared, arrange
from cnnspec.ir.datasets import DATASETS
from cnnspec.ir.spec import NO_DATA, Data, Spec
from cnnspec.language.formatter import format_text
from cnnspec.layers.table import CONSTRUCTS


class Imported(Record):
    """A network of another tool as a spec, and what is known of it.

    `weights` are its arrays by the names of the spec, empty where the file has none. `pixels`
    are black and white as the other tool takes them.
    """

    path: Path
    text: str
    checked: CheckedSpec
    weights: dict[str, np.ndarray]
    network: Network
    pixels: tuple[float, float]


def import_file(
    path: Path,
    *,
    size: tuple[int, ...] | None = None,
    pixels: tuple[float, float] | None = None,
    data: str = NO_DATA,
) -> Imported:
    """Returns the network of a file as a spec.

    `size` is that of its images, where the file leaves rows and columns open; `pixels` are black
    and white as the model takes them, where no layer of it says so; `data` is what the spec
    names. Raises `CnnspecError` where the file is damaged or has what a spec cannot say.
    """
    network = read(path, size)
    output = network.shapes[network.output]
    if not isinstance(output, Vector) or output.size < 2:
        cause = f"the network ends in {output}, and a spec ends in a value for each class"
        remedy = "import a model with its classifier, or add `Flatten` and `Dense` to it"
        raise CnnspecError(CannotImport(None, cause, remedy))
    found = simplify(network.steps, network.output, network.shapes, pixels)
    needed = used(found.steps, found.output)
    live = {k: s for k, s in found.steps.items() if needed[k] or k == found.output}
    try:
        arranged = arrange(live, found.output)
    except Shared as shared:
        cause = f"layer `{shared}` is applied several times, and not in rounds of the same layers"
        remedy = "a spec can share layers that follow each other: `repeat 2 shared { … }`"
        raise CnnspecError(CannotImport(None, cause, remedy)) from None
    image = network.shapes[next(iter(network.steps))]
    _require_fitting(data, image.dims, output.size)
    spec = Spec(
        model=network.name.strip() or "model",
        data=Data(data),
        input=image.dims,
        classes=output.size,
        nodes=arranged.elements,
    )
    plain = check_spec(spec, path.name)
    if not plain.ok:
        raise CnnspecError(*plain.problems)
    name = f"{path.stem}.cnn"
    text = _text(path, network.tool, spec, arranged, plain)
    result = checked(Source(name, text))
    if not _same(plain, result):
        # A text that says something else would be worse than a long one.
        text = str(spec)
        result = checked(Source(name, text))
    weights = _weights(result, arranged.order)
    return Imported(path, text, result, weights, network, found.pixels)


def _require_fitting(data: str, size: tuple[int, ...], classes: int) -> None:
    """Raises `CnnspecError` where a known dataset is not what the model takes."""
    dataset = DATASETS.get(data)
    if dataset is None or (dataset.shape, dataset.classes) == (size, classes):
        return
    known = f"{_sizes(dataset.shape)} in {dataset.classes} classes"
    cause = f"images of {data} are {known}, and the model takes {_sizes(size)} in {classes}"
    remedy = "name data of your own with `--data`, or leave it out"
    raise CnnspecError(CannotImport(None, cause, remedy))


def _sizes(dims: tuple[int, ...]) -> str:
    return "x".join(map(str, dims))


def _text(path: Path, tool: str, spec: Spec, arranged: Arranged, plain: CheckedSpec) -> str:
    """The spec as a person would write it, with the number of its parameters as a budget."""
    folded = fold(pieces(arranged.elements))
    assert plain.totals is not None
    header = spec.header()
    if spec.data.source == NO_DATA:
        # These two alone say that there is no data.
        header = [spec.header()[0], f"input {_sizes(spec.input)}", f"classes {spec.classes}"]
    parts = [
        [f"# {path.name}, written by {tool}.", *header],
        *folded.blocks,
        folded.lines,
        [f"budget params == {plain.totals.params:_}"],
    ]
    text = "\n\n".join("\n".join(part) for part in parts) + "\n"
    return format_text(Source(f"{path.stem}.cnn", text), CONSTRUCTS)


def _same(one: CheckedSpec, other: CheckedSpec) -> bool:
    """Whether two specs have the same layers with the same inputs."""
    return len(one.graph.calls) == len(other.graph.calls) and all(
        a.layer == b.layer and a.inputs == b.inputs and bool(a.weights_from) == bool(b.weights_from)
        for a, b in zip(one.graph.calls, other.graph.calls, strict=True)
    )


def _weights(result: CheckedSpec, order: tuple[Step, ...]) -> dict[str, np.ndarray]:
    """The arrays by the names of the spec, whose layers are applied in the order of the steps."""
    arrays = [array for step in order for array in step.arrays]
    if not any(step.owner and step.arrays for step in order):
        return {}
    return dict(zip(result.graph.weights(), arrays, strict=True))
