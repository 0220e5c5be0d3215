"""Mixed precision: activations in 16 bits, only on a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from cnnspec.analysis.check import CheckedSpec
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import NoAccelerator

FULL_PRECISION = "float32"


def accelerated() -> bool:
    """Whether the backend has a GPU or another accelerator to run on."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    if backend == "jax":
        import jax

        return bool(jax.default_backend() != "cpu")
    import torch

    return bool(torch.cuda.is_available())


def require_accelerator(checked: CheckedSpec) -> None:
    """Raises `CnnspecError` where a spec asks for mixed precision and there is no GPU."""
    precision = checked.spec.train.precision
    if precision != FULL_PRECISION and not accelerated():
        raise CnnspecError(
            NoAccelerator(
                checked.expanded.spans.get("train.precision"),
                f"`precision {precision}` needs a GPU, and {keras.backend.backend()} finds none",
                "leave it out, or try `--set precision=float32`",
            )
        )


@contextmanager
def policy(precision: str) -> Iterator[None]:
    """Makes layers and models built in the block compute in a precision; weights are float32.

    Without an accelerator they compute in float32, so a model can be evaluated on any machine.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(
        precision if precision == FULL_PRECISION or accelerated() else FULL_PRECISION
    )
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
