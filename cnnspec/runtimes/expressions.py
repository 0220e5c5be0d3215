"""Functions and normalizations as the operators that TensorFlow's converter makes of them."""

from cnnspec.core.record import Record

ONE = "one"
"""An operand that is a single constant number; `x` is the input, a number an earlier term."""

FULL, MEANS = "full", "means"
"""The sizes of a term: those of the input, or of its means."""


class Term(Record):
    """An operator on the input, constants and terms before it.

    `real` is whether LiteRT has it in float32 alone, so that int8 is converted there and back.
    `groups` is how many means an image has, and 0 where each position has one.
    """

    name: str
    operands: tuple[str | int, ...]
    size: str = FULL
    real: bool = False
    groups: int = 0
    channels: bool = False
    """Whether it is a number for each channel."""

    def dims(self, given: tuple[int, ...]) -> tuple[int, ...]:
        """The sizes of the term for an input of these."""
        if self.channels:
            return given[-1:]
        if self.size == FULL:
            return given
        return (self.groups,) if self.groups else given[:-1] or (1,)


Expression = tuple[Term, ...]


def _one(name: str, *operands: str) -> Expression:
    return (Term(name, ("x", *operands)),)


_SOFTPLUS = (Term("EXP", ("x",)), Term("ADD", (0, ONE)), Term("LOG", (1,)))

FUNCTIONS: dict[str, Expression] = {
    "LEAKY_RELU": _one("LEAKY_RELU"),
    "clip": (Term("LEAKY_RELU", ("x",)), Term("MINIMUM", (0, ONE))),
    "sigmoid": _one("LOGISTIC"),
    "tanh": _one("TANH"),
    "gelu": _one("GELU"),
    "exponential": _one("EXP"),
    "hard_silu": _one("HARD_SWISH"),
    "elu": (Term("ELU", ("x",), real=True),),
    "silu": (Term("LOGISTIC", ("x",)), Term("MUL", ("x", 0))),
    "hard_sigmoid": (Term("ADD", ("x", ONE)), Term("MUL", (0, ONE))),
    "softsign": (Term("ABS", ("x",)), Term("ADD", (0, ONE)), Term("DIV", ("x", 1))),
    "softplus": _SOFTPLUS,
    "mish": (*_SOFTPLUS, Term("TANH", (2,)), Term("MUL", ("x", 3))),
    "selu": (
        Term("GREATER", ("x", ONE)),
        Term("MUL", ("x", ONE)),
        Term("EXP", ("x",)),
        Term("SUB", (2, ONE)),
        Term("MUL", (3, ONE)),
        Term("SELECT", (0, 1, 4)),
    ),
}
"""Functions that no operator ends with, by their names; `clip` is ReLU with another ceiling."""

LAYER_NORM: Expression = (
    Term("MEAN", ("x", "axes"), MEANS),
    Term("NEG", (0,), MEANS, real=True),
    Term("SQUARED_DIFFERENCE", ("x", 0)),
    Term("MEAN", (2, "axes"), MEANS),
    Term("ADD", (3, ONE), MEANS),
    Term("RSQRT", (4,), MEANS),
    Term("MUL", (5, "channels")),
    Term("MUL", (1, 6)),
    Term("ADD", (7, "channels")),
    Term("MUL", ("x", 6)),
    Term("ADD", (9, 8)),
)
"""Mean 0 and variance 1 at each position."""


def GROUP_NORM(groups: int) -> Expression:  # noqa: N802 - a table with a parameter
    """Mean 0 and variance 1 in each group of channels, over all positions."""
    return (
        Term("RESHAPE", ("x", "sizes")),
        Term("MEAN", (0, "axes"), MEANS, groups=groups),
        Term("NEG", (1,), MEANS, real=True, groups=groups),
        Term("SUB", (0, 1)),
        Term("SQUARE", (3,), real=True),
        Term("MEAN", (4, "axes"), MEANS, groups=groups),
        Term("ADD", (5, ONE), MEANS, groups=groups),
        Term("RSQRT", (6,), MEANS, groups=groups),
        Term("MUL", (7, "channels"), channels=True),
        Term("MUL", (2, 8), channels=True),
        Term("MUL", (0, 8)),
        Term("ADD", (9, "channels"), channels=True),
        Term("ADD", (10, 11)),
        Term("RESHAPE", (12, "back")),
    )
