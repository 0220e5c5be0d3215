"""The page about a sweep, its figures and its Markdown, for sweeps of every kind."""

import re
import subprocess
import sys

import pytest

from cnnspec.commands import main
from cnnspec.report.sweep import plot_files as drawing
from cnnspec.report.sweep.bar_plots import Spot, bars, range_of, values
from cnnspec.report.sweep.finalize import finalize
from cnnspec.report.sweep.front_plot import Dot, front
from cnnspec.runs.run import METRICS
from cnnspec.sweeps.folder import BEST, RESULTS, TABLE
from tests.report.test_page import HOSTILE, Page
from tests.support.paths import ROOT
from tests.support.sweep_folders import (
    GRID,
    fill,
    finished_sweep,
    graded,
    planned,
    scores,
    unfinished,
)

GRID_NAMES = ("depth", "filters", "loss")
SEEDS = """
model mlp
data fashion_mnist_mini
let factor = 1e-4
flatten; dense 16 relu l2=(factor); dense 10 softmax
train { epochs 3; runs 3 }
sweep { factor in 1e-6, 1e-5, 1e-4, 5e-4, 1e-3 }
"""


@pytest.fixture(scope="module")
def concluded(tmp_path_factory):
    sweep = finished_sweep(tmp_path_factory.mktemp("sweeps"))
    warnings = []
    finalize(sweep, warn=warnings.append)
    assert warnings == []
    return sweep


def page_of(sweep):
    parsed = Page((sweep.folder / "report.html").read_text())
    assert parsed.open == []
    assert parsed.all("script") == []
    ids = [attrs["id"] for _, attrs in parsed.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    anchors = {a["href"][1:] for a in parsed.all("a") if a["href"].startswith("#")}
    assert anchors <= set(ids)
    for place, (tag, attrs) in enumerate(parsed.elements):
        if tag == "svg":
            assert attrs.get("aria-label") or parsed.elements[place + 1][0] == "title"
    return parsed


def test_everything_a_sweep_leaves_is_there(concluded):
    names = {path.name for path in concluded.folder.iterdir()}
    assert {RESULTS, TABLE, BEST, "report.html", "report"} <= names
    drawn = {path.name for path in (concluded.folder / "report").iterdir()}
    figures = ("points", "front_params", "front_macs", "effect_depth", "map_filters_depth")
    assert {f"{name}.{form}" for name in figures for form in ("png", "svg")} <= drawn
    assert "report.md" in drawn
    text = (concluded.folder / "report" / "report.md").read_text()
    assert all(
        (concluded.folder / "report" / n).is_file() for n in re.findall(r"\]\((.*?)\)", text)
    )


def test_the_page_tells_of_winners_points_costs_and_effects(concluded):
    parsed = page_of(concluded)
    for heading in ("Winners", "Points by test accuracy", "Best for their cost", "Pairs of names"):
        assert heading in parsed.text
    assert "cnnspec train grid-sweep-1/best.cnn --threads 1" in parsed.text
    assert "cnnspec sweep --resume" not in parsed.text
    assert len(parsed.all("details")) == 3 + 1
    alts = [attrs.get("aria-label", "") for attrs in parsed.all("svg")]
    best = "3 of them are better than every cheaper one, from depth=2, filters=4, loss="
    assert any(best in alt for alt in alts)
    assert any(a.startswith("Mean test accuracy by depth, over all other values: 1") for a in alts)


def test_swept_names_are_columns_and_points_are_named_under_the_pointer(concluded):
    text = (concluded.folder / "report.html").read_text()
    for title in ("Winners", "Points by test accuracy", "Best for their cost"):
        (table,) = re.findall(rf'aria-label="{title}, table">\s*<table.*?</table>', text, re.S)
        columns = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', table)
        assert [c for c in columns if c in GRID_NAMES] == ["depth", "filters", "loss"]
        assert columns[-1] == "folder"
    tips = re.findall(r"<title>(depth=.*?)</title>", text)
    assert {tip.partition(":")[0] for tip in tips} == {
        f"depth={p.values['depth']}, filters={p.values['filters']}, loss={p.values['loss']}"
        for p in concluded.plan.points
    }


def test_the_best_point_its_curves_and_all_names_are_drawn(concluded):
    drawn = {path.stem for path in (concluded.folder / "report").glob("*.svg")}
    assert {"curve_validation_accuracy", "curve_validation_loss", "parallel"} <= drawn
    assert "confusion_test" in drawn
    parsed = page_of(concluded)
    assert "The best: depth=2, filters=16, loss=categorical_crossentropy" in parsed.text
    assert any(tag == "desc" for tag, _ in parsed.elements)  # the drawing of the network


def test_folders_lead_to_the_reports_that_there_are(tmp_path, capsys):
    sweep = fill(planned(tmp_path, GRID.replace("filters in 4, 8, 16", "filters in 4")), graded)
    finalize(sweep)
    parsed = page_of(sweep)
    assert not [a for a in parsed.all("a") if not a["href"].startswith("#")]
    assert f"cnnspec report {sweep.folder.name} --points" in " ".join(parsed.text.split())
    assert main(["report", str(sweep.folder), "--points"]) == 0
    links = {a["href"] for a in page_of(sweep).all("a") if not a["href"].startswith("#")}
    assert links == {f"{point.name}/report.html" for point in sweep.plan.points}
    assert all((sweep.folder / link).is_file() for link in links)
    finalize(sweep, best_points=True)
    point = str(sweep.folder / sweep.plan.points[0].name)
    assert main(["report", point, "--points"]) == 2
    assert "`--points` is for sweeps" in capsys.readouterr().err


def test_interactions_are_tested_over_seeds_or_said_to_be_unknown(tmp_path, concluded):
    assert "whether an interaction is chance cannot be told" in page_of(concluded).text
    text = GRID.replace("train { ", "train { runs 3; ").replace("depth in 1, 2", "depth in 1")

    def figures(point, seed):
        both = point.values == {"depth": "1", "filters": "16", "loss": "poisson"}
        return scores(0.6 + 0.1 * both + 0.001 * seed, 0.5)

    sweep = fill(planned(tmp_path, text), figures)
    finalize(sweep)
    told = " ".join(page_of(sweep).text.split())
    # 6 points of 3 seeds: 2 degrees of freedom of the pair, 12 of the error, whose mean square is
    # 1e-6. The mean squares of the pair: 3 * 0.1^2 * (1 - 1/3) * (1 - 1/2) / 2 = 0.005.
    assert "5000.00 2 and 12 < 0.001 act together" in told


def test_a_sweep_of_one_name_is_a_bar_for_each_value_with_its_spread(tmp_path):
    accuracy = {"1e-06": 97, "1e-05": 98, "0.0001": 98.5, "0.0005": 97.5, "0.001": 96}

    def figures(point, seed):
        return scores(accuracy[point.values["factor"]] / 100 + seed / 1000, 0.1)

    sweep = fill(planned(tmp_path, SEEDS), figures)
    results = finalize(sweep)
    found = drawing.figures(results)
    # Every point costs the same, and nothing can be taken together.
    assert list(found) == ["points", "curves"]
    (bars,) = found["points"]
    assert bars.title == "Test accuracy by factor"
    assert "0.0001 0.9870" in bars.alt
    assert "0.9870 ± 0.0010" in bars.svg
    assert "the axis begins at 0.9" in bars.svg
    assert "what l1 and l2 add" in page_of(sweep).text


def test_sweep_without_a_finished_point_has_a_page(tmp_path):
    sweep = planned(tmp_path)
    finalize(sweep)
    parsed = page_of(sweep)
    assert "12 points: 12 waiting" in parsed.text
    assert parsed.all("svg") == []
    assert "cnnspec sweep --resume grid-sweep-1" in parsed.text


def test_one_finished_point_is_the_winner_of_one(tmp_path):
    sweep = planned(tmp_path)
    alone = sweep.plan.points[3].name
    fill(sweep, lambda point, seed: graded(point) if point.name == alone else None)
    assert finalize(sweep).winners.chosen.name == alone
    assert "1 finished, 11 waiting" in page_of(sweep).text


def test_page_lists_points_that_failed_or_were_dropped(tmp_path):
    sweep = finished_sweep(tmp_path, text=GRID + "budget params <= 10k")
    first, second, *_ = sweep.trials()
    (first.run.folder / METRICS).unlink()
    first.fail("CNN907", "the loss is <b>NaN</b>")
    unfinished(sweep, second.point.name)
    finalize(sweep)
    parsed = page_of(sweep)
    assert "CNN907 the loss is <b>NaN</b>" in parsed.text
    assert "CNN301 budget params <= 10,000" in parsed.text
    assert "Points dropped" in parsed.text
    assert "begun" in parsed.text


@pytest.mark.parametrize("names", HOSTILE[:3])
def test_names_are_escaped_in_the_page(tmp_path, names):
    sweep = planned(tmp_path)
    hostile = [
        point.replace(values={**point.values, "depth": names}, name=f"p{place}")
        for place, point in enumerate(sweep.plan.points)
    ]
    swept = {**sweep.plan.names, "depth": (names, "2")}
    sweep.plan = sweep.plan.replace(points=tuple(hostile), names=swept, source=names)
    fill(sweep, lambda point, seed: scores(0.5 + len(point.name) / 100, 0.1))
    finalize(sweep, warn=lambda problem: pytest.fail(str(problem)))
    parsed = page_of(sweep)
    assert names in parsed.text


def test_a_page_of_a_thousand_points_is_small(tmp_path):
    text = """
    data fashion_mnist_mini
    let f = 1; let rate = 1e-3; let share = 0.1
    conv (f)x3 relu; dropout (share); gap; dense 10 softmax
    train { optimizer adam((rate)) }
    sweep { f in 1..25; share in 0.1, 0.2, 0.3, 0.4; rate in 1e-1, 1e-2, 1e-3, 1e-4, 1e-5
            epochs in 1, 2 }
    """
    sweep = planned(tmp_path, text)
    assert len(sweep.plan.points) == 1000
    for place, trial in enumerate(sweep.trials()):
        # Only what the results of a sweep are read from; a thousand whole runs take long.
        trial.run.folder.mkdir()
        trial.run.write_json(METRICS, scores(0.9 - 0.3 / (place % 97 + 1), 0.1))
    finalize(sweep)
    page = sweep.folder / "report.html"
    assert page.stat().st_size < 2_000_000
    parsed = page_of(sweep)
    assert "and 800 more in results.csv" in parsed.text
    assert len((sweep.folder / TABLE).read_text().splitlines()) == 1001


def test_a_page_that_cannot_be_written_is_a_warning(tmp_path):
    sweep = finished_sweep(tmp_path)
    (sweep.folder / "report").write_text("in the way")
    warnings = []
    finalize(sweep, warn=warnings.append)
    assert [w.code for w in warnings] == ["CNN916"]
    assert f"cnnspec report {sweep}" in warnings[0].help
    assert (sweep.folder / TABLE).is_file()


def test_the_report_is_written_again_by_another_figure_or_elsewhere(tmp_path, capsys):
    sweep = finished_sweep(tmp_path)
    point = str(sweep.folder / sweep.plan.points[0].name)
    assert main(["report", str(sweep.folder), point]) == 0
    assert capsys.readouterr().out.splitlines() == [
        str(sweep.folder / "report.html"),
        f"{point}/report.html",
    ]
    out = tmp_path / "out"
    assert main(["report", str(sweep.folder), "--by", "val_loss", "--out", str(out)]) == 0
    assert "Points by validation loss" in (out / "grid-sweep-1" / "report.html").read_text()
    assert "by validation loss" in (out / "grid-sweep-1" / BEST).read_text()
    assert main(["report", point, "--by", "f1"]) == 2
    assert "is for sweeps" in capsys.readouterr().err


@pytest.mark.parametrize("figures", [(0.5,), (0.1, 0.1), (0.0, 1.0), (0.97, 0.9701), (0.3, 0.999)])
def test_plots_accept_extreme_figures(figures):
    low, high = range_of(figures, ())
    assert low < min(figures) <= max(figures) < high
    dots = [Dot(100 * (n + 1), figure) for n, figure in enumerate(figures)]
    figure = front("t", "parameters", dots, [dots[0]], [("1", dots[0])])
    figure.canvas.draw()
    spots = [Spot(str(f), f, 0.01, [f]) for f in figures]
    bars("t", spots, 0).canvas.draw()
    values("t", spots, (low, high)).canvas.draw()


def test_results_need_no_numpy(tmp_path):
    sweep = finished_sweep(tmp_path)
    code = (
        "import sys; from cnnspec.report.sweep.finalize import finalize;"
        "from cnnspec.sweeps.folder import Sweep; from cnnspec.report.sweep.writing import lines;"
        "lines(finalize(Sweep.open(sys.argv[1]), page=False));"
        "print('loaded:', *{'keras', 'numpy', 'matplotlib', 'jinja2'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, str(sweep.folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "loaded:\n"
