"""The targets by name: what a checked spec can be made into, and what each does not do.

A target is a folder beside this module and a line in `TARGETS`. Light: how a target lowers
a word is imported when somebody asks for it, and no framework ever is.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import ClassVar

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.record import Record
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic, Label, Traced
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.targets import Unsupported
from cnnspec.ir.augmentation import Augment
from cnnspec.ir.losses import LOSSES
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.ir.schedules import SCHEDULES, Schedule
from cnnspec.ir.spec import Merge, Node, every
from cnnspec.language.constructs import Construct
from cnnspec.layers.activations import ACTIVATION_LAYERS
from cnnspec.layers.base import Layer
from cnnspec.layers.initializers import INITIALIZERS
from cnnspec.layers.table import CONSTRUCTS
from cnnspec.layers.weighted import Weighted
from cnnspec.runtimes.litert import UNSUPPORTED as NOT_IN_LITERT
from cnnspec.runtimes.micro import UNSUPPORTED as NOT_IN_TFLM
from cnnspec.runtimes.reasons import Reasons, reason_in
from cnnspec.targets.c.unsupported import UNSUPPORTED as NOT_IN_C
from cnnspec.targets.interpreter.unsupported import UNSUPPORTED as NOT_IN_INTERPRETER
from cnnspec.targets.keras.unsupported import UNSUPPORTED as NOT_IN_KERAS
from cnnspec.targets.onnx.unsupported import UNSUPPORTED as NOT_IN_ONNX
from cnnspec.targets.torch.unsupported import UNSUPPORTED as NOT_IN_TORCH

NETWORK = tuple(CONSTRUCTS.values())
"""What every target computes or declines: the layers and the merges."""
TRAINING = (
    *(cls for table in (INITIALIZERS, OPTIMIZERS, LOSSES, SCHEDULES) for cls in table.values()),
    Augment,
)
"""What a target that trains has to know beside them; others take the weights of a run."""


class Target(Record):
    """What a checked spec can be made into.

    `lowers` says whether it has an answer for a class; `unsupported` has a reason for each
    class, or for some of its records, that it does not do.
    """

    name: str
    lowers: Callable[[type[Construct]], bool]
    unsupported: Reasons
    trains: bool = False
    backend: str = ""
    """The backend that trains with it, where that is what a person has asked for."""
    memos: ClassVar[tuple[str, ...]] = ("_declined",)

    @property
    def words(self) -> tuple[type[Construct], ...]:
        """The classes that it must lower or give a reason for."""
        return (*NETWORK, *TRAINING) if self.trains else NETWORK

    @property
    def declined(self) -> frozenset[type[Construct]]:
        """The words that it does not do, or not all that they can say."""
        return self.memo(
            "_declined",
            lambda: frozenset(
                cls for cls in self.words if cls in self.unsupported or not self.lowers(cls)
            ),
        )

    def reason(self, construct: Construct) -> str:
        """Why it does not do what a record says; empty where it does."""
        cls = type(construct)
        if cls in self.unsupported:
            return reason_in(self.unsupported, construct)
        return "" if self.lowers(cls) else "it has no lowering for it"


def unanswered(
    target: Target, classes: Iterable[type[Construct]] | None = None
) -> list[type[Construct]]:
    """The classes that a target neither lowers nor gives a reason for; by default of all words."""
    given = target.words if classes is None else classes
    return [cls for cls in given if not target.lowers(cls) and cls not in target.unsupported]


def check_target(checked: CheckedSpec, target: Target) -> tuple[Diagnostic, ...]:
    """What of a spec without errors a target does not do, each place once, in their order."""
    # A sweep asks this of 100,000 points, and nearly always it is all there is.
    if not target.declined:
        return ()
    found = [*_network(checked, target), *_training(checked, target)]
    once = {(each.span, each.message): each for each in found}
    return tuple(sorted(once.values(), key=lambda each: each.span.start if each.span else -1))


def require_target(checked: CheckedSpec, target: Target) -> None:
    """Raises `CnnspecError` where a target does not do all that a spec says."""
    problems = check_target(checked, target)
    if problems:
        raise CnnspecError(*problems)


Fields = tuple[tuple[str, Construct], ...]
"""Records by the fields that hold them."""


def _settings(checked: CheckedSpec, target: Target) -> Fields:
    """The settings of training that a target has to do."""
    train = checked.spec.train
    if not target.trains:
        return ()
    settings = ("optimizer", train.optimizer), ("schedule", train.schedule), ("loss", train.loss)
    return (*settings, ("augment", train.augment)) if train.augment else settings


def _parts(layer: Layer, target: Target) -> Fields:
    """What else a layer has in it that a target has to do."""
    if not isinstance(layer, Weighted):
        return ()
    function = "activation", FUNCTIONS[layer.activation]
    if not target.trains:
        return (function,)
    return function, ("init", layer.init), ("bias_init", layer.bias_init)


FUNCTIONS = {word: cls() for word, cls in ACTIVATION_LAYERS.items()}
"""The layer that does the same as a function that another layer ends with."""


def _network(checked: CheckedSpec, target: Target) -> Iterator[Diagnostic]:
    """The calls, those that others bring along included; a block says where it is used."""
    elements = [e for e in every(checked.spec.nodes) if isinstance(e, Node | Merge)]
    by_place = {element.span: element for element in elements}
    for call in checked.layers:
        element = by_place.get(call.span) if call.span else None
        spans = element.spans if element and not call.implicit else {}
        for field, part in (("", call.layer), *_parts(call.layer, target)):
            reason = target.reason(part)
            if reason:
                span = spans.get(field, call.span)
                fault = _unsupported(span, target, part, reason)
                yield _traced(fault, element.call_sites if element else ())


def _traced(fault: Diagnostic, call_sites: tuple[Span, ...]) -> Diagnostic:
    if not call_sites:
        return fault
    return Traced(fault.span, fault, tuple(Label(site, "used here") for site in call_sites))


def _training(checked: CheckedSpec, target: Target) -> Iterator[Diagnostic]:
    for setting, construct in _settings(checked, target):
        reason = target.reason(construct)
        if reason:
            span = checked.expanded.spans.get(f"train.{setting}")
            yield _unsupported(span, target, construct, reason)


def _unsupported(
    span: Span | None, target: Target, construct: Construct, reason: str
) -> Unsupported:
    if not target.backend:
        return Unsupported(span, word=construct.word, target=target.name, reason=reason)
    return Unsupported(
        span,
        word=construct.word,
        target=target.backend,
        reason=reason,
        kind="backend",
        instead="train with `--backend tensorflow`",
    )


@cache
def _keras(cls: type[Construct]) -> bool:
    from cnnspec.targets.keras.lowering.table import lowers

    return lowers(cls)


KERAS = Target("keras", _keras, NOT_IN_KERAS, trains=True)
"""What trains a network."""


def _computes(cls: type[Construct]) -> bool:
    """Whether a class says what it computes, for targets that know every operation."""
    return issubclass(cls, Layer) and cls.operations is not Layer.operations


INTERPRETER = Target("interpreter", _computes, NOT_IN_INTERPRETER)
"""What runs a trained network in numpy."""

ONNX = Target("onnx", _computes, NOT_IN_ONNX)
"""What a trained network is written as for other tools."""

TORCH = Target("torch", _computes, NOT_IN_TORCH)
"""What a trained network is written as for PyTorch."""


def _converted(cls: type[Construct]) -> bool:
    """Whether it is a layer that Keras has, of which TensorFlow's converter makes operators."""
    return cls not in NOT_IN_LITERT and _keras(cls)


LITERT = Target("litert", _converted, NOT_IN_LITERT)
"""What a trained network is converted to for phones and microcontrollers."""


def _micro(cls: type[Construct]) -> bool:
    """Whether TensorFlow Lite Micro runs what the converter makes of it."""
    return cls not in NOT_IN_TFLM and _converted(cls)


TFLM = Target("tflm", _micro, NOT_IN_TFLM)
"""What runs a converted network in int8 on microcontrollers."""


@cache
def _c(cls: type[Construct]) -> bool:
    """Whether a class says what it computes, or has a text or a draw of its own."""
    if issubclass(cls, Layer):
        return _computes(cls)
    if issubclass(cls, Schedule):
        # Schedules are functions of the step, which Python asks.
        return (cls.share, cls.rates) != (Schedule.share, Schedule.rates)
    if cls is Augment:
        # Several operations: `kernels/augmentation.py`.
        return True
    from cnnspec.targets.c.initial import DRAWS
    from cnnspec.targets.c.losses import TEXTS
    from cnnspec.targets.c.optimizers import RULES

    return any(cls in table for table in (DRAWS, TEXTS, RULES))


C = Target("c", _c, NOT_IN_C, trains=True, backend="native")
"""What trains and runs a network in machine code."""

TARGETS = {target.name: target for target in (KERAS, INTERPRETER, C, ONNX, TORCH, LITERT, TFLM)}
"""Every target by its name."""
