"""The pages of a class, made from trainings that are made up."""

import re
from pathlib import Path

import pytest

from cnnspec.classes.results import Results
from cnnspec.report.classroom.page import figure
from cnnspec.report.classroom.writing import csv, finalize, lines
from tests.support.classroom import COPIES, begin_class, right, write_class
from tests.support.run_folders import make, metrics

MARKUP = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Results:
    """A class with two that are right, of which the first keeps every rule."""
    folder = tmp_path_factory.mktemp("class")
    home = write_class(folder, rights=2)
    (home / f"{MARKUP.replace('/', '')}.cnn").write_text(right(5))
    made = begin_class(folder / "rules.cnn", home, folder / "runs")
    reached = {"right00": 0.75, "right01": 0.45, "hana": 0.6, "ida": 0.6}
    for trial in made.trainings.trials():
        if trial.point.name in reached:
            found = metrics(reached[trial.point.name], expectations=[])
            text = str(trial.point.spec)
            make(trial.run.folder.parent, text, trial.point.name, metrics=found)
        elif trial.point.name == "diverges":
            trial.fail("CNN907", "the loss is <b>NaN</b>", remedy="lower `optimizer`")
    return finalize(made, lambda problem: pytest.fail(str(problem)))


def page(results: Results, name: str = "") -> str:
    path = results.of.folder / (f"students/{name}.html" if name else "report.html")
    return path.read_text()


def test_every_submission_is_ranked_or_has_a_reason(results: Results) -> None:
    ranks = {row.name: row.rank for row in results.rows if row.rank}
    assert ranks == {"right00": 1, "hana": 2, "ida": 2, "right01": 4}
    text = page(results)
    for row in results.rows:
        assert f"students/{row.entry.slug}.html".replace("<", "%3C") in text
        assert row.rank or row.reason or row.state == "not trained yet"
    assert "3 of 26 keep every rule, 4 were trained" in text
    assert re.search(
        r'<span class="bad">0\.4500 <span class="mark"><span aria-hidden="true">✗', text
    )
    assert re.search(
        r'<span class="good">0\.7500 <span class="mark"><span aria-hidden="true">✓', text
    )


def test_text_of_submissions_is_never_markup(results: Results) -> None:
    pages = [page(results)] + [page(results, row.entry.slug) for row in results.rows]
    for text in pages:
        assert "<script" not in text
        assert "<img" not in text
        assert "<b>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page(results, "cheats-markup")
    assert "the loss is &lt;b&gt;NaN&lt;/b&gt;" in page(results)


def test_texts_that_are_the_same_are_side_by_side(results: Results) -> None:
    text = page(results)
    (group,) = re.findall(r"The same network: hana, ida, jan.*?</details>", text, re.S)
    for name in COPIES:
        assert f"<h3>{name}</h3>" in group
    assert group.count("<pre") == 3


def test_the_page_of_a_student_tells_of_nobody_else(results: Results) -> None:
    text = page(results, "hana")
    others = [row.name for row in results.rows if row.name != "hana"]
    assert [name for name in others if re.search(rf"\b{re.escape(name)}\b", text)] == []
    assert "2 of 4" in text
    assert "keeps every rule" in text
    assert "<svg" in text
    assert "# the network that went round" in text


def test_what_to_change_is_shown_at_its_line(results: Results) -> None:
    text = page(results, "broken-long")
    assert "What to change" in text
    assert "7 | " in text
    assert "write `epochs 3`" in text
    assert "lower <code>optimizer</code>" in page(results, "diverges")


def test_the_figure_has_a_mark_for_each_that_was_trained(results: Results) -> None:
    drawn = figure(results)
    assert drawn is not None
    assert "4 submissions" in drawn.alt
    for words in ("keeps every rule (3)", "breaks a rule (1)", "accuracy 0.5", "20,000"):
        assert words in drawn.svg
    # Two in one place have their number once.
    for rank in ("1", "2", "4"):
        assert len(re.findall(rf">{rank}</text>", drawn.svg)) == 1


def test_a_class_without_trainings_has_a_page(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "ada.cnn").write_text("conv")
    (tmp_path / "rules.cnn").write_text("data fashion_mnist_mini; allow dense")
    made = begin_class(tmp_path / "rules.cnn", tmp_path / "home", tmp_path / "runs")
    found = finalize(made, lambda problem: pytest.fail(str(problem)))
    assert figure(found) is None
    assert "0 of 1 keep every rule" in page(found)
    assert any("1 of 1: data fashion_mnist_mini" in line[0][0] for line in lines(found) if line)
    assert csv(found).count("\n") == 2
