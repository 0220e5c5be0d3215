"""Chooses the backend of a training, and starts it. Loads no framework before one is started."""

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cnnspec.diagnostics.environment import MissingExtra
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.runs.run import ENVIRONMENT, Run
from cnnspec.targets.keras import backend as keras_backend

if TYPE_CHECKING:
    from cnnspec.training.backends.base import Backend

NATIVE = "native"


def choose(backend: str | None = None) -> str:
    """Returns the backend to compute with, and starts nothing.

    It is the one asked for, else one that Keras can run on, else `native` where none is
    installed. Raises `CnnspecError` where it cannot be started.
    """
    if backend == NATIVE or (backend is None and not _keras_is_meant()):
        _require_native()
        return NATIVE
    return keras_backend.choose(backend)


def _keras_is_meant() -> bool:
    """Whether a framework is there, or asked for by the environment."""
    named = os.environ.get("KERAS_BACKEND") or "keras" in sys.modules
    installed = find_spec("keras") and any(map(find_spec, keras_backend.BACKENDS.values()))
    return bool(named or installed)


def _require_native() -> None:
    """Raises `CnnspecError` where there is no numpy or no compiler."""
    if not find_spec("numpy"):
        cause = "training needs numpy or a framework, and neither is installed"
        remedy = "pip install 'cnnspec[native]', or 'cnnspec[tensorflow]'"
        raise CnnspecError(MissingExtra(None, cause, remedy))
    from cnnspec.targets.c.compiler import find_compiler

    find_compiler()


def backend_for(run: Run | None, asked: str | None) -> str | None:
    """Returns the backend asked for, else `native` for a run that it has trained."""
    if asked is None and run and run.salvage(ENVIRONMENT)[0].get("backend") == NATIVE:
        return NATIVE
    return asked


def start(backend: str | None = None, threads: int | None = None, parts: int = 1) -> "Backend":
    """Starts a backend, as `choose` finds it, on so many threads.

    `parts` of a batch are for Keras, as its own `start` has them. Raises `CnnspecError`.
    """
    chosen = choose(backend)
    if chosen == NATIVE:
        from cnnspec.targets.c.compiler import find_compiler
        from cnnspec.training.backends.native import NativeBackend

        return NativeBackend(threads, find_compiler())
    keras_backend.start(chosen, threads, parts)
    from cnnspec.training.backends.keras import KerasBackend

    return KerasBackend(chosen)
