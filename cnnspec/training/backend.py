"""Chooses and starts the framework. The only place that decides which one Keras runs on.

Imports none of them by itself, so that a missing one is told before any work.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from cnnspec.datasets.files import cache_folder
from cnnspec.diagnostics.base import Problems
from cnnspec.diagnostics.surroundings import BackendTaken, MissingExtra

BACKENDS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
"""Every Keras backend and the package that it needs."""


def start(backend: str | None = None) -> str:
    """Makes Keras run on a backend, by itself the first one installed, and returns its name.

    Settings that a user's `keras.json` or environment could have changed are set
    to their defaults, so that a spec means the same everywhere. Raises `Problems`
    where a package is missing.
    """
    running = _running()
    wanted = [backend] if backend else [running] if running in BACKENDS else list(BACKENDS)
    chosen = next((name for name in wanted if find_spec(BACKENDS[name])), None)
    if chosen is None or not (find_spec("keras") and find_spec("numpy")):
        extra = backend or "tensorflow"
        raise Problems(
            MissingExtra(
                None,
                f"training needs {extra}, which is not installed",
                f"pip install 'cnnspec[{extra}]'",
            )
        )
    if running and running != chosen:
        cause = f"Keras runs on {running} in this process already, and cannot change"
        raise Problems(BackendTaken(None, cause, "start Python, or the kernel, anew"))
    os.environ["KERAS_BACKEND"] = chosen
    # Keras asserts what it finds in `keras.json`, and a broken one would end the import.
    os.environ["KERAS_HOME"] = str(cache_folder() / "keras")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # It warns of what is meant: each of several trainings compiles a loop of its own.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with _without_chatter():
        import keras

    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    return chosen


def _running() -> Any:
    """The backend of this process, once Keras has been imported by us or by anyone."""
    keras: Any = sys.modules.get("keras")
    return keras.backend.backend() if keras else None


@contextmanager
def _without_chatter() -> Iterator[None]:
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
