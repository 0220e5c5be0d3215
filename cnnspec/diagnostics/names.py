"""Faults of words and values: unknown, missing, out of range, of the wrong kind."""

from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic, did_you_mean


class UnknownStatement(Diagnostic):
    """Every statement starts with the word of a layer or a setting."""

    code: ClassVar[str] = "CNN101"
    bad: ClassVar[str] = "dens 10 softmax"
    good: ClassVar[str] = "dense 10 softmax"

    word: str
    near: str
    known: tuple[str, ...]
    where: str = ""

    @property
    def message(self) -> str:
        return f"unknown word `{self.word}`{self.where and f' in {self.where}'}"

    @property
    def help(self) -> str:
        return did_you_mean(self.near, self.known, "a statement here")


class UnknownWord(Diagnostic):
    """The words a layer or setting takes are a closed set."""

    code: ClassVar[str] = "CNN102"
    bad: ClassVar[str] = "conv 8x3 rleu; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; dense 10 softmax"

    word: str
    of: str
    """What reads the word: "`conv`", "the padding of `conv`"."""
    near: str
    known: tuple[str, ...]
    otherwise: str = ""
    """What else could have been meant, where there is more than the words."""

    @property
    def message(self) -> str:
        return f"{self.of} does not know the word `{self.word}`"

    @property
    def help(self) -> str:
        return "; ".join(part for part in (self._words(), self.otherwise) if part)

    def _words(self) -> str:
        if self.word[:1] == "x" and (self.word[1:].isdecimal() or len(self.word) == 1):
            return "a size is written without spaces: `32x3`"
        if not self.known:
            return f"{self.of} takes no words"
        return did_you_mean(self.near, self.known)


class UnknownOption(Diagnostic):
    """An option that nothing reads would be a mistake that nobody sees."""

    code: ClassVar[str] = "CNN103"
    bad: ClassVar[str] = "conv 8x3 relu strides=2; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu stride=2; dense 10 softmax"

    option: str
    of: str
    near: str
    known: tuple[str, ...]
    alone: bool = False
    """Whether it is a word that stands alone."""

    @property
    def message(self) -> str:
        return f"`{self.of}` has no option `{self.option}`"

    @property
    def help(self) -> str:
        if self.alone:
            return f"write `{self.option}` alone, without `=` and a value"
        if not self.known:
            return f"`{self.of}` takes no options"
        return did_you_mean(self.near, self.known, f"an option of `{self.of}`")


class MissingValue(Diagnostic):
    """A value without a default has to be given."""

    code: ClassVar[str] = "CNN104"
    bad: ClassVar[str] = "conv 8; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu; dense 10 softmax"

    of: str
    value: str
    usage: str

    @property
    def message(self) -> str:
        return f"`{self.of}` needs its {self.value}"

    @property
    def help(self) -> str:
        return f"write `{self.usage}`"


class OutOfRange(Diagnostic):
    """A number outside the range in which it means something."""

    code: ClassVar[str] = "CNN105"
    bad: ClassVar[str] = "dropout 1.5; dense 10 softmax"
    good: ClassVar[str] = "dropout 0.5; dense 10 softmax"

    what: str
    value: str
    allowed: str

    @property
    def message(self) -> str:
        return f"{self.what} is {self.value}, which is out of range"

    @property
    def help(self) -> str:
        return f"{self.what} is {self.allowed}"


class WrongKind(Diagnostic):
    """A value of another kind than the one that is read there."""

    code: ClassVar[str] = "CNN106"
    bad: ClassVar[str] = 'dense "ten" softmax'
    good: ClassVar[str] = "dense 10 softmax"

    what: str
    expected: str
    found: str
    remedy: str = ""

    @property
    def message(self) -> str:
        return f"{self.what} is {self.expected}, not {self.found}"

    @property
    def help(self) -> str:
        return self.remedy


class TooManyValues(Diagnostic):
    """More values than a word takes."""

    code: ClassVar[str] = "CNN107"
    bad: ClassVar[str] = "dense 20 10 softmax"
    good: ClassVar[str] = "dense 20 relu; dense 10 softmax"

    of: str
    usage: str

    @property
    def message(self) -> str:
        return f"{self.of} takes no further value here"

    @property
    def help(self) -> str:
        return f"write `{self.usage}`" if self.usage else "it takes one value"


class UnknownName(Diagnostic):
    """A name in an expression is one that `let` has defined on a line before."""

    code: ClassVar[str] = "CNN108"
    bad: ClassVar[str] = "conv (f)x3 relu; dense 10 softmax"
    good: ClassVar[str] = "let f = 8; conv (f)x3 relu; dense 10 softmax"

    name: str
    near: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"the name `{self.name}` is not defined"

    @property
    def help(self) -> str:
        if self.near:
            return did_you_mean(self.near, self.known)
        return f"define it first: `let {self.name} = …`"


class BadArithmetic(Diagnostic):
    """An expression without a value: a division by zero, a result out of bounds."""

    code: ClassVar[str] = "CNN109"
    bad: ClassVar[str] = "let f = 1 / 0; dense (f) softmax"
    good: ClassVar[str] = "let f = 20 / 2; dense (f) softmax"

    reason: str

    @property
    def message(self) -> str:
        return f"this expression has no value: {self.reason}"


class Misplaced(Diagnostic):
    """Training settings stand in `train { … }`, everything else outside."""

    code: ClassVar[str] = "CNN110"
    bad: ClassVar[str] = "dense 10 softmax; epochs 5"
    good: ClassVar[str] = "dense 10 softmax; train { epochs 5 }"

    word: str
    home: str

    @property
    def message(self) -> str:
        return f"`{self.word}` does not stand here"

    @property
    def help(self) -> str:
        return f"it belongs {self.home}"


class BadClaim(Diagnostic):
    """A budget or expectation is a quantity, a comparison and a limit."""

    code: ClassVar[str] = "CNN111"
    bad: ClassVar[str] = "dense 10 softmax; budget params 6000"
    good: ClassVar[str] = "dense 10 softmax; budget params <= 8k"

    word: str
    example: str

    @property
    def message(self) -> str:
        return f"`{self.word}` is a quantity, a comparison and a limit"

    @property
    def help(self) -> str:
        return f"write `{self.example}`"


class UnknownSetting(Diagnostic):
    """What `--set` names is a `let` of the spec or a training setting."""

    code: ClassVar[str] = "CNN112"

    name: str
    near: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"there is no `let` and no training setting named `{self.name}`"

    @property
    def help(self) -> str:
        return did_you_mean(self.near, self.known, "a name here")


class Incompatible(Diagnostic):
    """Two values that are each fine but cannot stand together."""

    code: ClassVar[str] = "CNN113"
    bad: ClassVar[str] = "conv 8x3 relu stride=2 dilation=2; dense 10 softmax"
    good: ClassVar[str] = "conv 8x3 relu dilation=2; dense 10 softmax"

    of: str
    reason: str
    remedy: str

    @property
    def message(self) -> str:
        return f"`{self.of}` cannot have {self.reason}"

    @property
    def help(self) -> str:
        return self.remedy
