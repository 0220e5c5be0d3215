"""A network as calls of layers, each with where its input comes from and what it costs."""

from typing import Any, ClassVar

from cnnspec.core.record import Record
from cnnspec.core.shapes import Shape
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.layers.base import Inference, Layer
from cnnspec.operations.base import Operation

INPUT = 0
"""The index of the first call of every graph: the input."""


class LayerCall(Record):
    """A layer applied: what goes in, what comes out and what it costs.

    `inputs` are the indices of the calls whose outputs it takes. An `implicit` call is one that
    nobody wrote: the flatten before a dense layer on an image, the 1x1 convolution of a projection.
    `weights_from` names the earlier call whose weights it uses, empty where it has its own.
    """

    name: str
    layer: Layer
    inputs: tuple[int, ...]
    input_shape: Shape
    output_shape: Shape
    inference: Inference
    span: Span | None = None
    implicit: bool = False
    weights_from: str = ""

    @property
    def trainable(self) -> int:
        """The weights it adds that training changes."""
        return 0 if self.weights_from else self.inference.params.value

    @property
    def params(self) -> int:
        """All weights it adds, frozen ones included, as Keras counts them."""
        return 0 if self.weights_from else self.inference.params.value + self.inference.frozen.value

    @property
    def macs(self) -> int:
        """Its multiply-accumulates for one image."""
        return self.inference.macs.value

    def dump(self) -> dict[str, Any]:
        """The call as JSON."""
        return {
            "name": self.name,
            "layer": str(self.layer),
            "implied": self.implicit,
            "output": list(self.output_shape.dims),
            "params": self.params,
            "trainable": self.trainable,
            "macs": self.macs,
        }


class Graph(Record):
    """The calls of layers in an order in which they can be computed, and the errors.

    The first call is the input, so that every index has a call. `output_shape` is the shape at the
    end, `None` where an error leaves it unknown.
    """

    memos: ClassVar[tuple[str, ...]] = ("_operations",)

    calls: tuple[LayerCall, ...]
    output_shape: Shape | None
    errors: tuple[Diagnostic, ...]

    @property
    def input(self) -> Shape:
        """The shape of the input."""
        return self.calls[INPUT].output_shape

    @property
    def layers(self) -> tuple[LayerCall, ...]:
        """The calls without the input."""
        return self.calls[1:]

    @property
    def operations(self) -> list[tuple[Operation, ...]]:
        """What each call computes, by its index; built when it is first needed."""
        return self.memo(
            "_operations",
            lambda: [call.layer.operations(call.input_shape) for call in self.calls],
        )

    @property
    def owners(self) -> tuple[LayerCall, ...]:
        """The calls with weights of their own: those that do not take another's."""
        return tuple(call for call in self.layers if not call.weights_from)

    def weights(self) -> dict[str, tuple[int, ...]]:
        """The shape of every weight, by `call/weight`: `conv/kernel`."""
        return {
            f"{call.name}/{weight}": shape
            for call in self.owners
            for weight, shape in call.layer.weights(call.input_shape).items()
        }

    def depth(self) -> int:
        """How many layers with a kernel are on the longest path."""
        depths: list[int] = []
        for call in self.calls:
            longest = max([depths[source] for source in call.inputs], default=0)
            depths.append(longest + call.layer.has_kernel)
        return max(depths)
