"""The runtimes that budgets can name: what each takes of a network, and what it does not do.

None of this is proved as our own arena is: sizes follow formulas that were held against files and
arenas, and `ERRORS` says how far off they were.
"""

from collections.abc import Iterator, Mapping

from cnnspec.core.record import Record
from cnnspec.graph.graph import Graph, LayerCall
from cnnspec.language.constructs import Construct
from cnnspec.layers.activations import ACTIVATION_LAYERS
from cnnspec.layers.weighted import Weighted
from cnnspec.runtimes.arena import arena_size
from cnnspec.runtimes.file import File
from cnnspec.runtimes.litert import UNSUPPORTED as NOT_IN_LITERT
from cnnspec.runtimes.micro import IN_FLOAT32 as NOT_IN_TFLM_FLOAT32
from cnnspec.runtimes.micro import UNSUPPORTED as NOT_IN_TFLM_INT8
from cnnspec.runtimes.reasons import Reasons, reason_in
from cnnspec.runtimes.size import file_size


class Runtime(Record):
    """What runs a converted network. `unsupported` has its reasons for each data type."""

    title: str
    unsupported: Mapping[str, Reasons]


RUNTIMES = {
    "tflm": Runtime(
        "TensorFlow Lite Micro",
        {"float32": NOT_IN_TFLM_FLOAT32, "int8": NOT_IN_TFLM_INT8},
    ),
    "litert": Runtime("LiteRT", {"float32": NOT_IN_LITERT, "int8": NOT_IN_LITERT}),
}
"""By the names that a budget has for them."""

ERRORS = {"flash": 0.02, "ram": 0.04}
"""How far the formulas were off at most: `.tflite` files of all specs, arenas of ten networks."""


def taken(file: File, quantity: str) -> int:
    """Returns the bytes of flash or RAM that a file takes."""
    return file_size(file) if quantity == "flash" else arena_size(file)


def refusals(graph: Graph, runtime: str, dtype: str) -> Iterator[tuple[LayerCall, str, str]]:
    """Yields the calls that a runtime does not do, each with the word and the reason."""
    reasons = RUNTIMES[runtime].unsupported[dtype]
    for call in graph.layers:
        for part in _parts(call):
            if reason := reason_in(reasons, part):
                yield call, part.word, reason


def _parts(call: LayerCall) -> Iterator[Construct]:
    """A layer, and the function that it ends with."""
    yield call.layer
    if isinstance(call.layer, Weighted):
        yield ACTIVATION_LAYERS[call.layer.activation]()
