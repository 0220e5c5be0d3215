"""How weights start: the initializers a layer's `init` and `bias_init` can name.

The words are Keras's; see the class of the same name there for the formula.
"""

from typing import Any, ClassVar, cast

from cnnspec.core.record import RecordMeta
from cnnspec.language.arg_types import MAX_REAL, Float, Int
from cnnspec.language.constructs import Construct, option, positional
from cnnspec.language.tables import OneOf
from cnnspec.layers.base import Keras


class Initializer(Construct):
    """An initializer; `keras_name` is the Keras class."""

    keras_name: ClassVar[str]
    draws: ClassVar[bool] = True

    def keras(self) -> Keras:
        """The Keras initializer."""
        given = {n: getattr(self, n) for n in type(self).specs if getattr(self, n) is not None}
        return Keras(f"initializers.{self.keras_name}", given, seeded=self.draws)


class Drawn(Initializer):
    """An initializer that draws random numbers."""

    seed: int | None = option(
        Int(0), "fixes the numbers drawn; else they follow from the training seed", default=None
    )


def _scaled(word: str, keras_name: str, scale: str) -> type[Initializer]:
    body: dict[str, Any] = {
        "__doc__": f"Random numbers of variance {scale}.",
        "__annotations__": {},
    }
    body |= {"word": word, "keras_name": keras_name, "__module__": __name__}
    return cast(type[Initializer], RecordMeta(keras_name, (Drawn,), body))


class Zeros(Initializer):
    """All zero."""

    word: ClassVar[str] = "zeros"
    keras_name: ClassVar[str] = "Zeros"
    draws: ClassVar[bool] = False


class Ones(Initializer):
    """All one."""

    word: ClassVar[str] = "ones"
    keras_name: ClassVar[str] = "Ones"
    draws: ClassVar[bool] = False


class Constant(Initializer):
    """All the same value."""

    word: ClassVar[str] = "constant"
    keras_name: ClassVar[str] = "Constant"
    draws: ClassVar[bool] = False

    value: float = positional(Float(-MAX_REAL), "the value")


class RandomNormal(Drawn):
    """Normally distributed numbers."""

    word: ClassVar[str] = "random_normal"
    keras_name: ClassVar[str] = "RandomNormal"

    stddev: float = positional(Float(), "the standard deviation", default=0.05)
    mean: float = option(Float(-MAX_REAL), "the mean", default=0.0)


class TruncatedNormal(Drawn):
    """Normally distributed numbers, drawn again beyond two standard deviations."""

    word: ClassVar[str] = "truncated_normal"
    keras_name: ClassVar[str] = "TruncatedNormal"

    stddev: float = positional(Float(), "the standard deviation", default=0.05)
    mean: float = option(Float(-MAX_REAL), "the mean", default=0.0)


class RandomUniform(Drawn):
    """Evenly distributed numbers."""

    word: ClassVar[str] = "random_uniform"
    keras_name: ClassVar[str] = "RandomUniform"

    minval: float = option(Float(-MAX_REAL), "the lower end", default=-0.05)
    maxval: float = option(Float(-MAX_REAL), "the upper end", default=0.05)


class Orthogonal(Drawn):
    """A random orthogonal matrix."""

    word: ClassVar[str] = "orthogonal"
    keras_name: ClassVar[str] = "Orthogonal"

    gain: float = option(Float(), "what the matrix is multiplied by", default=1.0)


INITIALIZERS: dict[str, type[Initializer]] = {
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "glorot_uniform": _scaled("glorot_uniform", "GlorotUniform", "2 / (fan in + fan out)"),
    "glorot_normal": _scaled("glorot_normal", "GlorotNormal", "2 / (fan in + fan out)"),
    "he_uniform": _scaled("he_uniform", "HeUniform", "2 / fan in"),
    "he_normal": _scaled("he_normal", "HeNormal", "2 / fan in"),
    "lecun_uniform": _scaled("lecun_uniform", "LecunUniform", "1 / fan in"),
    "lecun_normal": _scaled("lecun_normal", "LecunNormal", "1 / fan in"),
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "orthogonal": Orthogonal,
}
"""Every initializer by its word."""

INIT = OneOf("initializer", INITIALIZERS)
