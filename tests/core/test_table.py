"""One table in five forms, each read back by a reader that is not ours, hostile cells too."""

import csv
import io
import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from cnnspec.core.table import Cell, Link, Table, csv_text
from cnnspec.core.terminal import plain

HOSTILE = (
    "a|b",
    "a & b",
    "<script>alert(1)</script>",
    "back\\slash",
    "trailing\\",
    "comma, and",
    "\"quotes\" and 'more'",
    "`code`",
    "``quotes''",
    "*star* _under_ **bold**",
    "[link](http://x)",
    "[2cm]",
    "*",
    "100 % of $5 #1 {x} ~ ^",
    "--dash---",
    "&amp; &lt;",
    "größe 日本 ±",
    "# title",
    "\\textbf{x} \\end{tabular}",
    "",
)
TABLE = Table(
    ("name", "n", "what"),
    tuple((text, f"{number:,}", f"x{text}") for number, text in enumerate(HOSTILE, 998)),
    "lrl",
    ("total", "12", ""),
)
ALL = [TABLE.header, *TABLE.rows, TABLE.foot]


class Cells(HTMLParser):
    """The texts of the cells of every row, and the attributes of each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and data.strip("\n"):
            self.rows[-1][-1] += data


def trimmed(rows):
    return [[cell.strip() for cell in row] for row in rows]


def test_html_holds_the_cells_as_they_are():
    page = Cells(TABLE.html("wide", "of <all>"))
    (_, attributes), *rest = page.found
    assert attributes == {"class": "wide"}
    assert page.rows == [list(row) for row in ALL]
    assert not [tag for tag, _ in rest if tag == "script"]
    numbers = [attributes for tag, attributes in rest if tag == "td"][::2]
    assert all(attributes == {"class": "n"} for attributes in numbers)
    assert "<caption>of &lt;all&gt;</caption>" in TABLE.html("wide", "of <all>")


def test_html_for_a_notebook_brings_its_style():
    page = Cells(TABLE.html(styled=True))
    sides = [attributes["style"] for tag, attributes in page.found if tag in ("td", "th")]
    assert sides == ["text-align:left", "text-align:right", "text-align:left"] * len(ALL)


def test_markdown_holds_the_cells_as_they_are():
    page = Cells(MarkdownIt("commonmark").enable("table").render(TABLE.markdown()))
    assert trimmed(page.rows) == trimmed(ALL)
    assert not [tag for tag, _ in page.found if tag in ("script", "a", "em", "h1", "code")]
    # The totals alone are bold.
    assert [tag for tag, _ in page.found if tag == "strong"] == ["strong"] * 2


def test_csv_holds_the_cells_as_they_are():
    found = list(csv.reader(io.StringIO(TABLE.csv())))
    # This one alone would be a formula.
    assert [[cell.removeprefix("'") for cell in row] for row in found] == [list(r) for r in ALL]
    assert [row[0] for row in found if row[0].startswith("'")] == ["'--dash---"]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("-x", "'-x"),
        ("+1 (555)", "'+1 (555)"),
        ("-0.5", "-0.5"),
        ("+1,024", "+1,024"),
        ("-1e-3", "-1e-3"),
        ("\t=1", "' =1"),
        ("a\x1b[31m", r"a\x1b[31m"),
    ],
)
def test_a_spreadsheet_runs_no_cell(cell, written):
    (_, (found, _)) = csv.reader(io.StringIO(csv_text(("a", "b"), [(cell, "")])))
    assert found == written


TEX = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\ensuremath{\pm}": "±",
    "{[}": "[",
    "{*}": "*",
    "{}": "",
    **{f"\\{sign}": sign for sign in "&%$#_{}"},
}


def of_latex(text: str) -> str:
    """What TeX prints for a cell. Raises `KeyError` for a sign that it would act on."""
    text = re.sub(r"\\textbf\{(.*)\}$", r"\1", text)
    pattern = "|".join(map(re.escape, TEX)) + r"|[\\~^<>|{}%$#_&]"
    return re.sub(pattern, lambda found: TEX[found.group()], text)


def test_latex_holds_the_cells_as_they_are():
    first, top, *lines = TABLE.latex().splitlines()
    assert (first, top) == (r"\begin{tabular}{lrl}", r"\toprule")
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    rows = [line.removesuffix(r" \\") for line in lines[:-2] if line != r"\midrule"]
    found = [list(map(of_latex, re.split(r"(?<!\\) ?& ?", row))) for row in rows]
    assert trimmed(found) == trimmed(ALL)
    # None is taken for an argument of the `\\` before it.
    assert not [row for row in rows if row.startswith(("[", "*"))]
    # None becomes a dash or a quotation mark.
    assert not re.search(r"--|``|''", "\n".join(rows))


def test_latex_has_a_minus_for_a_negative_number():
    assert r"x & \ensuremath{-}0.5 \\" in Table(("a", "b"), (("x", "-0.5"),), "lr").latex()


def test_control_characters_are_made_visible():
    table = Table(("a", "b"), (("x\ny\x1b[31m", "\u202e"),))
    for text in (table.markdown(), table.html(), table.latex(), plain(table.lines())):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert len(table.markdown().splitlines()) == 3
    assert plain(table.lines()) == "a             b\nx\\ny\\x1b[31m  \\u202e\n"


def test_columns_are_in_line():
    rows = (("conv", "1"), ("日本", "12,000"))
    assert plain(Table(("name", "params"), rows, "lr").lines()) == (
        "name  params\nconv       1\n日本  12,000\n"
    )


def test_lines_have_the_styles_of_cells():
    table = Table(("a", "b"), ((Cell("+", "good"), "x"),), "", ("sum", ""))
    styles = [[style for _, style in line] for line in table.lines()]
    assert styles == [["dim", "dim"], ["good", ""], ["strong", "strong"]]


@pytest.mark.parametrize(
    ("cell", "markdown", "html", "latex"),
    [
        (Cell("a|b", "code"), "<code>a\\|b</code>", "<code>a|b</code>", r"\texttt{a\textbar{}b}"),
        (Cell("no", "bad"), "**no**", '<span class="bad">no</span>', r"\textbf{no}"),
        (Cell("yes", "good"), "yes", '<span class="good">yes</span>', "yes"),
        (Cell("not yet", "dim"), "not yet", '<span class="soft">not yet</span>', "not yet"),
        (Cell("a `x|y` b*", "prose"), "a `x\\|y` b\\*", "a <code>x|y</code> b*",
         r"a \texttt{x\textbar{}y} b{*}"),
    ],
)  # fmt: skip
def test_each_form_shows_a_style_in_its_way(cell, markdown, html, latex):
    table = Table(("a", "b"), (("x", cell),))
    assert table.markdown().endswith(f"| {markdown} |")
    assert re.search(rf"<td[^>]*>{re.escape(html)}</td>", table.html())
    assert f"& {latex} \\\\" in table.latex()


def test_a_link_is_a_link_in_html_and_a_text_elsewhere():
    cell = Link("a <b>", 'x/"y".html')
    table = Table(("a", "b"), (("x", cell),))
    assert '<a href="x/&quot;y&quot;.html">a &lt;b&gt;</a>' in table.html()
    assert table.markdown().endswith("| x | a &lt;b&gt; |")
    assert table.csv() == "a,b\nx,a <b>\n"
