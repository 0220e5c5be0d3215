"""The committed pages are those of the tables, and every word and code stands on them."""

import subprocess
import sys

import pytest

from cnnspec.commands.code_page import codes
from cnnspec.commands.reference import PAGES, main, reference
from cnnspec.diagnostics.catalog import catalog
from cnnspec.expansion.vocabulary import words
from cnnspec.ir.claims import QUANTITIES
from cnnspec.ir.losses import LOSSES
from cnnspec.ir.optimizers import OPTIMIZERS
from cnnspec.ir.schedules import SCHEDULES
from cnnspec.ir.training import Training
from cnnspec.layers.initializers import INITIALIZERS
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import LAYERS
from cnnspec.targets.table import LITERT, TFLM
from tests.diagnostics.test_golden_errors import CLASSES, FOLDER
from tests.support.paths import ROOT

# No text can cause these: `--set` does, an IR document, and what surrounds a spec.
NO_TEXT = ("CNN112", "CNN4", "CNN7", "CNN9")
# A text can, but none that is short enough to read, or that is text at all.
NO_EXAMPLE = (*NO_TEXT, "CNN006", "CNN007")


@pytest.mark.parametrize("name", PAGES)
def test_committed_page_is_the_one_of_the_tables(name: str) -> None:
    committed = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert committed == PAGES[name](), "run `make docs`"


def test_pages_are_the_same_in_any_surroundings(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    main(str(tmp_path))
    for name in PAGES:
        assert (tmp_path / name).read_text("utf-8") == (ROOT / "docs" / name).read_text("utf-8")


def test_pages_are_made_without_a_framework() -> None:
    heavy = {"keras", "tensorflow", "numpy", "rich", "jsonschema"}
    code = (
        "import sys; from cnnspec.commands.reference import PAGES; [p() for p in PAGES.values()];"
        f"assert not {heavy} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_every_word_stands_on_the_page() -> None:
    page = reference()
    trained = (OPTIMIZERS, SCHEDULES, LOSSES, Training.specs)
    tables = (LAYERS, MERGES, *trained, INITIALIZERS, QUANTITIES, words())
    for table in tables:
        for word in table:
            assert f"`{word}" in page, word
    assert all(help for help in words().values())


def test_the_catalogue_is_complete() -> None:
    assert set(catalog().values()) == set(CLASSES)


@pytest.mark.parametrize("code", catalog())
def test_every_code_is_shown_wherever_it_can_be(code: str) -> None:
    cls = catalog()[code]
    page = codes()
    entry = page.partition(f"### {code}: ")[2].partition("\n### ")[0]
    assert entry
    assert bool(list(FOLDER.glob(f"{code}-*.cnn"))) is not code.startswith(NO_TEXT)
    for word, example in (("Wrong:", cls.bad), ("Right:", cls.good)):
        assert bool(example) is not code.startswith(NO_EXAMPLE)
        assert (word in entry) is bool(example)
    if cls.bad:
        assert f"{cls.severity}[{code}]" in entry


def test_what_runtimes_do_not_do_is_in_the_reference():
    lines = reference().splitlines()
    title = next(line for line in lines if line.startswith("| layer | c |"))
    columns = [cell.strip() for cell in title.strip("|").split("|")]
    table = lines[lines.index(title) :]
    rows = {row.split("`")[1]: row.strip("|").split("|") for row in table if row.startswith("| `")}
    for name, reasons in (("litert", LITERT.unsupported), ("TFLite Micro, int8", TFLM.unsupported)):
        declined = {w for w, row in rows.items() if "all of it" not in row[columns.index(name)]}
        assert declined == {cls.word for cls in reasons}
