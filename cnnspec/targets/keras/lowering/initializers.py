"""Initializers as Keras objects. Their fields are named as Keras's arguments are."""

from cnnspec.layers.initializers import INITIALIZERS, Initializer
from cnnspec.targets.keras.objects import Keras

CLASSES = {
    INITIALIZERS[word]: name
    for word, name in {
        "zeros": "Zeros",
        "ones": "Ones",
        "constant": "Constant",
        "glorot_uniform": "GlorotUniform",
        "glorot_normal": "GlorotNormal",
        "he_uniform": "HeUniform",
        "he_normal": "HeNormal",
        "lecun_uniform": "LecunUniform",
        "lecun_normal": "LecunNormal",
        "random_normal": "RandomNormal",
        "random_uniform": "RandomUniform",
        "truncated_normal": "TruncatedNormal",
        "orthogonal": "Orthogonal",
    }.items()
}
"""The class of `keras.initializers` for each of ours."""


def initializer(init: Initializer) -> Keras:
    """The Keras initializer; one that draws gets a seed when it is built."""
    given = {n: getattr(init, n) for n in type(init).specs if getattr(init, n) is not None}
    return Keras(f"initializers.{CLASSES[type(init)]}", given, seeded=init.draws)
