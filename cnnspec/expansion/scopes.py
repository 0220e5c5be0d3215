"""Where statements stand: the names they see, the blocks they know, the elements they make."""

from collections.abc import Callable
from typing import Any

from cnnspec.core.record import Record
from cnnspec.core.source import Span
from cnnspec.ir.spec import Element, Names
from cnnspec.language.expressions import Bindings
from cnnspec.language.syntax import (
    Statement,
)


class Definition(Record):
    """A block: its parameters with their defaults, its body, and what it can see."""

    span: Span
    parameters: dict[str, int | float | None]
    body: tuple[Statement, ...]
    values: Bindings
    blocks: "dict[str, Definition]"


class Scope:
    """A place in which statements stand: the names it sees and where its elements go."""

    def __init__(
        self,
        values: Bindings,
        blocks: dict[str, Definition],
        names: Names,
        call_sites: tuple[Span, ...] = (),
        depth: int = 0,
    ) -> None:
        self.values = values
        self.blocks = blocks
        self.names = names
        self.call_sites = call_sites
        self.depth = depth
        self.elements: list[Element] = []
        self.spans: dict[str, Span] = {}

    def inner(self, **values: int | float) -> "Scope":
        """A frame within this one: the same names, elements of its own."""
        return Scope(
            {**self.values, **values},
            dict(self.blocks),
            self.names,
            self.call_sites,
            self.depth + 1,
        )


Handler = Callable[[Any, Statement, Scope], None]
"""A method that takes a statement in a frame.

Tables hold it unbound: an expansion that held methods of its own would hold itself, and stay
in memory until someone looks for garbage, with all that it has read.
"""
