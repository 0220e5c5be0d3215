"""A network as a Python module that builds it with plain Keras, as a person would write it.

Settings that are Keras's defaults are left out, a chain is a `Sequential`, and what `own_layers`
has is written with layers and operations of Keras, so that the text needs nothing of ours.
"""

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.names import plain_names
from cnnspec.core.shapes import Shape
from cnnspec.graph.graph import LayerCall
from cnnspec.operations.windows import ceil_padding
from cnnspec.targets.keras.expression import expression, indented, literal
from cnnspec.targets.keras.lowering.table import lower
from cnnspec.targets.keras.objects import Keras

if TYPE_CHECKING:
    import keras

VALUE = "@"
"""Stands in an expression for the value that it is applied to."""

_NETWORK = '''\
def build(batch=None):
    """Returns the network with new weights; `batch` fixes the number of images of a call."""
{body}
'''

_TRAINED = '''\
"""{title}, a network of cnnspec {version} for Keras 3.

`load()` is the trained network. It takes images {shape} as float32 from 0 to 1:
bytes divided by 255.
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers

WEIGHTS = Path(__file__).with_name("weights.npz")


{network}

def load(path=WEIGHTS):
    """Returns the network with the weights of a file: an array for each `layer/weight`."""
    model = build()
    with np.load(path) as arrays:
        for layer in model.layers:
            names = [f"{{layer.name}}/{{weight.name}}" for weight in layer.weights]
            layer.set_weights([arrays[name] for name in names])
    return model


if __name__ == "__main__":
    load().summary()
'''

_NEW = '''\
"""{title}, a network of cnnspec {version} for Keras 3.

It takes images {shape} as float32 from 0 to 1: bytes divided by 255.
"""

import keras
{imports}from keras import layers


{network}

if __name__ == "__main__":
    build().summary()
'''


def module_text(checked: CheckedSpec, version: str) -> str:
    """Returns the module of a trained network, with functions `build` and `load`."""
    return _TRAINED.format(**_parts(checked, version))


def network_text(checked: CheckedSpec, version: str) -> str:
    """Returns the module of a network without weights, with a function `build`."""
    parts = _parts(checked, version)
    return _NEW.format(imports="import numpy as np\n" * ("np." in parts["network"]), **parts)


def _parts(checked: CheckedSpec, version: str) -> dict[str, Any]:
    lines = _sequential(checked) if _chain(checked.graph.calls) else _functional(checked)
    return {
        "title": checked.spec.model,
        "version": version,
        "shape": checked.spec.shape,
        "network": _NETWORK.format(body="\n".join(f"    {line}" for line in lines)),
    }


def plain_model(
    checked: CheckedSpec, weights: Mapping[str, Any], batch: int | None = None
) -> "keras.Model":
    """Returns the model that the module builds, with the weights of a run by their keys."""
    defined: dict[str, Any] = {"__file__": "network.py", "__name__": "network"}
    exec(module_text(checked, ""), defined)
    model: keras.Model = defined["build"](batch)
    names = layer_names(checked)
    arrays = {}
    for key, array in weights.items():
        layer, _, weight = key.rpartition("/")
        arrays[f"{names[layer]}/{weight}"] = array
    for layer in model.layers:
        layer.set_weights([arrays[f"{layer.name}/{weight.name}"] for weight in layer.weights])
    return model


def layer_names(checked: CheckedSpec) -> dict[str, str]:
    """The name in Keras of each layer with weights of its own or none, by ours."""
    calls = [call for call in checked.graph.calls[1:] if not call.weights_from]
    names = plain_names(call.name for call in calls)
    taken = set(names.values())
    for name, plain in names.items():
        if any(map(_own, calls)) and _OF_OPERATIONS.fullmatch(plain):
            while plain in taken:
                plain += "_"
            taken.add(plain)
            names[name] = plain
    return names


_OF_OPERATIONS = re.compile(r"(pad|get_item|true_divide)(_\d+)?")
"""What Keras calls operations that are not layers; two of one name are an error."""


def _chain(calls: Sequence[LayerCall]) -> bool:
    """Whether every layer takes what the one before it gives, and is a layer of Keras."""
    return all(
        call.inputs == (index - 1,) and not call.weights_from and not _own(call)
        for index, call in enumerate(calls[1:], 1)
    )


def _title(checked: CheckedSpec) -> str:
    (title,) = plain_names([checked.spec.model]).values()
    return literal(title)


def _input(checked: CheckedSpec) -> str:
    """The input; a layer may be called `image` as well, and Keras takes each name once."""
    name, names = "image", set(layer_names(checked).values())
    while name in names:
        name += "_"
    dims = literal(checked.spec.shape.dims)
    return f'keras.Input({dims}, batch_size=batch, name="{name}")'


def _sequential(checked: CheckedSpec) -> list[str]:
    names = layer_names(checked)
    inside = [_input(checked)]
    for call in checked.graph.calls[1:]:
        inside.append(expression(lower(call.layer), name=names[call.name]))
    lines = [line for each in inside for line in indented(f"{each},", "        ")]
    return [
        "return keras.Sequential(",
        "    [",
        *lines,
        "    ],",
        f"    name={_title(checked)},",
        ")",
    ]


def _functional(checked: CheckedSpec) -> list[str]:
    writer = _Functional(checked)
    lines = writer.lines()
    return [*lines, f"return keras.Model(image, {writer.values[-1]}, name={_title(checked)})"]


class _Functional:
    """The statements of a network with branches or shared layers."""

    def __init__(self, checked: CheckedSpec) -> None:
        self.checked = checked
        self.calls = checked.graph.calls
        self.names = layer_names(checked)
        self.uses = Counter(call.weights_from or call.name for call in self.calls)
        self.values = ["image"]
        self.layers: dict[str, str] = {}
        """The variables of layers that are applied several times, by the names of the layers."""
        self.taken = {"image", "x", "batch", "keras", "layers", "np", *dir(builtins)}

    def lines(self) -> list[str]:
        """A statement for each call, more for what Keras has no layer for."""
        lines = [f"image = {_input(self.checked)}"]
        readers: list[list[int]] = [[] for _ in self.calls]
        for index, call in enumerate(self.calls):
            for source in call.inputs:
                readers[source].append(index)
        for index, call in enumerate(self.calls[1:], 1):
            near = readers[index] in ([index + 1], [])
            made = "x" if near else self.variable(call.name)
            inputs = [self.values[source] for source in call.inputs]
            lines += self.layer(call)
            for template in self.expressions(call, inputs):
                lines += indented(f"{made} = {template.replace(VALUE, inputs[0])}")
                inputs = [made]
            self.values.append(made)
        return lines

    def variable(self, name: str) -> str:
        """A variable of its own, called like a layer."""
        stem = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_") or "value"
        stem = f"{stem}_" if stem[0].isdigit() or keyword.iskeyword(stem) else stem
        stem = f"_{stem}" if stem[0].isdigit() else stem
        free, number = stem, 2
        while free in self.taken:
            free, number = f"{stem}_{number}", number + 1
        self.taken.add(free)
        return free

    def layer(self, call: LayerCall) -> list[str]:
        """A layer that is applied several times gets a variable before it is applied first."""
        owner = call.weights_from or call.name
        if self.uses[owner] == 1 or owner in self.layers or _own(call):
            return []
        self.layers[owner] = self.variable(f"{owner}_layer")
        made = expression(lower(call.layer), name=self.names[owner])
        return indented(f"{self.layers[owner]} = {made}")

    def expressions(self, call: LayerCall, inputs: list[str]) -> list[str]:
        """What is assigned, one expression after another; `VALUE` is what was before each."""
        thing = lower(call.layer)
        if _own(call):
            name = self.names[call.name]
            return _WITHOUT_LAYER[thing.name](thing.arguments, call.input_shape, name)
        owner = call.weights_from or call.name
        layer = self.layers.get(owner) or expression(thing, name=self.names[owner])
        given = f"[{', '.join(inputs)}]" if len(inputs) > 1 else VALUE
        return [f"{layer}({given})"]


def _own(call: LayerCall) -> bool:
    """Whether Keras has no layer for it."""
    return lower(call.layer).name in _WITHOUT_LAYER


def _slice(arguments: Mapping[str, Any], shape: Shape, name: str) -> list[str]:
    start = arguments["start"]
    return [f"{VALUE}[..., {start or ''}:{start + arguments['channels']}]"]


def _shuffle(arguments: Mapping[str, Any], shape: Shape, name: str) -> list[str]:
    """The channels as a matrix, column by column."""
    *positions, channels = shape.dims
    groups = arguments["groups"]
    apart = (*positions, groups, channels // groups)
    axes = (*range(1, len(positions) + 1), len(positions) + 2, len(positions) + 1)
    return [
        f'layers.Reshape({apart}, name="{name}.groups")({VALUE})',
        f'layers.Permute({axes}, name="{name}.turned")({VALUE})',
        f'layers.Reshape({literal(shape.dims)}, name="{name}")({VALUE})',
    ]


def _reach(arguments: Mapping[str, Any], shape: Shape) -> list[tuple[int, int]]:
    """The padding of (images, rows, columns, channels) with which no value is left out."""
    size = arguments["pool_size"]
    sides = map(ceil_padding, shape.dims[:2], size, arguments["strides"] or size)
    return [(0, 0), *sides, (0, 0)]


def _ceil_max(arguments: Mapping[str, Any], shape: Shape, name: str) -> list[str]:
    pool = expression(Keras("layers.MaxPooling2D", dict(arguments)), name=name)
    sides = _reach(arguments, shape)
    padded = f'keras.ops.pad({VALUE}, {sides}, constant_values=float("-inf"))'
    return [*([padded] if any(map(any, sides)) else []), f"{pool}({VALUE})"]


def _ceil_average(arguments: Mapping[str, Any], shape: Shape, name: str) -> list[str]:
    """Divided by the share of each window that lies inside of the image."""
    pool = expression(Keras("layers.AveragePooling2D", dict(arguments)), name=name)
    sides = _reach(arguments, shape)
    if not any(map(any, sides)):
        return [f"{pool}({VALUE})"]
    size, strides = arguments["pool_size"], arguments["strides"] or arguments["pool_size"]
    ones = f'np.pad(np.ones((1, {shape.dims[0]}, {shape.dims[1]}, 1), "float32"), {sides})'
    return [
        f"keras.ops.pad({VALUE}, {sides})",
        f"{pool}({VALUE})",
        f"{VALUE} / keras.ops.average_pool({ones}, {literal(size)}, {literal(strides)})",
    ]


_WITHOUT_LAYER = {
    "ours.SliceChannels": _slice,
    "ours.ShuffleChannels": _shuffle,
    "ours.CeilMaxPooling2D": _ceil_max,
    "ours.CeilAveragePooling2D": _ceil_average,
}
"""What is written for layers that Keras does not have."""
