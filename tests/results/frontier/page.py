"""Writes the tables of docs/frontier.md and the figure beside it, from what has been trained."""

from functools import cache
from statistics import fmean

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.table import Cell, Table
from cnnspec.files.sources import read_source
from cnnspec.runs.seeds import spread
from tests.results.frontier.plot import TITLES, Point, frontier_plot
from tests.results.frontier.published import PUBLISHED
from tests.results.kept import Kept, Row
from tests.support.paths import ROOT

FRONTIER = Kept(ROOT / "docs" / "frontier.json", ROOT / "specs" / "frontier")
PAGE = ROOT / "docs" / "frontier.md"
FIGURE = ROOT / "docs" / "frontier.svg"
CLOTHES = (
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
    "ankle boot",
)  # fmt: skip


def names() -> list[str]:
    """The specs, as they stand in the folder."""
    return sorted(path.stem for path in FRONTIER.specs.glob("*.cnn"))


def trained() -> dict[str, list[Row]]:
    """The rows of each spec that has been trained as it is, the fewest parameters first."""
    found = {name: rows for name in names() if (rows := FRONTIER.of(name))}
    return dict(sorted(found.items(), key=lambda each: (data(each[0]), each[1][0]["params"])))


@cache
def network(name: str) -> CheckedSpec:
    """A spec, checked once for all parts of the page."""
    return check(read_source(FRONTIER.path(name)))


def data(name: str) -> str:
    """The dataset of a spec."""
    return str(network(name).spec.data.source)


def write_page() -> None:
    """Writes what stands between the marks of the page, and the figure."""
    text = PAGE.read_text("utf-8")
    for mark, part in (("networks", networks()), ("devices", devices()), ("mistakes", mistakes())):
        begin, end = f"<!-- {mark}: `make frontier` -->\n", f"<!-- end of {mark} -->\n"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{part}\n{end}{rest.partition(end)[2]}"
    PAGE.write_text(text, encoding="utf-8")
    FIGURE.write_text(frontier_plot(points()).svg, encoding="utf-8")


def points() -> list[Point]:
    """What the figure shows."""
    ours = []
    for name, rows in trained().items():
        reached = spread(row["test"]["accuracy"] for row in rows)
        assert reached is not None
        wide = reached.deviation or 0
        ours.append(Point(data(name), rows[0]["params"], 1 - reached.mean, wide, True, name))
    return ours + [Point(p.data, p.parameters, 1 - p.accuracy, 0, False) for p in PUBLISHED]


def networks() -> str:
    """Ours and the published ones of each dataset, by parameters."""
    found = []
    for name, title in TITLES.items():
        rows = [_own(spec, rows) for spec, rows in trained().items() if data(spec) == name]
        rows += [
            (p.parameters, f"{100 * p.accuracy:.2f}", p.chosen, p.source)
            for p in PUBLISHED
            if p.data == name
        ]
        ordered = sorted(rows, key=lambda row: row[0])
        header = (f"{title}: parameters", "test accuracy, %", "epoch that was measured", "network")
        cells = tuple((f"{first:,}", *rest) for first, *rest in ordered)
        found.append(Table(header, cells, "rrll").markdown())
    return "\n\n".join(found) + "\n"


def _own(name: str, rows: list[Row]) -> tuple[int, str, str, str]:
    found = spread(100 * row["test"]["accuracy"] for row in rows)
    seeds = f"{len(rows)} seeds" if len(rows) > 1 else "one seed"
    how = f"last of {rows[0]['epochs']}, {seeds}"
    return rows[0]["params"], Cell(f"{found:.2f}", "strong"), how, Cell(name, "code")


def devices() -> str:
    """Each network in int8 on an emulated Cortex-M4, and what a training of it takes."""
    header = (
        "network", "RAM", "flash", "code", "instructions", "accuracy in int8, %",
        "seconds a seed, one thread",
    )  # fmt: skip
    cells = []
    for name, rows in trained().items():
        first, totals = rows[0], network(name).totals
        figures = [f"{totals.ram('int8'):,}", f"{totals.flash('int8'):,}"]
        found = first.get("device")
        figures += (
            [f"{found['code']:,}", f"{found['instructions'] / 1e6:.2f} M"] if found else [""] * 2
        )
        integer = f"{100 * first['int8']:.2f}" if "int8" in first else ""
        seconds = f"{fmean(row['seconds'] for row in rows):.0f}"
        cells.append((Cell(name, "code"), *figures, integer, seconds))
    return Table(header, tuple(cells), "lrrrrrr").markdown() + "\n"


def mistakes() -> str:
    """For the first seed of each network: what it takes for what, and where it is surest."""
    found = []
    for name, rows in trained().items():
        first = rows[0]
        if "confusion" not in first:
            continue
        labels = CLOTHES if "fashion" in data(name) else tuple(map(str, range(10)))
        worst = ", ".join(
            f"{m['image']} ({labels[m['true']]} for {labels[m['predicted']]}, {m['sure']:.2f})"
            for m in first["mistakes"]
        )
        pairs = sorted(
            (
                (count, labels[true], labels[said])
                for true, row in enumerate(first["confusion"])
                for said, count in enumerate(row)
                if true != said
            ),
            reverse=True,
        )[:5]
        often = ", ".join(f"{count} x {true} for {said}" for count, true, said in pairs)
        found.append(f"- **{name}**. Most often: {often}. Surest, by test image: {worst}.")
    return "\n".join(found) + "\n"
