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
OURS, NATIVE, KERAS = "cnnspec", "native", "keras fit"
"""What trained a row: our training on TensorFlow, machine code, or Keras alone."""
HEADER = (
    "| network | parameters | epochs | figure | published | ours | in machine code "
    "| Keras's `fit` |\n"
    "|---|--:|--:|---|--:|--:|--:|--:|\n"
)


def table() -> str:
    """A row for each claim of a spec that has been trained: the claims are what was published."""
    rows = []
    for name in sorted({result["spec"] for result in RESULTS.rows()}):
        spec = check(read_source(RESULTS.path(name))).spec
        found, native, plain = (RESULTS.of(name, by) for by in (OURS, NATIVE, KERAS))
        if not found:
            continue
        epochs = spread(r["epochs"] for r in found)
        about = [f"[{name}](specs/{name}.cnn)", f"{found[0]['params']:,}"]
        about += [f"{epochs.mean:.0f}" if epochs else ""]
        for claim in spec.expectations:
            cells = (*about, claim.quantity, f"{claim.limit:.4f}", _cell(found, claim))
            cells = (*cells, _cell(native, claim), _cell(plain, claim))
            about = [""] * 3
            rows.append(f"| {' | '.join(cells)} |\n")
    return HEADER + "".join(rows)


def _cell(results: list[dict[str, Any]], claim: Expectation) -> str:
    """Mean and deviation over the seeds, and how many there are; Keras's `fit` has test figures."""
    split = {"training": "train"}.get(claim.split, claim.split)
    measured = [figure(result, claim) for result in results if split in result]
    return f"{spread(measured):.4f} ({len(measured)})" if measured else ""


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
