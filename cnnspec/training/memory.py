"""Whether a batch fits in memory, told before training and not by a crash in the middle of it.

On a CPU the frameworks do not survive an allocation that fails, so what cannot fit is
found from the shapes. An accelerator reports it; `out_of_memory` knows those reports.
"""

from collections.abc import Callable

from cnnspec.analysis.check import CheckedSpec
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import OutOfMemory
from cnnspec.files.processes import memory


def require_memory(checked: CheckedSpec, images: int, step_bytes: Callable[[int], int]) -> None:
    """Raises `CnnspecError` where a batch cannot fit, naming the largest that could.

    `step_bytes` is the least that a step of so many images takes.
    """
    batch = min(checked.spec.train.batch, images)
    needed, there = step_bytes(batch), memory()
    if there is not None and needed > there:
        most = batch * there // needed
        remedy = f"write `batch {_half(most)}`" if most > 1 else "make the network smaller"
        cause = (
            f"a batch of {batch} images needs at least {_shown(needed)} between the layers, "
            f"and this machine has {_shown(there)}"
        )
        raise CnnspecError(OutOfMemory(checked.expanded.spans.get("train.batch"), cause, remedy))


def _half(batch: int) -> int:
    """The largest power of two that is at most half of a batch."""
    return 1 << (batch.bit_length() - 2)


def _shown(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def out_of_memory(error: Exception, batch: int) -> CnnspecError | None:
    """The problem that an error of a framework stands for, if memory was its cause."""
    text = f"{type(error).__name__}: {error}"
    signs = ("MemoryError", "OutOfMemory", "RESOURCE_EXHAUSTED", "ResourceExhausted", "OOM when")
    if not any(sign in text for sign in signs):
        return None
    cause = f"a batch of {batch} images does not fit in memory"
    return CnnspecError(OutOfMemory(None, cause, f"write `batch {max(1, batch // 4)}`"))
