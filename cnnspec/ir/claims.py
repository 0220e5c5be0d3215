"""Budgets, which `check` proves, and expectations, which `train` measures."""

import operator
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from cnnspec.core.record import Record
from cnnspec.core.source import Span
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.names import UnknownWord
from cnnspec.diagnostics.values import WrongType
from cnnspec.language.arg_types import MAX_REAL, Float, number_text
from cnnspec.language.expressions import Bindings
from cnnspec.language.suggest import nearest
from cnnspec.language.syntax import Argument, Relation, Statement, Word

RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
}

UPPER = ("<=", "<")
"""The relations under which less is better."""

QUANTITIES = {
    "params": "all weights, as Keras's `count_params()` counts them",
    "trainable": "the weights that training changes",
    "macs": "multiply-accumulates of kernels for one image, biases not counted",
    "flash": "bytes of the weights; in int8 of every constant, tables included",
    "ram": "bytes of the arena that inference of one image needs",
    "depth": "layers with a kernel on the longest path",
}
"""What a budget can limit."""

BYTES = {"float32": 4, "float16": 2, "int8": 1}
"""Bytes of one value; `flash` and `ram` are counted in float32 unless one is named."""

RUNTIMES = {
    "tflm": "on TensorFlow Lite Micro: its arena on a Cortex-M, the .tflite file in flash",
    "litert": "on LiteRT: the .tflite file",
}
"""Whose flash and RAM a budget can limit in place of ours: `budget ram int8 on tflm <= 10KiB`."""
OURS = "c"
"""What is meant where none is named: the file that `cnnspec export --to c` writes."""
ON = "on"
"""The word before one of them."""
ON_RUNTIME = {"flash": ("tflm", "litert"), "ram": ("tflm",)}
"""Which of them a quantity is known for: RAM of LiteRT depends on the kernels of a processor."""
CONVERTED = ("float32", "int8")
"""The data types of their files."""

MEASURES = {
    "accuracy": "the share of images put in the right class",
    "f1": "the mean over the classes of 2PR / (P + R) (macro F1)",
    "loss": "the value of the loss function, regularization included",
}
SPLIT_PREFIXES = {"": "test", "val_": "validation", "train_": "training"}
METRIC_NAMES = tuple(prefix + measure for prefix in SPLIT_PREFIXES for measure in MEASURES)
"""What an expectation can claim; `accuracy` alone means the test set."""
IN_INTEGERS = tuple(f"{prefix}{name}" for prefix in ("", "val_") for name in ("accuracy", "f1"))
"""What can also be claimed of the network in int8: `expect accuracy int8 >= 0.97`."""
MONITORED = tuple(name for name in METRIC_NAMES if name not in MEASURES)
"""What can be watched while training: metrics of the validation set and of training."""


class Claim(Record):
    """A quantity, a comparison and a limit."""

    ignored: ClassVar[tuple[str, ...]] = ("span",)
    word: ClassVar[str] = ""
    known: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[str] = ""

    quantity: str
    relation: str
    limit: float
    dtype: str = ""
    span: Span | None = None
    runtime: str = ""
    """What runs the network, if it is not ours."""

    @classmethod
    def limits(cls, quantity: str) -> Float:
        """The numbers that a limit of this quantity can be."""
        return Float(-MAX_REAL)

    @classmethod
    def dtypes(cls, quantity: str) -> tuple[str, ...]:
        """The data types that can be named behind this quantity."""
        return dtypes_of_cost(quantity)

    @classmethod
    def runtimes(cls, quantity: str) -> tuple[str, ...]:
        """What can be named behind `on`, none where the quantity is the same everywhere."""
        return ()

    def holds(self, value: float) -> bool:
        """Whether a measured value keeps the claim."""
        return RELATIONS[self.relation](value, self.limit)

    @property
    def subject(self) -> str:
        """The quantity with its data type, as written."""
        return subject_of(self.quantity, self.dtype, self.runtime)

    def __str__(self) -> str:
        return f"{self.word} {self.subject} {self.relation} {number_text(self.limit)}"

    def dump(self) -> dict[str, Any]:
        """The claim as JSON."""
        data = {"quantity": self.quantity, "relation": self.relation, "limit": self.limit}
        data |= {"dtype": self.dtype} if self.dtype else {}
        return data | ({"runtime": self.runtime} if self.runtime else {})


class Budget(Claim):
    """A limit on cost: `budget flash int8 <= 8KiB`, `budget ram int8 on tflm <= 10KiB`."""

    word: ClassVar[str] = "budget"
    known: ClassVar[tuple[str, ...]] = tuple(QUANTITIES)
    example: ClassVar[str] = "budget params <= 6000"

    @classmethod
    def runtimes(cls, quantity: str) -> tuple[str, ...]:
        return (OURS, *ON_RUNTIME.get(quantity, ())) if quantity in ON_RUNTIME else ()


class Expectation(Claim):
    """A claim about what training reaches: `expect accuracy >= 0.98`, also in int8."""

    word: ClassVar[str] = "expect"
    known: ClassVar[tuple[str, ...]] = METRIC_NAMES
    example: ClassVar[str] = "expect accuracy >= 0.98"

    @classmethod
    def limits(cls, quantity: str) -> Float:
        return super().limits(quantity) if quantity.endswith("loss") else Float(high=1)

    @classmethod
    def dtypes(cls, quantity: str) -> tuple[str, ...]:
        return ("float32", "int8") if quantity in IN_INTEGERS else ()

    @property
    def split(self) -> str:
        """The part of the data it speaks of."""
        prefix = self.quantity.partition("_")[0] + "_" if "_" in self.quantity else ""
        return SPLIT_PREFIXES[prefix]


# A bound that is a name in quotes costs a millisecond at import.
C = TypeVar("C", bound=Claim)


def read_claim(cls: type[C], statement: Statement, bindings: Bindings) -> C:
    """The claim a statement makes; raises `DiagnosticError`."""
    match statement.arguments:
        case (Word() as quantity, *named, Relation(operator=relation) as tail) if (
            relation in RELATIONS and len(named) <= 3
        ):
            if named and not isinstance(named[0], Word):
                raise _bad_claim(cls, named[0].span)
            dtype, runtime = read_quantity(quantity, named, cls)
            what = f"the limit of `{quantity.text}`"
            limit = cls.limits(quantity.text).read(tail.value, bindings, what)
            return cls(quantity.text, relation, limit, dtype, statement.span, runtime)
    raise _bad_claim(cls, statement.span)


def _bad_claim(cls: type[Claim], span: Span) -> DiagnosticError:
    # Few texts have one, and its module holds much else.
    from cnnspec.diagnostics.claims import BadClaim

    return DiagnosticError(BadClaim(span, word=cls.word, example=cls.example))


def dtypes_of_cost(quantity: str) -> tuple[str, ...]:
    """The data types that a cost is counted in, none where it does not depend on one."""
    return tuple(BYTES) if quantity in ("flash", "ram") else ()


def subject_of(quantity: str, dtype: str, runtime: str) -> str:
    """A quantity with its data type and runtime, as written."""
    return f"{quantity}{dtype and f' {dtype}'}{runtime and f' {ON} {runtime}'}"


def read_subject(text: str) -> Budget:
    """A budget without a limit for what `subject_of` has written."""
    subject, _, runtime = text.partition(f" {ON} ")
    quantity, _, dtype = subject.partition(" ")
    return Budget(quantity, "<=", 0, dtype, runtime=runtime)


def read_quantity(
    quantity: Word, named: Sequence[Argument], of: type[Claim], word: str = ""
) -> tuple[str, str]:
    """The data type and the runtime of a quantity; empty for float32 and for ours.

    `named` is what is behind it. `word` is the statement, where it is not that of the claim.
    Raises `DiagnosticError` for any of them.
    """
    _known(quantity, word or of.word, of.known)
    on = next((i for i, each in enumerate(named) if _says(each, ON)), len(named))
    runtime = _runtime(quantity, named[on:], of)
    dtypes = of.dtypes(quantity.text)
    if runtime:
        dtypes = CONVERTED
    dtype = ""
    for each in named[:on]:
        text = _word(quantity, each, "data type").text
        _known(each, quantity.text, dtypes)
        dtype = "" if text == "float32" else text
    return dtype, runtime


def _runtime(quantity: Word, named: Sequence[Argument], of: type[Claim]) -> str:
    """The runtime that `on tflm` names."""
    if not named:
        return ""
    if len(named) > 2:
        raise _bad_claim(of, named[2].span)
    runtimes = of.runtimes(quantity.text)
    if len(named) == 1 or not runtimes:
        _known(named[0], quantity.text, of.dtypes(quantity.text))
    runtime = _word(quantity, named[1], "runtime")
    if (quantity.text, runtime.text) == ("ram", "litert"):
        from cnnspec.diagnostics.claims import SizeNotKnown

        raise DiagnosticError(SizeNotKnown(runtime.span))
    _known(runtime, f"{quantity.text} {ON}", runtimes)
    return "" if runtime.text == OURS else runtime.text


def _says(argument: Argument, text: str) -> bool:
    return isinstance(argument, Word) and argument.text == text


def _word(quantity: Word, argument: Argument, what: str) -> Word:
    if not isinstance(argument, Word):
        what, found = f"the {what} of `{quantity.text}`", argument.kind
        raise DiagnosticError(WrongType(argument.span, what=what, expected="a word", found=found))
    return argument


def _known(word: Argument, of: str, known: tuple[str, ...]) -> None:
    assert isinstance(word, Word)
    if word.text not in known:
        near = nearest(word.text, known)
        raise DiagnosticError(
            UnknownWord(word.span, word=word.text, of=f"`{of}`", near=near, known=known)
        )
