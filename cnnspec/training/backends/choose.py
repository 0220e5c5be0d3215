"""Chooses the backend of a training, and starts it. Loads no framework before one is started."""

from cnnspec.targets.keras import backend as keras_backend
from cnnspec.training.backends.base import Backend

BACKENDS = tuple(keras_backend.BACKENDS)
"""What `--backend` may say."""


def choose(backend: str | None = None) -> str:
    """Returns the backend to compute with, and starts nothing: the one asked for, else Keras's.

    Raises `CnnspecError` where it cannot be started.
    """
    return keras_backend.choose(backend)


def start(backend: str | None = None, threads: int | None = None, parts: int = 1) -> Backend:
    """Starts a backend, as `choose` finds it, on so many threads.

    `parts` of a batch are for Keras, as its own `start` has them. Raises `CnnspecError`.
    """
    chosen = keras_backend.start(choose(backend), threads, parts)
    from cnnspec.training.backends.keras import KerasBackend

    return KerasBackend(chosen)
