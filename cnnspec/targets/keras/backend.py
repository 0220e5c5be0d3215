"""Chooses and starts the backend of Keras. No other module decides which one.

Importing it imports no backend, so a missing one is reported before any work.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any

from cnnspec.datasets.files import cache_folder
from cnnspec.diagnostics.environment import MissingExtra
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import BackendTaken

BACKENDS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
"""Every Keras backend and the package that it needs."""


def choose(backend: str | None = None, what: str = "training") -> str:
    """Returns the backend to run on, without starting it; `what` is what needs it.

    It is the one asked for, else the one that Keras already runs on, else that of `KERAS_BACKEND`,
    else the first one installed. Raises `CnnspecError` where a package is missing, the variable
    names none of `BACKENDS`, or Keras already runs on another.
    """
    running = _running()
    asked = backend or (running if running in BACKENDS else _of_environment())
    wanted = [asked] if asked else list(BACKENDS)
    chosen = next((name for name in wanted if find_spec(BACKENDS[name])), None)
    if chosen is None or not (find_spec("keras") and find_spec("numpy")):
        extra = asked or "tensorflow"
        remedy = f"pip install 'cnnspec[{extra}]'"
        if not (backend or running or chosen) and asked:
            remedy += ", or unset KERAS_BACKEND, which asks for it"
        cause = f"{what} needs {extra}, which is not installed"
        raise CnnspecError(MissingExtra(None, cause, remedy))
    if running and running != chosen:
        cause = f"Keras runs on {running} in this process already, and cannot change"
        raise CnnspecError(BackendTaken(None, cause, "restart Python or the kernel"))
    return chosen


def start(backend: str | None = None, threads: int | None = None, parts: int = 1) -> str:
    """Makes Keras run on a backend, as `choose` finds it, and returns its name.

    Settings that a user's `keras.json` could have changed are set to their defaults, so that a spec
    means the same everywhere. `threads` is the number of threads it computes with (default: one per
    processor). With `parts` it prepares to compute so many parts of a batch in parallel, where it
    can. Raises `CnnspecError`.
    """
    chosen = choose(backend)
    os.environ["KERAS_BACKEND"] = chosen
    # Keras asserts the content of `keras.json`, so a broken one would make the import fail.
    os.environ["KERAS_HOME"] = str(cache_folder() / "keras")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Its warning is about something intended: each of several trainings compiles its own loop.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if threads and chosen == "jax":
        # It is read once, when the client for the CPU starts.
        os.environ["NPROC"] = str(threads)
    with without_chatter():
        import keras

        if threads:
            _compute_with(threads, chosen)
        elif parts > 1 and chosen == "tensorflow":
            _compute_in(parts)

    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    return chosen


def _of_environment() -> str | None:
    """The backend that `KERAS_BACKEND` names, if any; raises `CnnspecError` for an unknown one."""
    named = os.environ.get("KERAS_BACKEND")
    if named and named not in BACKENDS:
        cause = f"KERAS_BACKEND is {named}, on which cnnspec does not run"
        remedy = f"unset it, or set it to {', '.join(list(BACKENDS)[:-1])} or {list(BACKENDS)[-1]}"
        raise CnnspecError(BackendTaken(None, cause, remedy))
    return named or None


_threads: int | None = None


def threads() -> int | None:
    """The number of threads this process computes with; `None` where the backend decides."""
    return _threads


def _compute_with(count: int, backend: str) -> None:
    """Sets the number of threads; raises `CnnspecError` where the backend has already started."""
    global _threads
    try:
        if backend == "tensorflow":
            from tensorflow.config import threading

            threading.set_intra_op_parallelism_threads(count)
            threading.set_inter_op_parallelism_threads(count)
        elif backend == "torch":
            import torch

            torch.set_num_threads(count)
    except RuntimeError:
        cause = f"{backend} computes in this process already, and cannot change its threads"
        raise CnnspecError(BackendTaken(None, cause, "restart Python or the kernel")) from None
    _threads = count


_parts = 1


def parts() -> int:
    """How many parts of a batch this process computes in parallel."""
    return _parts


def _compute_in(count: int) -> None:
    """Gives each part one thread, and each operation only that thread.

    Changes nothing where there is a GPU or where TensorFlow has already started.
    """
    global _parts
    from tensorflow import config

    if config.list_physical_devices("GPU"):
        return
    with suppress(RuntimeError):
        config.threading.set_intra_op_parallelism_threads(1)
        config.threading.set_inter_op_parallelism_threads(count)
        _parts = count


def _running() -> Any:
    """The backend of this process, once Keras has been imported, by whomever."""
    keras: Any = sys.modules.get("keras")
    return keras.backend.backend() if keras else None


@contextmanager
def without_chatter() -> Iterator[None]:
    """Holds back what TensorFlow's C++ writes to standard error while it is imported.

    Its log level does not reach those lines. If the import fails they are shown
    after all.
    """
    if sys.stderr is None:
        yield
        return
    with tempfile.TemporaryFile() as held:
        own = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(own, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(own, 2)
            os.close(own)
