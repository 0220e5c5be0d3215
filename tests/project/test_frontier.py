"""The networks of the frontier keep their budgets, and the page shows what was measured."""

from pathlib import Path

import pytest

from cnnspec.analysis.check import check
from cnnspec.files.sources import read_source
from tests.results.frontier.page import FIGURE, FRONTIER, PAGE, devices, mistakes, names, networks
from tests.results.frontier.plot import TITLES

SPECS = sorted(FRONTIER.specs.glob("*.cnn"))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_network_is_short_and_keeps_its_budgets(path: Path) -> None:
    found = check(read_source(str(path)))
    assert not found.problems
    assert found.spec.budgets
    assert found.spec.expectations
    assert found.spec.train.runs == 5
    assert found.spec.train.validation == "none"  # chosen before; the last epoch is what counts
    assert len(path.read_text("utf-8").splitlines()) <= 40
    assert found.spec.model == path.stem
    assert found.spec.data.source in TITLES


def test_the_page_shows_what_was_measured() -> None:
    text = PAGE.read_text("utf-8")
    for mark, part in (("networks", networks()), ("devices", devices()), ("mistakes", mistakes())):
        between = text.partition(f"<!-- {mark}: `make frontier` -->\n")[2]
        assert between.partition(f"<!-- end of {mark} -->\n")[0].strip() == part.strip()
    for name in names():
        for row in FRONTIER.of(name):
            assert f"{name}: {row['params']:,} parameters" in FIGURE.read_text("utf-8")


def test_every_result_is_of_the_spec_as_it_is() -> None:
    rows = FRONTIER.rows()
    assert {row["spec"] for row in rows if row["text"] != FRONTIER.key(row["spec"])} == set()
