"""What a trained network reaches in int8, where an expectation or `quantize` asks for it.

It is the network that `cnnspec export RUN --to c --dtype int8` writes: ranges are seen on training
images and chosen on validation images. With a C compiler it is that C that runs, else the
interpreter in integers, which gives the same bits and takes several times as long.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from cnnspec.analysis.check import CheckedSpec
from cnnspec.datasets.splits import Splits
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.program.inference import integer_program
from cnnspec.runs.expectations import STORED
from cnnspec.targets.device.host import HostNetwork
from cnnspec.targets.device.network import write_integers
from cnnspec.targets.quantize.calibrate import calibrate
from cnnspec.targets.quantize.run import IntegerProgram
from cnnspec.training.score import confusion, macro_f1

_AT_ONCE = 1024
"""Images between two looks at whether a signal came."""


def integer_scores(
    checked: CheckedSpec,
    weights: Mapping[str, np.ndarray],
    splits: Splits,
    pause: Callable[[], None] = lambda: None,
) -> dict[str, dict[str, Any]]:
    """Returns accuracy, macro F1 and confusion in int8 by split, of those that a claim is about.

    After `quantize` it is that of the test and validation images in any case. `weights` are
    those of the trained network by their keys. Empty where nobody asks.
    """
    wanted = {STORED[claim.split] for claim in checked.spec.expectations if claim.dtype}
    if checked.spec.train.quantize:
        wanted |= {"test", "validation"}
    if not wanted:
        return {}
    held = splits.validation if splits.validation is not None else splits.train
    program = integer_program(checked.graph)
    integer = calibrate(program, weights, splits.train.images, held.images).integer
    scored = {name: split for name, split in splits.named().items() if name in wanted}
    counts: dict[str, np.ndarray] = {}
    with _running(integer) as predict:
        for name, split in scored.items():
            answers = []
            for start in range(0, len(split), _AT_ONCE):
                pause()
                outputs = predict(split.images[start : start + _AT_ONCE])
                answers.append(outputs.reshape(len(outputs), -1).argmax(axis=1))
            counts[name] = confusion(split.known, np.concatenate(answers), checked.spec.classes)
    return {
        name: {
            "accuracy": int(np.trace(each)) / int(each.sum()),
            "f1": macro_f1(each),
            "confusion": each.tolist(),
        }
        for name, each in counts.items()
    }


@contextmanager
def _running(integer: IntegerProgram) -> Iterator[Callable[[np.ndarray], np.ndarray]]:
    """What computes an integer program: its C compiled for this machine, else the interpreter."""
    network = _compiled(integer)
    if network is None:
        yield integer.predict
        return
    with network:
        yield network.predict


def _compiled(integer: IntegerProgram) -> HostNetwork | None:
    """The network as C for this machine; `None` without a compiler, or where it fails."""
    written = write_integers(integer, "network", "a network in int8")
    files = {"network.h": written.header, "network.c": written.source}
    try:
        return HostNetwork(written, files)
    except CnnspecError:
        # A training has ended by now, and nothing of it may be lost for want of a compiler.
        return None
