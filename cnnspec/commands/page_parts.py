"""What the generated pages have in common."""

from collections.abc import Iterable

from cnnspec.core.table import Cell, Table

MADE = "<!-- Made by `make docs` from the tables of the package. -->\n"
"""The line under the title of each."""


def table_lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """The lines of a table in Markdown, with an empty one after them."""
    cells = tuple(tuple(Cell(cell, "prose") for cell in row) for row in rows)
    return [*Table(head, cells).markdown().splitlines(), ""]
