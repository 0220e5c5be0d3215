"""The devices of this machine that a training is spread over.

They are its GPUs. Where there is none, the processor is parted into as many devices as it
has cores, which is no faster and shows that all works. Knows what makes it impossible; not
how a step is spread (`replicas.py`).
"""

import os
from typing import Any

from cnnspec.analysis.check import CheckedSpec
from cnnspec.diagnostics.base import many
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import BackendTaken, CannotDistribute


def spread(checked: CheckedSpec, backend: str, count: int) -> Any:
    """The `tf.distribute` strategy of so many devices, `None` for one of them.

    Raises `CnnspecError` where a training cannot be spread over them.
    """
    if count == 1:
        return None
    require_spread(checked, backend, count)
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    there = len(gpus) or os.cpu_count() or 1
    if count > there:
        kind = "GPU" if gpus else "core"
        cause = f"{count} devices are asked for, and this machine has {many(there, kind)}"
        remedy = f"`--devices {there}`" if there > 1 else "train without `--devices`"
        raise CnnspecError(CannotDistribute(None, cause, remedy))
    kind = "GPU" if gpus else "CPU"
    if not gpus:
        _part_processor(count)
    return tf.distribute.MirroredStrategy(
        [f"{kind}:{number}" for number in range(count)],
        # Adds up in the same order always, and one strategy after another gets on with it.
        cross_device_ops=tf.distribute.ReductionToOneDevice(),
    )


def require_spread(checked: CheckedSpec, backend: str, count: int) -> None:
    """Raises `CnnspecError` where steps cannot be spread over so many devices."""
    if backend != "tensorflow":
        cause = f"several devices need tensorflow, and the backend is {backend}"
        raise CnnspecError(CannotDistribute(None, cause, "train with `--backend tensorflow`"))
    batch = checked.spec.train.batch
    if batch < count:
        cause = f"{count} devices cannot share batches of {many(batch, 'image')}"
        place = checked.expanded.spans.get("train.batch")
        remedy = f"write a larger `batch`, or train on {many(batch, 'device')}"
        raise CnnspecError(CannotDistribute(place, cause, remedy))


def _part_processor(count: int) -> None:
    """Makes TensorFlow see so many processors; raises `CnnspecError` where it is too late."""
    import tensorflow as tf

    (processor,) = tf.config.list_physical_devices("CPU")
    parted = tf.config.get_logical_device_configuration(processor) or ()
    if len(parted) >= count:
        return
    try:
        parts = [tf.config.LogicalDeviceConfiguration()] * count
        tf.config.set_logical_device_configuration(processor, parts)
    except RuntimeError:
        cause = "tensorflow computes in this process already, and cannot part the processor"
        raise CnnspecError(BackendTaken(None, cause, "start Python, or the kernel, anew")) from None
