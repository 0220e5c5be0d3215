"""A statement in words of another tool, restated in those of this language.

Works on characters like `rewrites`: what is restated need not parse.
"""

import re
from collections.abc import Iterator

from cnnspec.core.record import Record
from cnnspec.diagnostics.dialects import Foreign, advice, find

SIZES = {
    "conv": ("filters", "kernel"),
    "sepconv": ("filters", "kernel"),
    "tconv": ("filters", "kernel"),
    "dwconv": ("kernel",),
    "dense": ("units",),
    "pool": ("size",),
    "avgpool": ("size",),
    "dropout": ("rate",),
    "sdropout": ("rate",),
    "noise": ("stddev",),
    "upsample": ("factor",),
    "resize": ("size",),
    "reshape": ("shape",),
    "leaky_relu": ("slope",),
    "elu": ("alpha",),
    "gn": ("groups",),
    "shuffle": ("groups",),
    "input": ("shape",),
    "pad": ("border",),
    "crop": ("border",),
}
"""What comes first in these statements, joined by `x`."""
_POOLS = ("pool", "avgpool")
_ORDER = ("same", "ceil")
"""Words that come first among those that are written alone."""
_ALONE = ("ceil", "keep", "restore", "nesterov", "amsgrad", "centered")
"""Options that are words here, and are not written where they say no."""
_WORDS = ("name", "interpolation")
"""Options whose value is a word."""
_PENALTY = re.compile(r"(?:[\w.]*\.)?(l1|l2)\((?:l[12]=)?([\d.e-]+)\)", re.IGNORECASE)
_ARGUMENT = re.compile(r'(?:[^\s()"]|\((?:[^()]|\([^()]*\))*\)|"[^"]*")+')
_SIDES = re.compile(r"\(\s*(\d+)\s*,\s*(\d+)\s*,?\s*\)|\[\s*(\d+)\s*,\s*(\d+)\s*\]")


_OPTIONS = (
    "stride dilation groups multiplier init bias_init l1 l2 epsilon momentum max slope alpha start "
    "border interpolation name top bottom left right"
)
OURS = frozenset(_OPTIONS.split())
"""Options of layers, those apart that `SIZES` has or that have a form of their own."""


_SIGN = re.compile(r"\A([^\W\d]\w*)\s*[:=]\s*")
"""A word that is assigned its value, as files of settings have it."""
_ONE = re.compile(r"\S+\s+[^\s:=,]+")
"""A word and one value."""
_PENALTIES = re.compile(
    r"(?:[\w.]*\.)?l1_?l2\((?:l1=)?([\d.e-]+),(?:l2=)?([\d.e-]+)\)", re.IGNORECASE
)


class Restated(Record):
    """A statement in words of this language."""

    text: str
    """The statement, or several with `;` between them; empty where nothing is to be written."""
    notes: tuple[str, ...] = ()
    """What could not be said, or what to do instead."""

    @property
    def exact(self) -> bool:
        """Whether the statement says all that was said."""
        return not self.notes


class Piece(Record):
    """What a piece of another language is here."""

    said: Restated | None
    """What is written here; `None` where nothing is known."""
    layer: bool = True
    """Whether it stands for a layer."""


class Said:
    """A statement on the way: its word, and what it has been given so far."""

    def __init__(self, word: str, *, code: bool = False) -> None:
        self.word = word
        self.code = code
        self.plain: list[str] = []
        self.named: dict[str, str] = {}
        self.before: list[str] = []
        self.after: list[str] = []
        self.notes: list[str] = []

    def option(self, name: str, value: str) -> None:
        """Takes an option of another tool, or of this language."""
        sizes = SIZES.get(self.word, ())
        row = None if name in sizes else find(name, "option")
        words = [word for word in (row.words if row else ()) if word in sizes]
        name = words[0] if words else row.words[0] if row and row.words else name
        penalty = _PENALTY.fullmatch(value)
        if both := _PENALTIES.fullmatch(value):
            self.named |= {"l1": both[1], "l2": both[2]}
        elif row and not row.pattern:
            if not row.idle:
                self.notes.append(f"`{row.name}`: {row.note}")
        elif name == "bias":
            self.plain += ["no_bias"] if value in ("no", "false", "0") else []
        elif name in ("center", "scale"):
            self.plain += [f"no_{name}"] if value in ("no", "false", "0") else []
        elif name in _ALONE:
            self.plain += [name] if value in ("yes", "true", "1") else []
        elif name == "padding":
            self._padding(value)
        elif name == "activation":
            self.flag(value)
        elif name == "stride" and value == self._usual_stride:
            pass
        elif penalty:
            self.named[penalty[1].lower()] = penalty[2]
        elif name in ("init", "bias_init"):
            self.named[name] = _initializer(value)
        elif name in _WORDS:
            self.named[name] = value
        elif self.code and name not in sizes and name not in OURS:
            self.notes.append(f"`{name}={value}` is left out")
        else:
            self.named[name] = self._number(value) if self.code else value

    def _number(self, value: str) -> str:
        """A number of a program; what is not one, such as the name of a variable, is a `let`."""
        if re.fullmatch(r"[-\d.][-\d.x]*(?:[eE][-+]?\d+)?", value) or value in (
            "yes",
            "no",
            "instance",
        ):
            return value
        names = dict.fromkeys(re.findall(r"[^\W\d]\w*", value))
        self.notes += [f"define `{name}` with `let`" for name in names]
        return f"({value})"

    @property
    def _usual_stride(self) -> str:
        return self.named.get("size", "2") if self.word in _POOLS else "1"

    def flag(self, value: str) -> None:
        """Takes a word that is written alone."""
        row = find(value, "word")
        if value.lower() not in ("linear", "none", "valid"):
            self.plain.append(row.words[0] if row and row.words else value.lower())

    def _padding(self, value: str) -> None:
        """`padding=same`, and `padding=1` as PyTorch, Caffe and ONNX have it."""
        if not value.isdecimal():
            self.flag(value)
        elif value != "0":
            # With a stride, `same` pads an even image behind only: not the same thing.
            whole = self.named.get("stride", "1") == "1" and self.word != "tconv"
            kernel = self.named.get("kernel", "")
            if whole and self.word == "conv" and kernel == str(2 * int(value) + 1):
                self.plain.append("same")
            elif self.word == "tconv":
                self.after.append(f"crop {value}")
            else:
                self.before.append(f"pad {value}")

    def text(self) -> str:
        """The statement as it is written."""
        sizes = [name for name in SIZES.get(self.word, ()) if name in self.named]
        whole = tuple(sizes) == SIZES.get(self.word)
        size = ["x".join(self.named[name] for name in sizes)] if whole and sizes else []
        rest = [f"{n}={v}" for n, v in self.named.items() if not (whole and n in sizes)]
        plain = sorted(self.plain, key=lambda word: word not in _ORDER)
        middle = " ".join([self.word, *size, *plain, *rest])
        return "; ".join([*self.before, middle, *self.after])


def simple(value: str) -> str:
    """Returns a value as it is written here: `(3, 3)` as `3`, `(3, 5)` as `3x5`, `True` as `yes`.

    Quotes go, and so does a prefix such as `nn.`; a word that is of another tool is replaced.
    """
    value = value.strip().strip("\"'")
    if sides := _SIDES.fullmatch(value):
        one, two = [side for side in sides.groups() if side]
        return one if one == two else f"{one}x{two}"
    value = {"True": "yes", "False": "no", "None": "none"}.get(value, value)
    if re.fullmatch(r"(?:[\w.]*\.)?[A-Za-z_]\w*(?:\(\))?", value):
        value = value.rpartition(".")[2].removesuffix("()")
    return value


def restate(text: str, row: Foreign | None = None, *, code: bool = False) -> Restated | None:
    """Returns a statement restated, `None` for one with a block.

    `row` is the entry of its word, where that is known; a word may be of several kinds. What
    is `code` of a program may have options that no layer here has, and names of variables.
    """
    bare, assigned = _SIGN.subn(r"\1 ", text)
    found = _ARGUMENT.findall(bare)
    if not found or "{" in text or (assigned and not _ONE.fullmatch(bare)):
        return None
    first, *arguments = found
    if row is None and first not in SIZES:
        row = find(first, "layer", "setting", "word")
    if row and row.kind == "setting":
        # What is switched on elsewhere has its own values here.
        arguments = [argument for argument in arguments if argument not in ("True", "yes")]
    if row and not row.words:
        if not row.pattern:
            return Restated("", (advice(row),))
        value = arguments[0].partition("=")[2] or arguments[0] if len(arguments) == 1 else ""
        return Restated(row.filled(simple(value)))
    said = Said(row.words[0] if row else first, code=code)
    given = list(_pairs(arguments))
    _place(said, [value for name, value in given if not name])
    for name, value in sorted(given, key=_rank):
        if name:
            said.option(name, simple(value))
    return Restated(said.text(), tuple(said.notes))


def _rank(pair: tuple[str, str]) -> int:
    """Sizes come first, and a padding last: what it is depends on the kernel and the stride."""
    row = find(pair[0], "option")
    words = (pair[0], *(row.words if row else ()))
    return 2 if "padding" in words else 1 if "stride" in words else 0


def _initializer(value: str) -> str:
    """An initializer by its name here: `HeNormal` is `he_normal`."""
    row = find(value, "word")
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", value).lower()
    return row.words[0] if row and row.words else snake


def _pairs(arguments: list[str]) -> Iterator[tuple[str, str]]:
    """Yields the name, empty without one, and the value of each argument."""
    for argument in arguments:
        found = re.match(r"([^\W\d]\w*)=(.*)", argument, re.DOTALL)
        yield (found[1], found[2]) if found else ("", argument)


def _place(said: Said, values: list[str]) -> None:
    """Gives the values without a name to what they are by their place."""
    sizes = list(SIZES.get(said.word, ()))
    for value in map(simple, values):
        parts = re.split(r"x(?![^(]*\))", value) if re.fullmatch(r"[\dx().]+", value) else [value]
        if value[:1].isdigit() or value[:1] == "(":
            if len(sizes) < len(parts) and sizes:
                parts = [value]
            for part in parts:
                if sizes:
                    said.named[sizes.pop(0)] = part
                else:
                    said.plain.append(part)
        else:
            said.flag(value)
