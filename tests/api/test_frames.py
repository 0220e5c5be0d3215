"""Runs, sweeps and comparisons as data frames: their shapes, types, and the way out and back."""

import builtins
import importlib.util
import io

import pandas as pd
import pytest

import cnnspec
from cnnspec.api import frames
from cnnspec.diagnostics import packages
from cnnspec.ir.claims import METRIC_NAMES
from cnnspec.runs.run import METRICS
from tests.support.run_folders import TEXT, history, make, metrics
from tests.support.sweep_folders import GRID, fill, finished_sweep, graded, planned, unfinished


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return cnnspec.open_run(make(tmp_path_factory.mktemp("runs")).folder)


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    for seed, accuracy in ((3, 0.8), (4, 0.9)):
        text = TEXT.replace("seed 7", f"seed {seed}")
        make(folder, text, f"seed-{seed}", metrics=metrics(accuracy))
    return cnnspec.open_run(folder)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    kept = finished_sweep(tmp_path_factory.mktemp("sweeps"))
    unfinished(kept, "grid_1-4-poisson", epochs=1)
    return cnnspec.open_run(kept.folder)


def back_and_forth(frame):
    """The frame after CSV and after Parquet, with nothing but pandas."""
    text, binary = io.StringIO(), io.BytesIO()
    frame.to_csv(text, index=False)
    frame.to_parquet(binary)
    text.seek(0)
    binary.seek(0)
    types = frame.dtypes.to_dict()
    yield pd.read_csv(text, dtype=types)
    yield pd.read_parquet(binary)


@pytest.mark.parametrize(
    ("of", "what"),
    [
        ("run", "epochs"),
        ("run", "seeds"),
        ("series", "epochs"),
        ("sweep", "points"),
        ("sweep", "seeds"),
        ("sweep", "epochs"),
        ("comparison", "runs"),
        ("comparison", "seeds"),
        ("comparison", "epochs"),
    ],
)
def test_every_frame_comes_back_from_csv_and_parquet(of, what, run, series, sweep):
    given = {"run": run, "series": series, "sweep": sweep}
    given["comparison"] = run.compare(series, sweep)
    frame = given[of].to_frame(what)
    assert len(frame) > 1 or (of, what) == ("run", "seeds")
    for again in back_and_forth(frame):
        pd.testing.assert_frame_equal(again, frame, check_exact=True)


def test_a_row_for_each_epoch_of_each_seed(series):
    frame = series.to_frame()
    recorded = history()
    assert list(frame.columns[:3]) == ["run", "seed", "epoch"]
    assert set(frame.columns[3:]) == set(recorded[0]) - {"epoch"}
    assert list(frame["seed"]) == [3, 3, 3, 4, 4, 4]
    assert list(frame["epoch"]) == [1, 2, 3] * 2
    assert list(frame["val_loss"]) == [epoch["val_loss"] for epoch in recorded] * 2
    types = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert types == {
        **dict.fromkeys(frame.columns, "float64"),
        "run": "string",
        "seed": "int64",
        "epoch": "int64",
    }


def test_a_row_for_each_seed(series):
    frame = series.to_frame("seeds")
    assert list(frame.columns) == [
        *("run", "seed", "epochs", "best_epoch", "seconds"),
        *METRIC_NAMES,
    ]
    assert list(frame["accuracy"]) == [0.8, 0.9]
    assert list(frame["val_accuracy"]) == [0.91, 0.91]
    assert str(frame["best_epoch"].dtype) == "Int64"
    assert frame["accuracy"].std() == pytest.approx(series.scores["test"]["accuracy"].deviation)


def test_a_run_under_way_has_epochs_and_no_scores(tmp_path):
    run = cnnspec.open_run(make(tmp_path, without=(METRICS,)).folder)
    assert len(run.to_frame()) == 3
    (row,) = run.to_frame("seeds").to_dict("records")
    assert pd.isna(row["accuracy"])
    assert pd.isna(row["epochs"])


def test_a_row_for_each_point_with_the_types_of_its_values(sweep):
    frame = sweep.to_frame()
    assert len(frame) == 12
    # `loss` is swept and measured.
    assert list(frame.columns[:5]) == ["point", "depth", "filters", "swept_loss", "state"]
    types = frame.dtypes.astype(str)
    assert list(types[["depth", "filters", "swept_loss", "loss"]]) == [
        *("int64", "int64", "string", "float64"),
    ]
    best = frame.set_index("point").loc["grid_2-16-categorical_crossentropy"]
    assert best["accuracy"] == 0.80 + 0.02 * 2 + 0.005 * 16
    under_way = frame.set_index("point").loc["grid_1-4-poisson"]
    assert under_way["state"] == "begun"
    assert pd.isna(under_way["accuracy"])
    assert under_way["val_accuracy"] == 0.5
    means = frame[frame["state"] == "finished"].groupby("filters")["accuracy"].mean()
    effects = {int(e.value): e.found.mean for e in sweep._results.effects["filters"]}
    assert means.to_dict() == pytest.approx(effects)


def test_seeds_and_epochs_of_a_sweep(tmp_path):
    text = GRID.replace("epochs 3;", "epochs 3; runs 2;").replace("depth in 1, 2", "depth in 2")
    kept = planned(tmp_path, text)
    fill(kept, lambda point, seed: graded(point) if point.values["filters"] != "4" else None)
    sweep = cnnspec.open_run(kept.folder)
    seeds = sweep.to_frame("seeds")
    assert len(seeds) == 3 * 2 * 2
    assert dict(seeds["state"].value_counts()) == {"finished": 8, "waiting": 4}
    assert list(seeds.columns[:6]) == ["point", "depth", "filters", "swept_loss", "seed", "state"]
    epochs = sweep.to_frame("epochs")
    assert len(epochs) == 8 * 3
    assert "state" not in epochs.columns


def test_a_comparison_has_a_row_for_each_network(run, series, sweep):
    compared = run.compare(series, sweep.run)
    frame = compared.to_frame()
    assert tuple(frame["name"]) == compared.names
    assert list(frame["seeds"][:2]) == [1, 2]
    assert frame["accuracy"][1] == pytest.approx(0.85)
    assert frame["accuracy_sd"][1] == pytest.approx(0.0707, abs=1e-4)
    assert not {"params_sd", "macs_sd"} & set(frame.columns)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (("1", "2"), "int64"),
        (("1", "0.5"), "float64"),
        (("1e-3",), "float64"),
        (("1", "x"), "string"),
    ],
)
def test_swept_values_are_numbers_where_all_are(values, kind):
    found = frames.value_columns([{"v": value} for value in values], ())
    assert found == {"v": kind}
    assert [str(frames.typed({"v": v}, found)["v"]) for v in values]


def test_another_word_is_told_what_there_is(run, sweep):
    with pytest.raises(ValueError, match="'epoch'; there are 'epochs', 'seeds'"):
        run.to_frame("epoch")
    with pytest.raises(ValueError, match="there are 'points', 'seeds', 'epochs'"):
        sweep.to_frame("runs")


def test_without_pandas_the_extra_is_named(run, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        packages, "find_spec", lambda name: None if name == "pandas" else real(name)
    )
    with pytest.raises(cnnspec.CnnspecError, match=r"pip install 'cnnspec\[frames\]'"):
        run.to_frame()


def test_pandas_is_loaded_by_nothing_else(run, monkeypatch):
    real = builtins.__import__

    def refusing(name, *rest):
        assert name.partition(".")[0] != "pandas"
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refusing)
    assert str(run.compare(run.run))
    assert repr(run)
