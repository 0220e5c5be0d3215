"""The page of a comparison: differences with intervals, what differs, curves and costs."""

import numpy as np
import pytest

from cnnspec.core.statistics import paired
from cnnspec.report import overlay
from cnnspec.report.canvas import LOOKS
from cnnspec.report.compare_plots import apart
from cnnspec.report.compare_tables import claims, metrics, settings, specs
from cnnspec.report.differences import differences, notes, table
from cnnspec.report.line_plots import Series, lines
from cnnspec.report.predictions import predicted
from cnnspec.report.run_table import best, compare
from cnnspec.report.seeds import gather
from cnnspec.runs import predictions
from cnnspec.runs.predictions import Predictions
from tests.report.test_page import Page
from tests.support.run_folders import TEXT, make
from tests.support.run_folders import metrics as measured

TRUE = np.arange(200) % 10


def network(parent, name, wrong, text=TEXT, true=TRUE):
    """A run that has some images wrong, and says so."""
    chosen = true.copy()
    chosen[wrong] = (true[wrong] + 1) % 10
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (true, chosen), 1)
    found = measured(round(float((true == chosen).mean()), 6))
    found["test"]["confusion"] = counts.tolist()
    run = make(parent, text, name, metrics=found)
    predictions.keep(run, Predictions("test", true, chosen))
    return run


def seeded(parent, name, accuracies):
    for seed, accuracy in enumerate(accuracies, 1):
        make(parent / name, TEXT.replace("seed 7", f"seed {seed}"), f"seed-{seed}",
             metrics=measured(accuracy))  # fmt: skip


@pytest.fixture
def pair(tmp_path):
    """The first has 20 images wrong, the second 35 others and 5 of these."""
    network(tmp_path, "one", np.arange(20))
    network(tmp_path, "two", np.arange(15, 55))
    return tmp_path


def test_two_runs_are_compared_image_by_image(pair):
    found = differences(compare([pair]))
    (other,) = found.others
    assert found.best.name == "one"
    assert (other.row.name, other.counts) == ("two", (15, 35))
    assert other.interval == paired(15, 35, 200)
    assert other.interval.difference == pytest.approx(0.8 - 0.9)
    (top, row) = table(found).rows
    assert top[:3] == ("one", "0.9000", "best")
    assert row[2] == "\N{MINUS SIGN}0.1000"
    assert row[5:] == ("15", "35", "200 images")


def test_intervals_of_several_networks_hold_together(pair):
    network(pair, "three", np.arange(30))
    found = {each.row.name: each for each in differences(compare([pair])).others}
    assert found["two"].interval == paired(15, 35, 200, 0.05 / 2)
    assert found["three"].counts == (0, 10)


def test_networks_with_seeds_are_compared_by_welch(tmp_path):
    stats = pytest.importorskip("scipy.stats")
    one, two = [0.90, 0.91, 0.93], [0.88, 0.87, 0.86, 0.89]
    seeded(tmp_path, "one", one)
    seeded(tmp_path, "two", two)
    (other,) = differences(compare([tmp_path / "one", tmp_path / "two"])).others
    expected = stats.ttest_ind(two, one, equal_var=False)
    low, high = expected.confidence_interval(0.95)
    assert (other.interval.low, other.interval.high) == pytest.approx((low, high))
    assert other.interval.p == pytest.approx(expected.pvalue)
    assert other.by == "4 and 3 seeds"
    assert other.counts is None


def test_two_seeds_are_a_warning(tmp_path):
    seeded(tmp_path, "one", [0.90, 0.91])
    seeded(tmp_path, "two", [0.88, 0.87, 0.86])
    rows = compare([tmp_path / "one", tmp_path / "two"])
    assert differences(rows).few_seeds == ["one"]
    overlay.write(rows, tmp_path / "x.html")
    assert "Two seeds carry no conclusion: one." in (tmp_path / "x.html").read_text()


def test_a_missing_interval_says_why(pair, tmp_path):
    network(pair, "other", np.arange(10), true=TRUE[::-1].copy())
    make(pair, TEXT.replace("fashion_mnist_mini", '"none.npz"; input 28x28x1; classes 10'), "old")
    found = {each.row.name: each for each in differences(compare([pair])).others}
    assert found["one"].by == "other images were held out"
    assert found["old"].interval is None
    assert "no predictions of old: " in found["old"].by
    assert all(len(row) == 8 for row in table(differences(compare([pair]))).rows)


def test_damaged_predictions_say_so(pair):
    (pair / "one" / "predictions.npz").write_bytes(b"PK")
    (other,) = differences(compare([pair])).others
    assert other.interval is None
    assert "predictions.npz is damaged" in other.by


def test_predictions_of_an_older_run_are_computed_from_its_weights(tmp_path):
    from cnnspec.analysis.check import check
    from cnnspec.core.source import Source
    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import train

    text = (
        "conv 2x3 relu; pool 4; dense 10 softmax; train { epochs 1; batch 250; measure held_out }"
    )
    run = train(check(Source("x.cnn", text)), tmp_path, start("native")).run
    kept, _ = predicted(gather(run.folder).middle)
    (run.folder / "predictions.npz").unlink()
    again, _ = predicted(gather(run.folder).middle)
    assert np.array_equal(again.true, kept.true)
    assert np.array_equal(again.predicted, kept.predicted)
    (run.folder / "weights.npz").unlink()
    assert predicted(gather(run.folder).middle)[1]


def test_the_best_of_each_column_is_marked(tmp_path):
    make(tmp_path, name="a", metrics=measured(0.9, seconds=20.0))
    make(tmp_path, TEXT.replace("4x3", "8x3").replace("10k", "20k"), "b", metrics=measured(0.8))
    found = best(compare([tmp_path]))
    assert found == {"params": {"a"}, "macs": {"a"}, "accuracy": {"a"}, "seconds": {"b"}}
    make(tmp_path, TEXT.replace("metrics", "loss mse; metrics"), "c", metrics=measured(0.7))
    assert not {key for key in best(compare([tmp_path])) if key.endswith("loss")}


def test_what_differs_is_a_column_of_its_own(tmp_path):
    make(tmp_path, name="a")
    changed = TEXT.replace("4x3 relu; pool 2", "8x3 relu; pool 2").replace("10k", "20k")
    make(tmp_path, changed.replace("epochs 3", "epochs 5; optimizer sgd(0.1)"), "b")
    make(tmp_path, TEXT.replace("pool 2;", "pool 2; dropout 0.5;"), "c")
    found = settings(specs(compare([tmp_path])))
    assert found.header == ("run", "optimizer", "epochs", "layers, from a")
    assert [row[1:3] for row in found.rows] == [
        ("adam(0.001)", "3"),
        ("sgd(0.1)", "5"),
        ("adam(0.001)", "3"),
    ]
    a, b, c = (row[3].replace("\N{NO-BREAK SPACE}", " ") for row in found.rows)
    assert (a, b, c) == ("", "`conv 4x3 relu` → `conv 8x3 relu`", "+ `dropout 0.5`")
    assert settings(specs(compare([tmp_path / "a", tmp_path / "a"]))) is None


def test_claims_are_counted_and_listed(tmp_path):
    claim = {"quantity": "accuracy", "relation": ">=", "limit": 0.5, "value": 0.4, "holds": False}
    make(tmp_path, name="a", metrics=measured(0.4, expectations=[claim]))
    make(tmp_path, name="b")
    rows = compare([tmp_path])
    assert [row[-1] for row in metrics(rows, {}).rows] == ["✗ 1 of 2", "2 of 2"]
    found = claims(rows)
    assert found.header[1:] == ("budget params <= 10000", "expect accuracy >= 0.5")
    assert [row[2] for row in found.rows] == ["✗ 0.4000", "✓ 0.9000"]


def test_the_pair_that_differs_most_is_shown(pair):
    network(pair, "three", np.arange(18))
    told, figures = apart(compare([pair]))
    assert "three and two" in told or "two and three" in told
    assert len(figures) == 3
    network(pair, "four", np.arange(20))
    assert apart(compare([pair / "one", pair / "four"])) == ("", [])


def test_an_outlier_does_not_flatten_the_curves():
    good = [Series(str(n), tuple((e, 1 / e + n / 50) for e in range(1, 21))) for n in range(4)]
    bad = Series("bad", tuple((e, 900.0 if e == 7 else 1 / e) for e in range(1, 21)))
    figure = lines("Loss", [*good, bad], wide=True, log=True)
    low, high = figure.axes[0].get_ylim()
    assert high < 5
    assert low > 0
    assert figure.axes[0].get_yscale() == "log"
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "^"]
    assert [list(mark.get_xdata()) for mark in marks] == [[7]]


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 8, 50, 400])
def test_epochs_at_the_axis_are_whole(epochs):
    figure = lines("Loss", [Series("", tuple((e, 1 / e) for e in range(1, epochs + 1)))])
    figure.canvas.draw()
    shown = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert 1 <= len(shown) <= 12
    assert all(text.isdecimal() and 1 <= int(text) <= epochs for text in shown)


def test_many_lines_differ_without_colour():
    assert len({look.marker for look in LOOKS}) == len(LOOKS) >= 6
    assert len({(look.colour, str(look.dash)) for look in LOOKS}) == len(LOOKS)


def test_the_page_links_to_reports_that_are_there(pair, tmp_path):
    (pair / "one" / "report.html").write_text("<p>")
    page = tmp_path / "out" / "x.html"
    page.parent.mkdir()
    overlay.write(compare([pair / "one", pair / "two"]), page)
    parsed = Page(page.read_text())
    assert [a["href"] for a in parsed.all("a") if "one" in a["href"]] == ["../one/report.html"]
    assert parsed.open == []
    assert notes(differences(compare([pair / "one", pair / "two"])))[0] in parsed.text.replace(
        "  ", " "
    )
