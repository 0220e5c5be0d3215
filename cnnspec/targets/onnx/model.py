"""A program with its weights as a model of ONNX.

In the graph images are (n, channels, height, width), as operators of ONNX have them; at its
input they can be (n, height, width, channels) too.
"""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper

from cnnspec.core.record import Record
from cnnspec.program.build import Program, Step
from cnnspec.program.flattening import channels_first_flattening, rows_channels_first
from cnnspec.program.recipes import with_recipes
from cnnspec.targets.onnx.site import BATCH, Graph, Site, channels_first
from cnnspec.targets.onnx.table import LOWERINGS
from cnnspec.version import __version__

INPUT, OUTPUT = "image", "scores"
"""The names of what a model takes and gives."""


class Form(Record):
    """What of a model can be chosen."""

    opset: int = 18
    """The version of the operators."""
    layout: str = "nhwc"
    """The axes of the input: `nhwc` or `nchw`."""
    batch: int | None = None
    """The number of images of a call, `None` where it is open."""


def onnx_model(
    program: Program, weights: Mapping[str, np.ndarray], name: str, form: Form
) -> onnx.ModelProto:
    """Returns the model of an unfused program; batch norm is folded in double precision.

    `weights` are those of a run, by their keys. The result has passed ONNX's own check, with
    the shapes of all values in it.
    """
    builder = _Builder(program, weights, form)
    graph = helper.make_graph(
        builder.nodes(),
        name,
        [_value(INPUT, builder.input_dims, form)],
        [_value(OUTPUT, program.steps[program.output].value.shape.dims, form)],
        list(builder.graph.constants.values()),
    )
    opset = helper.make_opsetid("", form.opset)
    model = helper.make_model(
        graph,
        opset_imports=[opset],
        # The oldest version of the format that has these operators, so that more tools read it.
        ir_version=helper.find_min_ir_version_for([opset]),
        producer_name="cnnspec",
        producer_version=__version__,
        doc_string="Takes pixels as float32 from 0 to 1: bytes divided by 255.",
    )
    model = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    return model


def _value(name: str, dims: tuple[int, ...], form: Form) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [form.batch or BATCH, *dims])


class _Builder:
    """The nodes of a program, one step after another."""

    def __init__(self, program: Program, weights: Mapping[str, np.ndarray], form: Form) -> None:
        self.program = program
        self.form = form
        self.graph = Graph(form.opset, form.batch)
        double = {key: np.asarray(array, np.float64) for key, array in weights.items()}
        self.weights = with_recipes(program.recipes, double)
        self.flattening = channels_first_flattening(program)

    @property
    def input_dims(self) -> tuple[int, ...]:
        """The sizes of an input, without that of the batch."""
        dims = self.program.steps[0].value.shape.dims
        return channels_first(dims) if self.form.layout == "nchw" else dims

    def nodes(self) -> list[onnx.NodeProto]:
        """Every node; the last one gives what the model gives."""
        for name in (INPUT, OUTPUT):
            self.graph.fresh(name)
        names = [self._image()]
        for index, step in enumerate(self.program.steps[1:], 1):
            names.append(self._step(index, step, [names[source] for source in step.inputs]))
        last = names[self.program.output]
        made = next((node for node in self.graph.nodes if last in node.output), None)
        if made is None or any(last in node.input for node in self.graph.nodes):
            self.graph.nodes.append(helper.make_node("Identity", [last], [OUTPUT], OUTPUT))
        else:
            made.output[0] = OUTPUT
        return self.graph.nodes

    def _image(self) -> str:
        """The input with its channels first, where it has rows, columns and channels."""
        dims = self.program.steps[0].value.shape.dims
        if self.form.layout == "nchw" or len(dims) == 1:
            return INPUT
        if dims[-1] == 1:
            sizes = np.array([self.form.batch or -1, *channels_first(dims)], np.int64)
            shape = self.graph.constant("input/shape", sizes)
            return self.graph.node("Reshape", [INPUT, shape], "input")
        return self.graph.node("Transpose", [INPUT], "input", perm=[0, 3, 1, 2])

    def _step(self, index: int, step: Step, inputs: list[str]) -> str:
        shapes = self.program.input_shapes(step)
        own = step.operation
        dims = own.weights(shapes[0]) if own.roles else {}
        keys = {role: key for role in own.roles if (key := getattr(own, role))}
        arrays = {role: self.weights[key].reshape(dims[key]) for role, key in keys.items()}
        site = Site(self.graph, step.name, own, inputs, shapes, step.value.shape, arrays)
        if index in self.flattening.steps:
            return site.node("Flatten", *inputs)
        if index in self.flattening.products:
            kernel = rows_channels_first(arrays["kernel"], self.flattening.products[index])
            site.weights["kernel"] = kernel
        return LOWERINGS[type(own)](site)
