"""What is read of a sweep folder: rows, winners, fronts, effects, and the files made of them."""

import csv
import io
import json

import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.terminal import plain
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.sources import read_source
from cnnspec.ir.claims import METRIC_NAMES
from cnnspec.report.sweep.finalize import finalize
from cnnspec.report.sweep.writing import csv as csv_of
from cnnspec.report.sweep.writing import lines, markdown
from cnnspec.runs.run import HISTORY, METRICS, Run
from cnnspec.sweeps.folder import BEST, FAILURE, RESULTS, ROUNDS, TABLE, Sweep
from cnnspec.sweeps.halving import Round
from cnnspec.sweeps.results import Results
from tests.support.sweep_folders import (
    GRID,
    fill,
    finished_sweep,
    graded,
    planned,
    scores,
    unfinished,
)

CROSS, POISSON = "categorical_crossentropy", "poisson"
BEST_POINT = f"grid_2-16-{CROSS}"


@pytest.fixture
def sweep(tmp_path):
    return finished_sweep(tmp_path)


def row(results, name):
    return next(row for row in results.rows if row.name == name)


def test_each_point_is_a_row_in_the_order_of_the_plan(sweep):
    results = Results.read(sweep)
    assert [r.name for r in results.rows] == [p.name for p in sweep.plan.points]
    found = row(results, BEST_POINT)
    assert found.finished
    assert found.values == {"depth": "2", "filters": "16", "loss": CROSS}
    assert (found.point.params, found.loss_function) == (16_330, CROSS)
    assert set(found.metrics) == set(METRIC_NAMES)
    assert found.mean("accuracy") == 0.92
    assert results.states == {"finished": 12}
    assert results.seconds == 30


def test_a_sweep_without_any_training_has_rows_and_no_winner(tmp_path):
    results = finalize(planned(tmp_path), page=False)
    assert results.states == {"waiting": 12}
    assert results.winners.chosen is None
    assert not (results.sweep.folder / BEST).exists()
    assert "12 points: 12 waiting" in plain(lines(results))
    assert len(csv_of(results).splitlines()) == 13


def test_row_has_the_state_of_its_point(sweep):
    names = [point.name for point in sweep.plan.points]
    folder = sweep.folder
    unfinished(sweep, names[0], epochs=2)
    unfinished(sweep, names[1])
    (folder / names[2] / METRICS).write_text('{"test"')
    (folder / names[3] / METRICS).write_text('{"test": [1], "epochs": 3}')
    (folder / names[4] / METRICS).unlink()
    next(t for t in sweep.trials() if t.point.name == names[4]).fail("CNN907", "the loss is NaN")
    (folder / names[5] / METRICS).unlink()
    (folder / names[5] / FAILURE).write_text("[]")
    unfinished(sweep, names[6])
    (folder / names[6] / HISTORY).write_text("7")
    decided = Round(1, "val_accuracy", dict.fromkeys(names), tuple(names[1:]))
    Run(folder).write_json(ROUNDS, [decided.dump()])
    results = finalize(sweep, page=False)
    states = [row.state for row in results.rows]
    assert states[:7] == ["stopped early", "begun", *["damaged"] * 2, "failed", *["damaged"] * 2]
    assert set(states[7:]) == {"finished"}
    ended = results.rows[0]
    assert (ended.mean("val_accuracy"), ended.mean("accuracy"), ended.mean("epochs")) == (
        0.75,
        None,
        2,
    )
    assert results.rows[4].reason == "CNN907 the loss is NaN"
    assert "damaged" in results.rows[2].reason
    assert [r.state for r in results.sorted()[:5]] == ["finished"] * 5
    told = plain(lines(results))
    assert "those were the better ones" in told
    assert "5 finished, 1 stopped early, 1 failed, 4 damaged, 1 begun" in told
    assert "CNN907 the loss is NaN" in told
    (folder / ROUNDS).write_text("{")
    assert Results.read(sweep).rows[0].state == "begun"


def test_seeds_are_mean_and_spread_and_all_must_have_finished(tmp_path):
    text = GRID.replace("train { ", "train { runs 2; ").replace("depth in 1, 2", "depth in 1")
    sweep = fill(planned(tmp_path, text), lambda p, seed: scores(0.8 + 0.01 * seed, 0.5))
    first = sweep.plan.points[0].name
    (sweep.folder / first / "seed-2" / METRICS).unlink()
    second = next(t for t in sweep.trials() if t.name == f"{sweep.plan.points[1].name} seed 1")
    (second.run.folder / METRICS).unlink()
    second.fail("CNN911", "no memory")
    results = Results.read(sweep)
    assert [row.state for row in results.rows[:3]] == ["begun", "failed", "finished"]
    assert results.rows[1].reason == "seed 1: CNN911 no memory"
    found = results.rows[2].metrics["accuracy"]
    assert f"{found:.4f}" == "0.8150 ± 0.0071"
    assert results.winners.best is results.rows[2]
    assert "0.8150 ± 0.0071" in plain(lines(results))


@pytest.mark.parametrize("key", [*METRIC_NAMES, "params", "macs", "epochs", "seconds"])
def test_the_best_come_first_and_what_has_not_finished_last(sweep, key):
    unfinished(sweep, BEST_POINT)
    found = Results.read(sweep).sorted(key)
    assert found[-1].name == BEST_POINT
    values = [row.mean(key) for row in found if row.finished and row.loss_function == CROSS]
    assert values == sorted(values, reverse=key.endswith(("accuracy", "f1")))


def test_rows_can_be_in_the_order_of_a_name(sweep):
    results = Results.read(sweep)
    assert [r.values["filters"] for r in results.sorted("filters")] == ["4"] * 4 + ["8"] * 4 + [
        "16"
    ] * 4
    assert results.sorted("name")[0].name == f"grid_1-16-{CROSS}"
    with pytest.raises(KeyError):
        results.sorted("beauty")


def test_a_loss_has_a_winner_for_each_function_and_accuracy_one_for_all(sweep):
    found = Results.read(sweep).winners
    assert found.best is found.chosen
    assert found.best.name == BEST_POINT
    assert {f: r.name for f, r in found.of_loss.items()} == {
        CROSS: BEST_POINT,
        POISSON: f"grid_2-16-{POISSON}",
    }
    assert found.of_both == found.of_loss


def test_winner_by_loss_and_by_accuracy_can_differ(tmp_path):
    def figures(point, seed):
        found = graded(point)
        if point.name == f"grid_1-4-{POISSON}":
            found["test"]["loss"] = 0.001
        return found

    results = Results.read(fill(planned(tmp_path), figures), "loss")
    found = results.winners
    assert found.of_loss[POISSON].name == f"grid_1-4-{POISSON}"
    assert set(found.of_both) == {CROSS}
    # Losses of two functions: of their winners the one with the better accuracy.
    assert found.chosen.name == BEST_POINT
    told = plain(lines(results))
    assert "no point has both" in told
    best = f"best.cnn is depth=2, filters=16, loss={CROSS}"
    assert f"{best}: the least test loss and, of these, the best test" in told


def test_of_equal_points_the_smaller_wins(tmp_path):
    sweep = fill(planned(tmp_path), lambda point, seed: scores(0.9, 0.1))
    assert Results.read(sweep).winners.best.point.params == min(
        point.params for point in sweep.plan.points
    )


def test_notes_say_what_flatters_and_what_does_not_compare(tmp_path):
    losses, flatter = Results.read(finished_sweep(tmp_path / "a")).cautions
    assert "do not compare" in losses
    assert "`--by val_accuracy`" in flatter
    assert len(Results.read(finished_sweep(tmp_path / "b"), "val_f1").cautions) == 1
    one = GRID.replace("loss in categorical_crossentropy, poisson", f"loss in {POISSON}")
    test = one.replace("validation 0.1", "validation test")
    assert Results.read(fill(planned(tmp_path / "c", test), graded)).cautions == []


def test_without_labels_of_the_test_images_validation_chooses(tmp_path):
    def figures(point, seed):
        found = graded(point)
        del found["test"]
        return found

    results = Results.read(fill(planned(tmp_path), figures))
    assert (results.by, results.winners.best.name) == ("val_accuracy", BEST_POINT)
    assert "No point has a test accuracy" in results.cautions[0]


def test_the_front_has_the_points_that_no_cheaper_one_is_as_good_as(sweep):
    front = Results.read(sweep).front("params")
    assert [row.name for row in front] == [f"grid_2-{n}-{CROSS}" for n in (4, 8, 16)]
    for row in Results.read(sweep).rows:
        as_good = [
            each
            for each in front
            if each.known("params") <= row.known("params")
            and each.known("accuracy") >= row.known("accuracy")
        ]
        assert as_good


def test_the_effect_of_a_name_is_taken_over_all_others(sweep):
    found = Results.read(sweep).effects
    assert list(found) == ["filters", "depth", "loss"]
    one, two = found["depth"]
    assert (one.value, one.points, two.points) == ("1", 6, 6)
    assert two.found.mean - one.found.mean == pytest.approx(0.02)
    assert (one.low, one.high) == (0.83, 0.9)


def test_csv_has_every_point_and_no_formula(sweep):
    rows = list(csv.DictReader(io.StringIO(csv_of(Results.read(sweep)))))
    assert len(rows) == 12
    best = rows[4 + 6]
    assert (best["name"], best["depth"], best["loss"]) == (BEST_POINT, "2", CROSS)
    assert (best["test_accuracy"], best["test_accuracy_sd"], best["state"]) == (
        "0.92",
        "",
        "finished",
    )


def test_a_name_that_is_also_a_column_is_told_apart(tmp_path):
    text = (
        "let params = 4; conv (params)x3; gap; dense 10; sweep { params in 4, 8; epochs in 1, 2 }"
    )
    sweep = planned(tmp_path, text)
    sweep.trials_of(sweep.plan.points[0]).__next__().fail("CNN907", "=cmd()")
    (first, *_) = csv.DictReader(io.StringIO(csv_of(Results.read(sweep))))
    assert (first["swept_params"], first["params"], first["swept_epochs"]) == ("4", "90", "1")
    assert first["reason"] == "CNN907 =cmd()"


def test_the_best_point_is_a_spec_that_says_where_it_comes_from(sweep):
    results = finalize(sweep, page=False)
    text = (sweep.folder / BEST).read_text()
    found = check(read_source(str(sweep.folder / BEST)))
    assert found.ok
    assert str(found.spec) == str(results.winners.chosen.point.spec)
    assert "by test accuracy: depth=2, filters=16" in text
    assert "# test accuracy 0.9200, test macro F1 0.9100, test loss 0.1800\n" in text
    assert "cnnspec train best.cnn --threads 1\n" in text
    unfinished(sweep, BEST_POINT)
    finalize(sweep, page=False)
    assert "filters=16, loss=poisson" in (sweep.folder / BEST).read_text()


def test_the_best_point_finds_data_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = GRID.replace("data fashion_mnist_mini", 'data "mine/x.npz"; input 28x28x1; classes 10')
    sweep = fill(planned(tmp_path / "runs", text), graded)
    finalize(sweep, page=False)
    found = check(read_source(str(sweep.folder / BEST))).spec
    assert found.data.source == "../../mine/x.npz"


def test_the_document_holds_everything(sweep):
    finalize(sweep, page=False)
    found = json.loads((sweep.folder / RESULTS).read_text())
    assert found["winners"]["chosen"] == BEST_POINT
    assert found["points"][0]["metrics"]["accuracy"] == {
        "mean": 0.84,
        "deviation": None,
        "values": 1,
    }
    assert found["effects"]["depth"][0]["points"] == 6
    assert len(found["fronts"]["macs"]) == 4
    assert (sweep.folder / TABLE).is_file()


def test_dropped_points_are_counted_with_their_reason(tmp_path):
    results = Results.read(fill(planned(tmp_path, GRID + "budget params <= 10k"), graded))
    told = plain(lines(results, 2))
    assert "; 6 more were dropped by the check" in told
    assert "CNN301 budget params <= 10,000       6" in told
    assert "and 4 more in results.csv" in told
    assert results.dump()["dropped"]["points"][0]["code"] == "CNN301"


def test_markdown_holds_no_markup_of_the_names(sweep):
    text = markdown(Results.read(sweep))
    assert "| grid\\_2-16-categorical\\_crossentropy |\n" in text
    assert "| depth | filters | loss | parameters | MACs |" in text


def test_swept_names_are_columns_of_the_terminal(sweep):
    told = plain(lines(Results.read(sweep)))
    assert "\ndepth  filters  loss                      parameters" in told
    assert "grid_2-16" not in told


def test_compare_takes_a_sweep_and_what_stands_beside_it(sweep, tmp_path, capsys):
    assert main(["compare", str(sweep.folder), "--sort", "accuracy", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["runs"]) == 12
    assert found["runs"][0]["name"] == BEST_POINT
    names = [point.name for point in sweep.plan.points]
    (sweep.folder / names[0] / METRICS).write_text("{")
    (sweep.folder / names[1] / METRICS).unlink()
    next(t for t in sweep.trials() if t.point.name == names[1]).fail("CNN907", "NaN")
    (sweep.folder / names[2] / "environment.json").write_text("{")
    unfinished(sweep, names[3])
    other = finished_sweep(tmp_path / "other").folder / names[0]
    assert main(["compare", str(sweep.folder), str(other)]) == 0
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1 + 12 - 2 + 1
    assert "2 of 12 points of grid-sweep-1 have nothing to compare: " in captured.err
    assert "1 damaged" in captured.err
    assert "environment.json is damaged" in captured.err
    assert f"not of every seed: {names[3]}." in captured.err


def test_damaged_plan_is_reported_by_name(sweep, capsys):
    (sweep.folder / "sweep.json").write_text("{}")
    with pytest.raises(CnnspecError):
        Sweep.open(sweep.folder)
    assert main(["compare", str(sweep.folder)]) == 3
    assert "sweep.json is damaged" in capsys.readouterr().err


def test_history_is_all_that_is_needed_of_a_point_under_way(tmp_path):
    sweep = planned(tmp_path)
    run = next(sweep.trials()).run
    run.folder.mkdir()
    run.write_json("ir.json", {})
    (run.folder / HISTORY).write_text('[{"epoch": 1, "val_accuracy": 0.5, "val_loss": NaN}]')
    (found, *_) = Results.read(sweep).rows
    assert found.state == "begun"
    assert {key: each.mean for key, each in found.metrics.items()} == {"val_accuracy": 0.5}


@pytest.mark.parametrize(
    ("name", "text"), [(METRICS, "7"), (FAILURE, "[]"), (HISTORY, "{}"), (METRICS, '{"te')]
)
def test_malformed_results_are_reported_and_trained_again(sweep, name, text):
    first = next(iter(sweep.trials()))
    (first.run.folder / name).write_text(text)
    told = []
    sweep.repair(told.append)
    assert [f"{name} is damaged: " in fault.message for fault in told] == [True]
    assert not (first.run.folder / name).exists()


def test_columns_are_the_names_that_vary_with_their_values_in_order(tmp_path):
    sweep = planned(tmp_path, GRID.replace("depth in 1, 2", "depth in 2"))
    assert Results.read(sweep).columns == {
        "filters": ("4", "8", "16"),
        "loss": ("categorical_crossentropy", "poisson"),
    }
    # A name that was drawn from a range has no list of values.
    sweep.plan = sweep.plan.replace(names={**sweep.plan.names, "filters": ()})
    assert Results.read(sweep).columns["filters"] == ("4", "8", "16")
