"""The page to hand in: its sections, numbers, formulas and variants, in a browser and on paper."""

import json
import re

import pytest

from cnnspec.analysis.formulas import facts
from cnnspec.commands import main
from cnnspec.report.handin import gathered, write
from cnnspec.runs.run import METRICS
from tests.report.test_browser import CHROMIUM, browse, requests, scrolls
from tests.report.test_page import Page
from tests.support.browser import Browser
from tests.support.paths import ROOT
from tests.support.run_folders import TEXT, environment, make, metrics
from tests.support.sweep_folders import finished_sweep, planned

AXE = ROOT / "editors" / "page" / "node_modules" / "axe-core" / "axe.min.js"
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
VARIANT = TEXT.replace("4x3 relu", "2x3 relu").replace("seed 7", "seed 7; batch 64")


def handed_in(tmp_path, *folders, **given):
    """The page about some run folders, read back."""
    page = tmp_path / "page.html"
    write(gathered(list(folders)), page, **given)
    return Page(page.read_text("utf-8"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make(tmp_path_factory.mktemp("runs")).folder


@pytest.fixture(scope="module")
def page(run, tmp_path_factory):
    """A page about a run and a variant."""
    variant = make(run.parent, VARIANT, "narrow", metrics=metrics(0.95)).folder
    folder = tmp_path_factory.mktemp("pages")
    return handed_in(folder, run, variant, author="Student <b>")


def test_sections_figures_and_tables_are_numbered(page):
    assert page.open == []
    assert page.all("script") == []
    titles = ["Summary", "Network", "How each number", "Training", "Results", "Comparison", "Do it"]
    for number, title in enumerate(titles, 1):
        assert re.search(rf"\b{number}\s+{title}", page.text), title
    for word in ("Table", "Figure"):
        found = [int(number) for number in re.findall(rf"{word} (\d+)\.", page.text)]
        assert found == list(range(1, len(found) + 1))
        assert len(found) >= 5
    assert "Student <b>" in page.text
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_every_formula_is_there(page, run):
    calls = gathered([run]).trained.middle.checked.layers
    parts = sum(len({f.symbols, f.numbers, str(f.value)}) for c in calls for _, f in facts(c))
    assert len(page.all("tbody")) > len(calls)
    # Each part of a formula, and each letter that is explained.
    assert len(page.all("math")) > parts
    assert "26·26·3·3·1·4=24,336" in re.sub(r"\s", "", page.text)


def test_a_variant_is_compared_and_its_changes_are_named(page):
    assert "0.9500" in page.text
    text = re.sub(r"\s+", " ", page.text)
    assert re.search(r"narrow ?conv ?conv 4x3 relu ?conv 2x3 relu", text)
    assert re.search(r"narrow ?batch ?128 ?64", text)


def test_of_a_sweep_the_best_point_is_handed_in(tmp_path):
    sweep = finished_sweep(tmp_path)
    found = gathered([sweep.folder])
    assert found.trained.name == "grid_2-16-categorical_crossentropy"
    assert len(found.rows) == 12
    assert found.rows[0] is found.own
    text = re.sub(r"\s+", " ", handed_in(tmp_path, sweep.folder).text)
    assert re.search(r"grid_1-16-categorical_crossentropy ?depth ?2 ?1", text)


def test_a_sweep_without_a_best_point_is_not_handed_in(tmp_path, capsys):
    sweep = planned(tmp_path)
    assert main(["report", str(sweep.folder), "--handin"]) == 3
    said = capsys.readouterr().err
    assert "no point of" in said
    assert f"cnnspec sweep --resume {sweep.folder}" in said


def test_an_unfinished_run_says_so(tmp_path):
    text = handed_in(tmp_path, make(tmp_path, without=(METRICS, "images.npz")).folder).text
    assert "There are no results yet" in text
    assert "Results on the" not in text
    assert "Comparison of variants" not in text


def test_the_file_is_written_once(tmp_path, run, capsys):
    assert main(["report", str(run), "--handin"]) == 0
    page, other = run / "handin.html", tmp_path / "x.html"
    assert str(page) in capsys.readouterr().out
    assert "<html" in page.read_text("utf-8")
    other.write_text("mine")
    for more in ([], ["--out", str(other)]):
        assert main(["report", str(run), "--handin", *more]) == 3
        assert "--force" in capsys.readouterr().err
    assert other.read_text() == "mine"
    again = ["--out", str(other), "--force", "--author", "A. Student", "--json"]
    assert main(["report", str(run), "--handin", *again]) == 0
    assert json.loads(capsys.readouterr().out)["reports"] == [{"run": str(run), "page": str(other)}]
    assert "A. Student" in other.read_text("utf-8")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--author", "A"], "`--author` goes with `--handin`"),
        (["--force"], "`--force` is for `--handin`"),
        (["--handin", "--by", "loss"], "`--by` is for sweeps"),
        (["--handin", "--out", "x.pdf"], "name it x.html"),
    ],
)
def test_options_that_do_not_go_together(run, given, said, capsys):
    assert main(["report", str(run), *given]) == 2
    assert said in capsys.readouterr().err


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    """A page whose names are long and odd, with a variant."""
    folder = tmp_path_factory.mktemp("runs")
    labels = ["x" * 300, "<script>", "a b " * 40, *"3456789"]
    first = make(folder, environment=environment(labels=labels, origin="/very/long" * 30)).folder
    other = make(folder, VARIANT, "v" * 120).folder
    page = folder / "page.html"
    write(gathered([first, other]), page, "Author " * 40)
    return page


@needs_chromium
def test_it_loads_nothing_fits_a_phone_and_can_be_printed(hard, tmp_path):
    log, printed = tmp_path / "net.json", tmp_path / "page.pdf"
    _, console = browse(tmp_path, hard, f"--log-net-log={log}", f"--print-to-pdf={printed}")
    assert console == []
    assert requests(log) == set()
    wide, window = scrolls(tmp_path, hard)
    assert wide == window == 390
    pages = re.findall(rb"/Type\s*/Page\b", printed.read_bytes())
    assert len(pages) >= 5


@needs_chromium
@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: make page-packages")
@pytest.mark.parametrize("dark", [False, True])
def test_it_is_accessible(hard, dark):
    with Browser() as browser:
        page = browser.page(hard.as_uri(), dark=dark)
        page.wait("document.readyState === 'complete'")
        page.run(AXE.read_text("utf-8") + ";0")
        found = page.run("axe.run().then((found) => found.violations)")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
