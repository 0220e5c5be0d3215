"""The table of the README: what was published, and what the same networks reach here."""

from typing import Any

from cnnspec.analysis.check import check
from cnnspec.files.sources import read_source
from cnnspec.ir.claims import Expectation
from cnnspec.runs.seeds import spread
from tests.results.kept import Kept
from tests.support.paths import ROOT

RESULTS = Kept(ROOT / "docs" / "results.json", ROOT / "specs")
README = ROOT / "README.md"
BEGIN, END = "<!-- results: `make results` -->\n", "<!-- end of results -->\n"
HEADER = (
    "| network | parameters | epochs | seeds | figure | published | ours | Keras's `fit` |\n"
    "|---|--:|--:|--:|---|--:|--:|--:|\n"
)


def table() -> str:
    """A row for each claim of a spec that has been trained: the claims are what was published."""
    rows = []
    for name in sorted({result["spec"] for result in RESULTS.rows()}):
        spec = check(read_source(RESULTS.path(name))).spec
        found, plain = RESULTS.of(name), RESULTS.of(name, "keras fit")
        if not found:
            continue
        epochs = spread(r["epochs"] for r in found)
        about = [f"[{name}](specs/{name}.cnn)", f"{found[0]['params']:,}"]
        about += [f"{epochs.mean:.0f}" if epochs else "", str(len(found))]
        for claim in spec.expectations:
            reached = spread(figure(result, claim) for result in found)
            beside = spread(figure(r, claim) for r in plain if claim.split == "test")
            cells = (*about, claim.quantity, f"{claim.limit:.4f}", f"{reached:.4f}")
            cells = (*cells, f"{beside:.4f}" if beside else "")
            about = [""] * 4
            rows.append(f"| {' | '.join(cells)} |\n")
    return HEADER + "".join(rows)


def figure(result: dict[str, Any], claim: Expectation) -> float:
    """What a run reached of what a claim speaks of."""
    split = {"training": "train"}.get(claim.split, claim.split)
    value: float = result[split][claim.quantity.rpartition("_")[2]]
    return value


def write_table() -> None:
    """Writes the table into the README."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")
