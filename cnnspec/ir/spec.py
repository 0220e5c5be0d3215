"""The intermediate representation: what a spec says, without sugar and with every default.

A frozen value. Spans and the places of fields take no part in equality; `str()`
prints canonical `.cnn` text, which parses to an equal spec.
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from cnnspec.core.record import Record
from cnnspec.core.shapes import Shape, shape_of
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.silence import SILENCEABLE
from cnnspec.diagnostics.values import Incompatible
from cnnspec.ir.claims import Budget, Expectation
from cnnspec.ir.datasets import DATASETS, Dataset
from cnnspec.ir.training import Training
from cnnspec.language.arg_types import Float, Int
from cnnspec.language.choices import Bool, WordSet
from cnnspec.language.constructs import Construct, flag, option, positional
from cnnspec.language.several import Dimensions
from cnnspec.language.tables import Construction
from cnnspec.language.texts import Name, Source, Text
from cnnspec.layers.base import Layer
from cnnspec.layers.geometry import Flatten
from cnnspec.layers.merging import MERGES, Add, Merging
from cnnspec.layers.table import LAYERS

NAME = Name()
INPUT_NAME = "input"
"""What `from` calls the image."""
MAX_LAYERS = 10_000
"""Layers of a network, those of repetitions each time."""
MAX_ELEMENTS = 30_000
"""Elements of a network, those counted that are not layers."""
MAX_NESTING = 96
"""Brackets of the canonical text within each other: two for a merge with its branches, one for
a repeat. Within them, arguments and a setting in a call need a few more."""
_ARRAY = Text("the name of an array or a column, in quotes unless it is a word")
_PATH = Text(
    "a path in quotes",
    "it names a file or folder; leave it out, and a share of the images is held back, for "
    "validation as in `train { validation 0.1 }`",
)


class Placed(Record):
    """Part of a network: where it and its fields were written, and where its block was used."""

    ignored: ClassVar[tuple[str, ...]] = ("span", "spans", "call_sites")

    span: Span | None = None
    spans: dict[str, Span] = {}  # noqa: RUF012 - a record never changes its defaults
    call_sites: tuple[Span, ...] = ()


class Node(Placed):
    """A layer in its place, with its name."""

    name: str = ""
    layer: Layer = Flatten()

    def lines(self, *, full: bool = False) -> list[str]:
        """Its canonical text; with `full`, every default is in it."""
        return [f"{self.layer.written(full=full)}{_own_name(self.name)}"]


class Merge(Placed):
    """Branches from one input, joined into one output. An empty branch is the input itself."""

    name: str = ""
    layer: Merging = Add()
    branches: "tuple[tuple[Element, ...], ...]" = ()

    def lines(self, *, full: bool = False) -> list[str]:
        """Its canonical text; with `full`, every default is in it."""
        inside = [line for branch in self.branches for line in _block("branch", branch, full)]
        head = f"{self.layer.written(full=full)}{_own_name(self.name)}"
        return [f"{head} {{", *_indented(inside), "}"]


class SharedRepeat(Placed):
    """Layers that are applied several times, each time with the same weights."""

    times: int = 1
    body: "tuple[Element, ...]" = ()

    def lines(self, *, full: bool = False) -> list[str]:
        """Its canonical text; with `full`, every default is in it."""
        return _block(f"repeat {self.times} shared", self.body, full)


class From(Placed):
    """The beginning of a branch: the output of a layer by its name, or the `input`.

    A layer that is applied several times means the last time before.
    """

    source: str = ""

    def lines(self, *, full: bool = False) -> list[str]:
        """Its canonical text."""
        return [f"from {NAME.write(self.source)}"]


class ErrorNode(Placed):
    """The place of something that could not be read; no spec without errors has one."""

    def lines(self, *, full: bool = False) -> list[str]:
        """Nothing, for nothing is known."""
        return []


Element = Node | Merge | SharedRepeat | From | ErrorNode


def applied(elements: "Iterable[Element]") -> int:
    """How many layers are applied, those of repetitions each time; an empty round counts too."""
    count = 0
    for element in elements:
        match element:
            case Node() | ErrorNode():
                count += 1
            case Merge(branches=branches):
                count += 1 + sum(map(applied, branches))
            case SharedRepeat(times=times, body=body):
                count += times * max(1, applied(body))
    return count


def is_identity(branch: "Iterable[Element]") -> bool:
    """Whether a branch is its input itself: it is empty, or names another input alone."""
    return all(isinstance(element, From) for element in branch)


def every(elements: "Iterable[Element]") -> "Iterator[Element]":
    """All elements, those within branches and repetitions included, in their order."""
    for element in elements:
        yield element
        match element:
            case Merge(branches=branches):
                for branch in branches:
                    yield from every(branch)
            case SharedRepeat(body=body):
                yield from every(body)


def _own_name(name: str) -> str:
    return "" if is_automatic(name) else f" name={NAME.write(name)}"


def _block(head: str, elements: "tuple[Element, ...]", full: bool) -> list[str]:
    if not elements:
        return [f"{head} {{ }}"]
    return [f"{head} {{", *_indented([x for e in elements for x in e.lines(full=full)]), "}"]


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


NO_DATA = "none"
"""In the place of a dataset, where a network is counted and drawn, but not trained."""


class Data(Construct):
    """The images to train, to validate and to test on, and how their values are meant."""

    word: ClassVar[str] = "data"

    source: str = positional(
        Source(*DATASETS, NO_DATA),
        "the name of a dataset, or the path of a file or folder of images; `none` if the "
        "network is only counted",
    )
    test: str | None = option(_PATH, "the path of the test set, where it lies apart", default=None)
    validation: str | None = option(
        _PATH, "the path of the validation set, where it lies apart", default=None
    )
    train_images: str | None = option(_ARRAY, "the array of the training images", default=None)
    train_labels: str | None = option(_ARRAY, "the array of their labels", default=None)
    validation_images: str | None = option(
        _ARRAY, "the array of the validation images", default=None
    )
    validation_labels: str | None = option(_ARRAY, "the array of their labels", default=None)
    test_images: str | None = option(_ARRAY, "the array of the test images", default=None)
    test_labels: str | None = option(_ARRAY, "the array of their labels", default=None)
    labels_from: int | None = option(
        Int(0, 1000),
        "the label of the first class; 0 or 1 (default: what the labels show)",
        default=None,
    )
    scale: float | None = option(
        Float(above=True), "the value that is white (default: found in the values)", default=None
    )
    transpose: bool | None = flag(
        Bool("transpose", means=True),
        "whether rows and columns are swapped (default: where a format is known for it)",
        default=None,
    )
    invert: bool = flag(
        Bool("invert", means=True), "whether black and white are swapped", default=False
    )
    skip_broken: bool = flag(
        Bool("skip_broken", means=True),
        "whether pictures and rows that cannot be read are left out",
        default=False,
    )

    @property
    def dataset(self) -> Dataset | None:
        """The dataset of that name; `None` where the source is a path."""
        return DATASETS.get(self.source)

    @property
    def title(self) -> str:
        """What a person reads of it."""
        return "no data" if self.source == NO_DATA else self.source

    @property
    def arrays(self) -> dict[str, str]:
        """The arrays that are named: `train_images` and so on."""
        names = {name: getattr(self, name) for name in ARRAYS}
        return {name: value for name, value in names.items() if value is not None}

    def conflict(self) -> tuple[str, Diagnostic] | None:
        given = [
            name
            for name, spec in type(self).specs.items()
            if name != "source" and getattr(self, name) != spec.default
        ]
        if not given or not (self.dataset or self.source == NO_DATA):
            return None
        remedy = "options are for data of your own, which has a path in quotes"
        if given[0] in ARRAYS:
            remedy = "arrays are named where the data is a file or folder of several"
        why = "what it holds is known" if self.dataset else "it holds nothing"
        reason = f"`{given[0]}`: {why}"
        of = f"{self.word} {self.source}"
        return given[0], Incompatible(None, of=of, reason=reason, remedy=remedy)


ARRAYS = tuple(
    f"{part}_{what}" for part in ("train", "validation", "test") for what in ("images", "labels")
)
"""The options of `data` that name an array."""


class Spec(Construct):
    """A network with its input, budgets, claims and training."""

    model: str = option(NAME, "the name of the network", default="model")
    data: Data = option(Construction(Data), "the images", default=Data("fashion_mnist_mini"))
    input: tuple[int, ...] = option(
        Dimensions(2), "height, width and channels of an image", default=(28, 28, 1)
    )
    classes: int = option(Int(2), "how many classes there are", default=10)
    allow: tuple[str, ...] = option(
        WordSet(*LAYERS, *MERGES), "the only layers that may be used (default: all)", default=()
    )
    silence: tuple[str, ...] = option(
        WordSet(*SILENCEABLE), "the codes of warnings that are not wanted", default=()
    )
    nodes: tuple[Element, ...] = ()
    budgets: tuple[Budget, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    train: Training = Training()

    @property
    def shape(self) -> Shape:
        """The shape of one input image."""
        return shape_of(self.input)

    def with_seed(self, seed: int) -> "Spec":
        """The spec of one of several runs."""
        return self.replace(train=self.train.replace(seed=seed, runs=1))

    def __str__(self) -> str:
        return self.written()

    def written(self, *, full: bool = False) -> str:
        """The canonical text, which parses to an equal spec; with `full`, every default is in it.

        What has no value by itself, such as `early_stop`, is left out all the same.
        """
        settings = self.train.statements(full=full)
        parts = [
            self.header(full=full),
            [line for node in self.nodes for line in node.lines(full=full)],
            [str(claim) for claim in (*self.budgets, *self.expectations)],
            ["train {", *(f"  {line}" for line in settings), "}"] if settings else [],
        ]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def header(self, *, full: bool = False) -> list[str]:
        """The statements before the layers. The data is always named; it decides so much."""
        given = [
            (name, spec.kind, getattr(self, name))
            for name, spec in type(self).specs.items()
            if full or name == "data" or getattr(self, name) != spec.default
        ]
        return [f"{name} {kind.write(value)}" for name, kind, value in given if value != ()]


def is_automatic(name: str) -> bool:
    """Whether a name looks like one that layers get by themselves: `conv`, `conv_2`."""
    stem, _, number = name.rpartition("_")
    counted = stem if number.isascii() and number.isdigit() else name
    return any(word in LAYERS or word in MERGES for word in (name, counted))


class Names:
    """Gives the layers of one place their names: `conv`, `conv_2`, in a block `cbr_2.conv`."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self._counts: dict[str, int] = {}

    def next(self, word: str) -> str:
        """The name of the next layer with this word."""
        self._counts[word] = number = self._counts.get(word, 0) + 1
        return f"{self.prefix}{word}" if number == 1 else f"{self.prefix}{word}_{number}"
