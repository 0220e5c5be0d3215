"""What a trained network reaches in int8, where an expectation or `quantize` asks for it.

It is the network that `cnnspec export RUN --to c --dtype int8` writes: ranges are seen on training
images and chosen on validation images. With a C compiler it is that C that runs, and the C in
float32 whose classes it is compared with. Else it is the interpreters, which give the same classes
and take several times as long.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from cnnspec.analysis.check import CheckedSpec
from cnnspec.datasets.splits import Splits
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.ir.spec import Spec
from cnnspec.program.inference import inference_program, integer_program
from cnnspec.runs.expectations import STORED
from cnnspec.runs.run import AGREEMENT
from cnnspec.targets.device.host import HostNetwork
from cnnspec.targets.device.network import Written, write_integers, write_network
from cnnspec.targets.interpreter.run import Interpreter
from cnnspec.targets.quantize.calibrate import calibrate
from cnnspec.training.score import confusion, macro_f1

_AT_ONCE = 1024
"""Images between two looks at whether a signal came."""


def integer_scores(
    checked: CheckedSpec,
    weights: Mapping[str, np.ndarray],
    splits: Splits,
    pause: Callable[[], None] = lambda: None,
) -> dict[str, dict[str, Any]]:
    """Returns what is reached in int8 by split, of those that a claim is about.

    That is accuracy, macro F1, confusion, and as `agreement` the share of the images that are put
    in the class in which the network in float32 puts them. After `quantize` the test and validation
    images are measured in any case. `weights` are those of the trained network by their keys. Empty
    where nobody asks.
    """
    wanted = integer_splits(checked.spec)
    if not wanted:
        return {}
    held = splits.validation if splits.validation is not None else splits.train
    program = integer_program(checked.graph)
    integer = calibrate(program, weights, splits.train.images, held.images).integer
    floats = inference_program(checked.graph)
    reference = Interpreter(floats, weights)
    networks = (
        _running(write_integers(integer, "network", "a network in int8"), integer.predict),
        _running(
            write_network(floats, weights, "network", "a network in float32"),
            lambda images: reference.predict(images.astype(np.float32) / np.float32(255)),
        ),
    )
    found = {}
    with networks[0] as in_int8, networks[1] as in_float32:
        for name, split in splits.named().items():
            if name in wanted:
                classes = _classes(in_int8, split.images, pause)
                same = classes == _classes(in_float32, split.images, pause)
                counts = confusion(split.known, classes, checked.spec.classes)
                found[name] = {
                    "accuracy": int(np.trace(counts)) / int(counts.sum()),
                    "f1": macro_f1(counts),
                    AGREEMENT: float(same.mean()),
                    "confusion": counts.tolist(),
                }
    return found


Predict = Callable[[np.ndarray], np.ndarray]
"""Outputs (n, classes) of images, uint8."""


def _classes(predict: Predict, images: np.ndarray, pause: Callable[[], None]) -> np.ndarray:
    """The class of each image."""
    found = []
    for start in range(0, len(images), _AT_ONCE):
        pause()
        outputs = predict(images[start : start + _AT_ONCE])
        found.append(outputs.reshape(len(outputs), -1).argmax(axis=1))
    return np.concatenate(found)


def integer_splits(spec: Spec) -> set[str]:
    """Returns the splits that are measured in int8, as metrics call them."""
    claimed = {STORED[claim.split] for claim in spec.expectations if claim.dtype}
    return claimed | ({"test", "validation"} if spec.train.quantize else set())


@contextmanager
def _running(written: Written, otherwise: Predict) -> Iterator[Predict]:
    """What computes a network: its C compiled for this machine, or where that fails the other."""
    network = _compiled(written)
    if network is None:
        yield otherwise
        return
    with network:
        yield network.predict


def _compiled(written: Written) -> HostNetwork | None:
    """The network as C for this machine; `None` without a compiler, or where it fails."""
    files = {"network.h": written.header, "network.c": written.source}
    try:
        return HostNetwork(written, files)
    except CnnspecError:
        # A training has ended by now, and nothing of it may be lost for want of a compiler.
        return None
