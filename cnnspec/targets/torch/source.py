"""A network as a Python module with one class of PyTorch, and the weights for it.

It is the program before any pass: batch norm and dropout are there, so that the network can be
trained further. Images are (n, channels, rows, columns), as PyTorch has them.
"""

import builtins
import keyword
import re
from collections.abc import Mapping

import numpy as np

from cnnspec.core.record import Record
from cnnspec.program.build import Program, Step
from cnnspec.program.flattening import channels_first_flattening, rows_channels_first
from cnnspec.targets.torch.site import SELF, VALUE, Lowered, Part, Site
from cnnspec.targets.torch.table import LOWERINGS

_MODULE = '''\
"""{title}, a network of cnnspec {version} for PyTorch.

`load()` is the trained network. It takes images {shape} as float32 from 0 to 1:
bytes divided by 255, with the axes (n, channels, rows, columns).
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

WEIGHTS = Path(__file__).with_name("weights.npz")

{helpers}
class Network(nn.Module):
    def __init__(self):
        super().__init__()
{parts}

    def forward(self, image):
{body}


def load(path=WEIGHTS):
    """Returns the network with the weights of a file, ready for inference."""
    network = Network()
    with np.load(path) as arrays:
        state = {{name: torch.from_numpy(arrays[name]) for name in arrays}}
    network.load_state_dict(state)
    return network.eval()


if __name__ == "__main__":
    print(load())
'''

_HELPERS = {
    "average": '''
def average(x, size, stride, sides):
    """The mean of the values of each window that lie inside of the image."""
    inside = F.pad(torch.ones_like(x[:1, :1]), sides)
    return F.avg_pool2d(F.pad(x, sides), size, stride) / F.avg_pool2d(inside, size, stride)

'''
}


class Module(Record):
    """The text of a module and the arrays of its state, by their names in PyTorch."""

    text: str
    state: dict[str, np.ndarray]


def module_of(
    program: Program, weights: Mapping[str, np.ndarray], title: str, version: str
) -> Module:
    """Returns the module of a program before any pass, with the weights of a run."""
    return _Writer(program, weights).module(title, version)


class _Writer:
    """The parts and statements of a network, one step after another."""

    def __init__(self, program: Program, weights: Mapping[str, np.ndarray]) -> None:
        self.program = program
        self.weights = weights
        self.flattening = channels_first_flattening(program)
        self.readers = program.readers()
        self.parts: dict[tuple[str, ...], list[str]] = {}
        """The names of the parts of an operation, by the keys of its weights."""
        self.made: list[str] = []
        self.state: dict[str, np.ndarray] = {}
        self.helpers: list[str] = []
        self.attributes = {"training", "forward", *dir(builtins)}
        self.variables = {"image", "x", "self", "np", "torch", "nn", "load", *dir(builtins)}

    def module(self, title: str, version: str) -> Module:
        """The whole text."""
        body = self.body()
        text = _MODULE.format(
            title=title,
            version=version,
            shape=self.program.steps[0].value.shape,
            helpers="".join(_HELPERS[name] for name in dict.fromkeys(self.helpers)),
            parts="\n".join(f"        {line}" for line in self.made) or "        pass",
            body="\n".join(f"        {line}" for line in body),
        )
        return Module(text, self.state)

    def body(self) -> list[str]:
        """The statements of `forward`."""
        names = ["image"]
        lines: list[str] = []
        for index, step in enumerate(self.program.steps[1:], 1):
            inputs = [names[source] for source in step.inputs]
            found = self.expression(index, step, inputs)
            readers = self.readers[index]
            name = "x" if readers in ([index + 1], []) else self.variable(step.name)
            if self.nested(index, step, found) and lines:
                before = lines.pop().partition(" = ")[2]
                found = found.replace(VALUE, before)
            lines.append(f"{name} = {found.replace(VALUE, inputs[0])}")
            names.append(name)
        return [*lines, f"return {names[self.program.output]}"]

    def nested(self, index: int, step: Step, expression: str) -> bool:
        """Whether a function of the layer before can be written around what that gives."""
        (source, *others) = step.inputs
        before = self.program.steps[source]
        return (
            not others
            and source == index - 1
            and source > 0
            and self.readers[source] == [index]
            and step.name == before.name
            and expression.count(VALUE) == 1
            and expression.endswith(")")
            and not expression.startswith(VALUE)
        )

    def expression(self, index: int, step: Step, inputs: list[str]) -> str:
        """An expression with the names of its parts; those of shared weights are there already."""
        own, shapes = step.operation, self.program.input_shapes(step)
        dims = own.weights(shapes[0]) if own.roles else {}
        keys = {role: key for role in own.roles if (key := getattr(own, role))}
        arrays = {
            role: np.asarray(self.weights[key], np.float32).reshape(dims[key])
            for role, key in keys.items()
        }
        if index in self.flattening.steps:
            return f"{VALUE}.flatten(1)"
        if index in self.flattening.products:
            image = self.flattening.products[index]
            arrays["kernel"] = rows_channels_first(arrays["kernel"], image)
        site = Site(own, shapes, step.value.shape, arrays, tuple(inputs))
        lowered = LOWERINGS[type(own)](site)
        if lowered.helper:
            self.helpers.append(lowered.helper)
        names = self.names(step, tuple(keys.values()), lowered)
        found = lowered.expression
        for number, name in enumerate(names):
            found = found.replace(f"{SELF}{number}", f"self.{name}")
        return found

    def names(self, step: Step, keys: tuple[str, ...], lowered: Lowered) -> list[str]:
        """The names of the parts of an operation, which are added where they are new."""
        if keys and keys in self.parts:
            return self.parts[keys]
        # The parts of a separable convolution are called like their kernels.
        stem = keys[0].rpartition("/")[0] if keys else step.name
        kind = keys[0].rpartition("/")[2].partition("_kernel") if keys else ("", "", "")
        stem = f"{stem}_{kind[0]}" if kind[1] else stem
        names = [self.part(stem, part) for part in lowered.parts]
        if keys:
            self.parts[keys] = names
        return names

    def part(self, stem: str, part: Part) -> str:
        """Adds a part and its arrays; returns its name."""
        name = _fresh(stem, self.attributes)
        self.made.append(f"self.{name} = {part.made}")
        for key, array in part.state.items():
            self.state[f"{name}.{key}" if key else name] = np.ascontiguousarray(array)
        return name

    def variable(self, name: str) -> str:
        """A variable of its own, called like a layer."""
        return _fresh(name, self.variables)


def _fresh(name: str, taken: set[str]) -> str:
    """Returns a name of Python like this one that is not taken, and takes it."""
    stem = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_") or "value"
    stem = f"n{stem}" if stem[0].isdigit() else stem
    stem = f"{stem}_" if keyword.iskeyword(stem) else stem
    free, number = stem, 2
    while free in taken:
        free, number = f"{stem}_{number}", number + 1
    taken.add(free)
    return free
