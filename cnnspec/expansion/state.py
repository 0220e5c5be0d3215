"""What an expansion knows: the scopes in which statements are, and the state they change.

One explicit value with slots instead of objects that hold each other: a state in a circle
would stay in memory until someone looks for garbage, with all that it has read.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cnnspec.core.record import Record
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.errors import DiagnosticError
from cnnspec.diagnostics.statements import GivenTwice
from cnnspec.expansion.cache import ExpansionCache
from cnnspec.ir.claims import Budget, Expectation
from cnnspec.ir.spec import Element, Names
from cnnspec.language.expressions import Bindings
from cnnspec.language.numbers import Exact
from cnnspec.language.syntax import Expression, Number, Statement

if TYPE_CHECKING:
    from pathlib import Path

Overrides = dict[str, Expression]
"""Values for names of the spec, as `--set` gives them."""


class Definition(Record):
    """A block: its parameters with their defaults, its body, and what it can see."""

    span: Span
    parameters: dict[str, Exact | None]
    body: tuple[Statement, ...]
    values: Bindings
    blocks: "dict[str, Definition]"


class Let(Record):
    """A name for a number outside of every block, its value, and where its `let` defines it."""

    name: str
    value: Exact
    span: Span


class Fit(Record):
    """A `let` whose value is to be found, and the whole numbers it can be: `let w = fit(1..64)`.

    `fixed` says that they are written in digits, so that no other value can change them.
    """

    name: str
    values: dict[int, Number]
    span: Span
    fixed: bool = True


class Objective(Record):
    """What makes one choice of values for every `fit` better than another: `maximize macs`."""

    word: str
    quantity: str
    dtype: str
    runtime: str
    span: Span

    @property
    def cost(self) -> Budget:
        """What is looked for, as a budget without a limit."""
        return Budget(self.quantity, "<=", 0, self.dtype, runtime=self.runtime)

    def __str__(self) -> str:
        return f"{self.word} {self.cost.subject}"


class Interval(Record):
    """A range whose values are drawn and not listed: `1e-4..1e-1 log`, `0.0..0.5`, `4..64 log`.

    `whole` says that its values are whole numbers, `log` that each factor is as likely as every
    other factor of that size.
    """

    low: Exact
    high: Exact
    log: bool
    whole: bool
    span: Span


class Axis(Record):
    """A name that a sweep varies: its values in a list, or the interval that has them."""

    name: str
    values: tuple[Expression, ...]
    span: Span
    interval: Interval | None = None


class Keyword(Record):
    """What a word does."""

    expand: "Callable[[State, Statement, Scope], None]"
    """Takes a statement with this word; its docstring is the help of the reference page."""
    takes_block: bool = False
    makes_elements: bool = False
    """Whether shapes are unknown after a statement with this word that is wrong."""
    layers: int = 0
    """As how many layers a statement with this word counts."""


Keywords = Mapping[str, Keyword]


class Vocabulary(Record):
    """The words that start a statement, by the place it is in."""

    outside: Keywords
    """Outside of every block."""
    inside: Keywords
    """Wherever layers may be."""
    elsewhere: Mapping[str, str]
    """Words that have a meaning in another place only, and where that is."""
    defined: Keyword
    """What a word does that a `block` has defined."""


class Scope:
    """A place in which statements are: the names it sees and where its elements go."""

    __slots__ = (
        "blocks",
        "call_sites",
        "depth",
        "elements",
        "keywords",
        "names",
        "nesting",
        "opens",
        "spans",
        "values",
    )

    def __init__(
        self,
        keywords: Keywords,
        values: Bindings,
        blocks: dict[str, Definition],
        names: Names,
        call_sites: tuple[Span, ...] = (),
        depth: int = 0,
        nesting: int = 0,
    ) -> None:
        self.keywords = keywords
        self.values = values
        self.blocks = blocks
        self.names = names
        self.call_sites = call_sites
        self.depth = depth
        """Scopes around this one."""
        self.nesting = nesting
        """Brackets around its elements in the canonical text."""
        self.elements: list[Element] = []
        self.opens = False
        """Whether a branch begins with the first element of this scope."""
        self.spans: dict[str, Span] = {}
        """Where each `let` of this scope is."""


A_LAYER = "a layer"
"""In the place of a layer that could not be read, and of the name that it may have had."""


MAX_ERRORS = 100
"""Errors of a text that are looked for; a text with more is not what a person works on."""
MAX_NAMES = 1_000
"""Names, and blocks, that are visible in one place."""


class NamedLayer(Record):
    """Where a layer gets its name: its own place, and the uses of blocks, the innermost first."""

    span: Span
    call_sites: tuple[Span, ...]


class State:
    """What is known so far of the text that is expanded. `problems` collects what is wrong."""

    __slots__ = (
        "axes",
        "block_ends",
        "budgets",
        "cache",
        "expectations",
        "file_chain",
        "files",
        "fits",
        "layer_names",
        "layers",
        "look",
        "objective",
        "overrides",
        "poisoned",
        "problems",
        "searches",
        "settings",
        "spans",
        "spent",
        "steps",
        "top",
        "training",
        "vocabulary",
    )

    def __init__(self, vocabulary: Vocabulary, overrides: Overrides, cache: ExpansionCache) -> None:
        self.vocabulary = vocabulary
        self.overrides = overrides
        """Values given from outside, before those of the `let` statements."""
        self.cache = cache
        self.top = Scope(vocabulary.outside, {}, {}, Names())
        """The scope outside of every block."""
        self.problems: list[Diagnostic] = []
        self.poisoned: set[str] = set()
        """What could not be read: settings and words, `let f` for a name, `block b` for a block,
        `A_LAYER` for any layer."""
        self.spans: dict[str, Span] = {}
        """Where each thing that can be said once is said."""
        self.settings: dict[str, Any] = {}
        """The fields of `Spec` that have been set."""
        self.training: dict[str, Any] = {}
        """The fields of `Training` that have been set."""
        self.budgets: list[Budget] = []
        self.expectations: list[Expectation] = []
        self.fits: list[Fit] = []
        self.searches = False
        """Whether there is a `fit`, also where an override has taken its place."""
        self.objective: Objective | None = None
        self.axes: list[Axis] = []
        """The names that `sweep` varies."""
        self.layer_names: dict[str, NamedLayer] = {}
        """The layers named so far, and where."""
        self.block_ends: dict[str, str] = {}
        """The last layer of each use of a block so far, by the name of the use."""
        self.layers = 0
        """Layers made so far."""
        self.steps = 0
        """Statements taken so far, those of repetitions each time."""
        self.spent = False
        """Whether a limit was passed; nothing is expanded from there on."""
        self.look = MAX_ERRORS
        """How many problems there may be before the distinct ones are counted."""
        self.files: dict[Path, dict[str, Definition]] = {}
        """The blocks of the files that `use` has read."""
        self.file_chain: list[Path] = []
        """The files that are being read, each used by the one before."""

    def once(self, name: str, what: str, span: Span) -> None:
        """Notes where a thing is said. Raises `DiagnosticError` when it is said again."""
        if name in self.spans:
            raise DiagnosticError(GivenTwice(span, what=what, first=self.spans[name]))
        self.spans[name] = span

    def too_many_errors(self) -> bool:
        """Whether more errors have been found than are looked for, each place counted once."""
        # Counted again only at twice as many: a block that is used often repeats its errors.
        self.look = 2 * len(self.problems)
        return len({(p.code, p.span and p.span.start) for p in self.problems}) > MAX_ERRORS

    def inner(self, scope: Scope, values: Bindings, brackets: int = 0) -> Scope:
        """A scope within another one: its names and those of `values`, elements of its own.

        `brackets` are those that the canonical text puts around them.
        """
        return Scope(
            self.vocabulary.inside,
            {**scope.values, **values},
            dict(scope.blocks),
            scope.names,
            scope.call_sites,
            scope.depth + 1,
            scope.nesting + brackets,
        )
