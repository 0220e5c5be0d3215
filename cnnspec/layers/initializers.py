"""How weights start: the initializers a layer's `init` and `bias_init` can name.

The words are Keras's; see the class of the same name there for the formula.
"""

from typing import ClassVar, cast

from cnnspec.core.record import RecordMeta
from cnnspec.language.arg_types import MAX_REAL, Float, Int
from cnnspec.language.constructs import Construct, option, positional
from cnnspec.language.tables import OneOf


class Initializer(Construct):
    """How a weight starts."""

    draws: ClassVar[bool] = True
    """Whether it takes random numbers, and with them a seed."""

    @property
    def zero(self) -> bool:
        """Whether it makes nothing but zeros."""
        return False


class Drawn(Initializer):
    """An initializer that draws random numbers."""

    seed: int | None = option(
        Int(0), "fixes the numbers drawn; else they follow from the training seed", default=None
    )


def _scaled(word: str, scale: str) -> type[Initializer]:
    name = "".join(part.capitalize() for part in word.split("_"))
    doc = f"Random numbers of variance {scale}."
    body = {"__doc__": doc, "__annotations__": {}, "word": word, "__module__": __name__}
    return cast(type[Initializer], RecordMeta(name, (Drawn,), body))


class Zeros(Initializer):
    """All zero."""

    word: ClassVar[str] = "zeros"
    draws: ClassVar[bool] = False

    @property
    def zero(self) -> bool:
        return True


class Ones(Initializer):
    """All one."""

    word: ClassVar[str] = "ones"
    draws: ClassVar[bool] = False


class Constant(Initializer):
    """All the same value."""

    word: ClassVar[str] = "constant"
    draws: ClassVar[bool] = False

    value: float = positional(Float(-MAX_REAL), "the value")

    @property
    def zero(self) -> bool:
        return not self.value


class RandomNormal(Drawn):
    """Normally distributed numbers."""

    word: ClassVar[str] = "random_normal"

    stddev: float = positional(Float(), "the standard deviation", default=0.05)
    mean: float = option(Float(-MAX_REAL), "the mean", default=0.0)

    @property
    def zero(self) -> bool:
        return not self.stddev and not self.mean


class TruncatedNormal(Drawn):
    """Normally distributed numbers, drawn again beyond two standard deviations."""

    word: ClassVar[str] = "truncated_normal"

    stddev: float = positional(Float(), "the standard deviation", default=0.05)
    mean: float = option(Float(-MAX_REAL), "the mean", default=0.0)

    @property
    def zero(self) -> bool:
        return not self.stddev and not self.mean


class RandomUniform(Drawn):
    """Evenly distributed numbers."""

    word: ClassVar[str] = "random_uniform"

    minval: float = option(Float(-MAX_REAL), "the lower end", default=-0.05)
    maxval: float = option(Float(-MAX_REAL), "the upper end", default=0.05)

    @property
    def zero(self) -> bool:
        return not self.minval and not self.maxval


class Orthogonal(Drawn):
    """A random orthogonal matrix."""

    word: ClassVar[str] = "orthogonal"

    gain: float = option(Float(), "what the matrix is multiplied by", default=1.0)

    @property
    def zero(self) -> bool:
        return not self.gain


INITIALIZERS: dict[str, type[Initializer]] = {
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "glorot_uniform": _scaled("glorot_uniform", "2 / (fan in + fan out)"),
    "glorot_normal": _scaled("glorot_normal", "2 / (fan in + fan out)"),
    "he_uniform": _scaled("he_uniform", "2 / fan in"),
    "he_normal": _scaled("he_normal", "2 / fan in"),
    "lecun_uniform": _scaled("lecun_uniform", "1 / fan in"),
    "lecun_normal": _scaled("lecun_normal", "1 / fan in"),
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "orthogonal": Orthogonal,
}
"""Every initializer by its word."""

INIT = OneOf("initializer", INITIALIZERS)
