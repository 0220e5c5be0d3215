"""Rewrites of a network before it is trained: the same function and gradients for less work.

The optimizer is rewritten as well, with the same steps.

A pass takes the nodes of a network, the input and one for each layer call, and returns as many with
the same names and weights. So reports and saved files are those of the network as it is written,
and weights can be copied between both. Passes work on layers, before lowering. Light.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.record import Record
from cnnspec.graph.graph import INPUT
from cnnspec.ir.optimizers import Adam, AdamW, Optimizer
from cnnspec.layers.activations import ACTIVATION_LAYERS, Relu
from cnnspec.layers.base import Layer
from cnnspec.layers.convolution import Conv
from cnnspec.layers.noise import Dropout
from cnnspec.layers.pooling import MaxPool
from cnnspec.layers.weighted import Weighted
from cnnspec.targets.keras.lowering.table import lower
from cnnspec.targets.keras.objects import Keras


class KerasCall(Record):
    """What is built for a call: its own layer, or again the layer of an earlier call.

    `kernel` is the class of `kernels` that is built instead of Keras's own.
    """

    name: str
    layer: Layer
    inputs: tuple[int, ...]
    weights_from: str = ""
    kernel: str = ""

    def lowered(self) -> Keras:
        """The Keras layer as data."""
        keras = lower(self.layer)
        return keras.replace(name=f"kernels.{self.kernel}") if self.kernel else keras


Nodes = Sequence[KerasCall]
Pass = Callable[[Nodes], Nodes]


def nodes(checked: CheckedSpec) -> Nodes:
    """The network as it is written; the first node is its input."""
    return [
        KerasCall(call.name, call.layer, call.inputs, call.weights_from)
        for call in checked.graph.calls
    ]


def relu_after_pool(network: Nodes) -> Nodes:
    """Applies ReLU after a max-pooling instead of before it.

    max(relu(x)) = relu(max(x)), because ReLU is monotone. A window whose largest
    value is above zero sends its gradient to the same place; any other sends none. ReLU
    works on a quarter of the values where the window is 2x2.
    """
    readers = Counter(index for node in network for index in node.inputs)
    shared = {node.weights_from for node in network}

    def alone(node: KerasCall) -> bool:
        return not node.weights_from and node.name not in shared

    found = list(network)
    for index, node in enumerate(network):
        pool = node.layer
        # The kernel is derived from Keras's pooling; for `ceil` there is a layer of our own.
        if not (isinstance(pool, MaxPool) and pool.padding != "ceil" and alone(node)):
            continue
        (source,) = node.inputs
        plain = _without_relu(found[source].layer)
        if plain and readers[source] == 1 and alone(found[source]):
            found[source] = found[source].replace(layer=plain)
            found[index] = node.replace(kernel="MaxPoolingThenReLU")
    return found


def _without_relu(layer: Layer) -> Layer | None:
    """Returns the layer without the plain ReLU at its end; `None` where it has none."""
    match layer:
        case Weighted(activation="relu"):
            return layer.replace(activation="linear")
        case Relu(max=None, slope=0.0):
            return ACTIVATION_LAYERS["linear"]()
        case _:
            return None


def convolution_of_images(network: Nodes) -> Nodes:
    """Marks convolutions that read the images, whose gradient nobody needs."""
    return [
        node.replace(kernel="ConvolutionOfImages")
        if isinstance(node.layer, Conv) and node.inputs == (INPUT,)
        else node
        for node in network
    ]


def dropout_of_few_bits(network: Nodes) -> Nodes:
    """Makes dropout draw 8 or 16 random bits for each value instead of 32.

    The share of dropped values is then a multiple of 1/65536. The kept values are scaled by exactly
    that share, so that the mean stays the same.
    """
    return [
        node.replace(kernel="Dropout") if isinstance(node.layer, Dropout) else node
        for node in network
    ]


def optimizer_at_once(optimizer: Optimizer) -> Keras:
    """Returns the Keras optimizer, with one operation for each weight where we have that."""
    keras = lower(optimizer)
    kernel = _AT_ONCE.get(type(optimizer))
    return keras.replace(name=f"kernels.{kernel}") if kernel else keras


_AT_ONCE: dict[type[Optimizer], str] = {Adam: "Adam", AdamW: "AdamW"}

PASSES: tuple[Pass, ...] = (relu_after_pool, convolution_of_images, dropout_of_few_bits)
"""All passes, in the order in which they are run."""
