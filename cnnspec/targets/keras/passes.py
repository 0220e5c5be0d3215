"""Rewrites of a network before it is trained: the same function and gradients for less work.

Its optimizer is rewritten as well: the same steps.

A pass takes the nodes of a network, one for each row of a check, and gives back as many
with the same names and weights. So what is reported and what is kept of a training stays
that of the network as it is written: weights go from one to the other as they are.

Knows the classes of Keras by name; no framework.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.record import Record
from cnnspec.graph.build import INPUT
from cnnspec.layers.base import Keras


class KerasCall(Record):
    """What is built for a row: a Keras layer as data, or the layer of an earlier row again."""

    name: str
    keras: Keras
    inputs: tuple[int, ...]
    weights_from: str = ""

    def now(self, name: str = "", **arguments: Any) -> "KerasCall":
        """The same node with another class or some other arguments."""
        keras = self.keras
        named = name or keras.name
        return self.replace(keras=keras.replace(name=named, arguments=keras.arguments | arguments))


Nodes = Sequence[KerasCall]
Pass = Callable[[Nodes], Nodes]


def nodes(checked: CheckedSpec) -> Nodes:
    """The network as it is written; the first node is its input."""
    image = KerasCall("image", Keras("Input", {"shape": checked.spec.shape.dims}), ())
    return [image] + [
        KerasCall(call.name, call.layer.keras(), call.inputs, call.weights_from)
        for call in checked.layers
    ]


def relu_after_pool(network: Nodes) -> Nodes:
    """Takes the maximum of each window first and lets ReLU see that alone.

    max(relu(x)) = relu(max(x)), for ReLU never turns an order round. A window whose largest
    value is above zero sends its gradient to the same place; any other sends none. ReLU
    works on a quarter of the values where the window is 2x2.
    """
    readers = Counter(index for node in network for index in node.inputs)
    shared = {node.weights_from for node in network}
    found = list(network)
    for index, node in enumerate(network):
        if node.keras.name != "layers.MaxPooling2D" or node.weights_from or node.name in shared:
            continue
        (source,) = node.inputs
        before = found[source]
        alone = readers[source] == 1 and not before.weights_from and before.name not in shared
        if alone and before.keras.arguments.get("activation") == "relu":
            found[source] = before.now(activation="linear")
        elif alone and before.keras == _RELU:
            found[source] = before.replace(keras=_NOTHING)
        else:
            continue
        found[index] = node.now("kernels.MaxPoolingThenReLU")
    return found


_RELU = Keras("layers.ReLU", {"max_value": None, "negative_slope": 0.0})
_NOTHING = Keras("layers.Activation", {"activation": "linear"})


def convolution_of_images(network: Nodes) -> Nodes:
    """Lets a convolution know that it reads the images: nobody asks for their gradient."""
    return [
        node.now("kernels.ConvolutionOfImages")
        if node.keras.name == "layers.Conv2D" and node.inputs == (INPUT,)
        else node
        for node in network
    ]


def dropout_of_few_bits(network: Nodes) -> Nodes:
    """Draws 8 or 16 random bits for each value that dropout may drop, instead of 32.

    The share of dropped values is then a multiple of 1/65536, and what is kept is enlarged
    by just that share, so that the mean stays the same.
    """
    return [
        node.now("kernels.Dropout") if node.keras.name == "layers.Dropout" else node
        for node in network
    ]


def optimizer_at_once(optimizer: Keras) -> Keras:
    """The optimizer that moves a weight by one operation, where there is one that does."""
    name = _AT_ONCE.get(optimizer.name, optimizer.name)
    return optimizer.replace(name=name)


_AT_ONCE = {"optimizers.Adam": "kernels.Adam", "optimizers.AdamW": "kernels.AdamW"}

PASSES: tuple[Pass, ...] = (relu_after_pool, convolution_of_images, dropout_of_few_bits)
"""All passes, in the order in which they are run."""
