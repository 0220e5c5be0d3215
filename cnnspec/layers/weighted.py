"""What layers with a kernel have in common: activation, bias, initializers, regularizers."""

from typing import ClassVar

from cnnspec.core.counts import Count, count
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.values import Incompatible
from cnnspec.language.arg_types import Float
from cnnspec.language.choices import Bool, Choice
from cnnspec.language.constructs import flag, option
from cnnspec.layers.base import Layer
from cnnspec.layers.initializers import INIT, INITIALIZERS, Initializer, Orthogonal
from cnnspec.operations.base import Function, Operation
from cnnspec.operations.values import Map, Softmax

ACTIVATIONS = (
    "linear",
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "tanh",
    "sigmoid",
    "hard_sigmoid",
    "hard_silu",
    "softplus",
    "softsign",
    "exponential",
    "softmax",
)
"""The functions a layer can end with."""

_FUNCTIONS = {
    "relu6": Function("relu", ceiling=6.0),
    "leaky_relu": Function("relu", slope=0.2),
    "softmax": None,
}
ENDINGS: dict[str, Operation] = {
    word: Softmax() if function is None else Map(function)
    for word in ACTIVATIONS
    for function in [_FUNCTIONS.get(word, Function(word))]
}
"""The operation of each of those functions."""


class Weighted(Layer):
    """A layer with a kernel and perhaps a bias."""

    has_kernel: ClassVar[bool] = True

    activation: str = flag(
        Choice(*ACTIVATIONS), "the function applied to the output", default="linear"
    )
    bias: bool = flag(
        Bool("no_bias", means=False), "whether a trainable number is added", default=True
    )
    init: Initializer = option(
        INIT, "how the kernel starts", default=INITIALIZERS["glorot_uniform"]()
    )
    bias_init: Initializer = option(INIT, "how the bias starts", default=INITIALIZERS["zeros"]())
    l1: float = option(Float(), "adds this times the sum of |w| to the loss", default=0.0)
    l2: float = option(Float(), "adds this times the sum of w² to the loss", default=0.0)

    def conflict(self) -> tuple[str, Diagnostic] | None:
        """`orthogonal` needs a matrix, and a bias has only one axis."""
        if isinstance(self.bias_init, Orthogonal):
            remedy = "choose another initializer, such as `zeros`"
            return "bias_init", Incompatible(
                None, of=self.word, reason="an orthogonal bias", remedy=remedy
            )
        return None

    def with_bias(self, outputs: int, **kernels: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """The weights of a layer with these kernels and a bias for so many outputs."""
        return {**kernels, "bias": (outputs,)} if self.bias else kernels

    def starts_at_zero(self, key: str) -> bool:
        return (self.bias_init if key == "bias" else self.init).zero

    @property
    def function(self) -> str:
        return self.activation

    @property
    def bias_name(self) -> str:
        """The name of its bias, empty where it has none."""
        return "bias" if self.bias else ""

    def ending(self) -> tuple[Operation, ...]:
        """The function at its end as operations: one, or none for `linear`."""
        return () if self.activation == "linear" else (ENDINGS[self.activation],)

    @property
    def ones(self) -> Count:
        """The biases of one output as part of a formula: 1, or nothing without bias."""
        return count(1 if self.bias else 0)
