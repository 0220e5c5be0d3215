r"""One table, written as terminal lines, Markdown, HTML, CSV or LaTeX.

    Table(("layer", "params"), (("conv", "156"), ("pool", "0")), "lr")

Cells are texts; each format escapes them, so `|`, `&`, `<` or `\` in a name is harmless. A `Cell`
is a text with a style that each format shows in its own way.
"""

from collections.abc import Iterable
from typing import Any

from cnnspec.core.record import Record
from cnnspec.core.terminal import Line, safe, width


class Cell(str):
    """A text with a style: `code`, `strong`, `good`, `bad`, `dim`, or `prose` with backticks.

    LaTeX writes a `shape` such as 28x28x6 as a product.
    """

    __slots__ = ("style",)
    style: str

    def __new__(cls, text: str, style: str) -> "Cell":
        cell = super().__new__(cls, text)
        cell.style = style
        return cell


MOST_ON_PAGE = 40
"""The rows that a table of LaTeX has at most on one page."""


class Table(Record):
    """A header, rows of as many texts, and a row of totals below them, if any."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str = ""
    """A letter for each column, as in LaTeX: `l` for texts, `r` for numbers; the rest is `l`."""
    foot: tuple[str, ...] = ()

    @property
    def sides(self) -> str:
        """A letter for every column."""
        return self.align.ljust(len(self.header), "l")

    def lines(self) -> list[Line]:
        """Returns the lines for a terminal: columns two spaces apart."""
        styled = [(self.header, "dim"), *((row, "") for row in self.rows)]
        styled += [(self.foot, "strong")] if self.foot else []
        widths = [max(width(row[i]) for row, _ in styled) for i in range(len(self.header))]
        sides = self.sides
        lines: list[Line] = []
        for row, style in styled:
            line: Line = []
            for column, cell in enumerate(row):
                gap = " " * (widths[column] - width(cell))
                text = f"{gap}{cell}  " if sides[column] == "r" else f"{cell}{gap}  "
                line.append((text, _style(cell) or style))
            lines.append(line)
        return lines

    def markdown(self) -> str:
        """Returns the table in GitHub's Markdown, without a newline at the end."""
        marks = tuple("---:" if side == "r" else "---" for side in self.sides)
        foot = [tuple(_strong(cell) for cell in self.foot)] if self.foot else []
        cells = [map(_in_markdown, self.header), marks]
        rows = [*cells, *(map(_in_markdown, row) for row in (*self.rows, *foot))]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def html(self, classes: str = "", caption: str = "", *, styled: bool = False) -> str:
        """Returns a `<table>` whose numbers have the class `n`, or with `styled` an inline style.

        A notebook does not have our style sheet.
        """
        head = f'<table class="{classes}">' if classes else "<table>"
        said = f"<caption>{_in_html(caption)}</caption>" if caption else ""
        top = self._html_row(self.header, "th", ' scope="col"', styled)
        body = "".join(self._html_row(row, "td", "", styled) for row in self.rows)
        foot = self._html_row(self.foot, "td", "", styled) if self.foot else ""
        end = f"<tfoot>{foot}</tfoot>" if foot else ""
        return f"{head}{said}<thead>{top}</thead><tbody>{body}</tbody>{end}</table>"

    def _html_row(self, row: tuple[str, ...], tag: str, scope: str, styled: bool) -> str:
        found = []
        for place, (cell, side) in enumerate(zip(row, self.sides, strict=True)):
            # The first cell of a row is its header, unless it has a style.
            names = place == 0 and tag == "td" and not _style(cell)
            kind, of = ("th", ' scope="row"') if names else (tag, scope)
            right = ' class="n"' if side == "r" else ""
            if _style(cell) == "prose":
                right = ' class="prose"'
            if styled:
                right = f' style="text-align:{"right" if side == "r" else "left"}"'
            found.append(f"<{kind}{of}{right}>{_in_html(cell)}</{kind}>")
        return f"<tr>{''.join(found)}</tr>"

    def csv(self) -> str:
        """Returns the table as CSV."""
        return csv_text(self.header, [*self.rows, *([self.foot] if self.foot else [])])

    def latex(self) -> str:
        r"""Returns a `tabular` for `\usepackage{booktabs}`.

        One that is longer than a page is a `longtable`, for the package of that name.
        """
        rows = [" & ".join(map(_in_latex, row)) + r" \\" for row in self.rows]
        foot = [" & ".join(_in_latex(_strong(c)) for c in self.foot) + r" \\"] if self.foot else []
        long = len(rows) > MOST_ON_PAGE
        kind = "longtable" if long else "tabular"
        lines = [
            rf"\begin{{{kind}}}{{{self.sides}}}",
            r"\toprule",
            " & ".join(map(_in_latex, self.header)) + r" \\",
            r"\midrule",
            # The lines above are repeated on every page, and the end of a table is not.
            *([r"\endhead", r"\bottomrule", r"\endlastfoot"] if long else []),
            *rows,
            *([r"\midrule", *foot] if foot else []),
            *([] if long else [r"\bottomrule"]),
            rf"\end{{{kind}}}",
        ]
        return "".join(f"{line}\n" for line in lines)


class Link(Cell):
    """A text that leads to a page: in HTML a link to `address`, elsewhere the text."""

    __slots__ = ("address",)
    address: str

    def __new__(cls, text: str, address: str, style: str = "") -> "Link":
        cell = super().__new__(cls, text, style)
        assert isinstance(cell, Link)
        cell.address = address
        return cell


def csv_text(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Returns CSV, the same for every command.

    No text can be run as a formula by a spreadsheet; control characters are made visible.
    """
    import csv
    import io

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerows(map(_harmless, row) for row in (header, *rows))
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    formula = cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not _number(cell)
    return f"'{safe(cell)}" if formula else safe(cell)


def _number(text: str) -> bool:
    """Whether a text is a number, which a spreadsheet may read as one."""
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return text.isascii() and text.isprintable()


def _style(cell: str) -> str:
    return cell.style if isinstance(cell, Cell) else ""


def _strong(cell: str) -> str:
    return cell if isinstance(cell, Cell) or not cell else Cell(cell, "strong")


def _in_markdown(cell: str) -> str:
    from cnnspec.core.markup import markdown_prose, markdown_text

    style = _style(cell)
    if style == "prose":
        return markdown_prose(cell)
    text = markdown_text(cell)
    if style == "code":
        # Backticks cannot quote every text, and inside a table even fewer.
        return f"<code>{text}</code>"
    return f"**{text}**" if style in ("strong", "bad") else text


def _in_html(cell: str) -> str:
    from cnnspec.core.markup import html_prose, html_text

    style = _style(cell)
    if style == "prose":
        return html_prose(cell)
    text = html_text(cell)
    if isinstance(cell, Link):
        text = f'<a href="{html_text(cell.address)}">{text}</a>'
    if style in ("code", "strong"):
        return f"<{style}>{text}</{style}>"
    # The pages name it by what it is for.
    name = "soft" if style == "dim" else style
    return f'<span class="{name}">{text}</span>' if style else text


def _in_latex(cell: str) -> str:
    from cnnspec.core.markup import latex_text

    style = _style(cell)
    if style == "prose":
        parts = [latex_text(part) for part in cell.split("`")]
        parts[1::2] = [rf"\texttt{{{part}}}" for part in parts[1::2]]
        return "".join(parts)
    if cell[:1] == "-" and _number(cell):
        return rf"\ensuremath{{-}}{latex_text(cell[1:])}"
    if style == "shape":
        return latex_text(cell).replace("x", r"\ensuremath{\times}")
    command = {"code": "texttt", "strong": "textbf", "bad": "textbf"}.get(style)
    text = latex_text(cell)
    return rf"\{command}{{{text}}}" if command else text
