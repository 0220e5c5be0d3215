"""Sweeps and comparisons from Python: opened, shown, compared. docs/python.md trains one."""

import pytest

import cnnspec
from cnnspec.api.network import swept
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.runs.run import METRICS
from cnnspec.sweeps.folder import FAILURE
from tests.api.test_network import well_formed
from tests.support.run_folders import make
from tests.support.sweep_folders import finished_sweep, planned, unfinished

TEXT = (
    "model tiny; data fashion_mnist_mini; let f = 2; pool 4; conv (f)x3 relu; dense 10 softmax;"
    "train { epochs 1; batch 500 }"
)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    return cnnspec.open_run(finished_sweep(tmp_path_factory.mktemp("sweeps")).folder)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "sweeps nothing"),
        ({"over": {"filterz": [1]}}, "there is no `let` and no training setting named `filterz`"),
        ({"over": {"f": [1, 2]}, "by": "f2"}, "'f2' is not a metric"),
        ({"over": {"f": [1, 2]}, "stop_early": "asha"}, "it can be 'halving'"),
        ({"over": {"batch": [1, 2, 3]}, "max_runs": 2}, "this sweep has more than 2 trainings"),
        ({"over": {"f": [40, 50]}}, "no point of <text> is valid"),
    ],
)
def test_what_cannot_be_swept_is_told_and_leaves_nothing(tmp_path, given, said):
    network = cnnspec.loads(TEXT + "; budget params <= 600")
    with pytest.raises(cnnspec.CnnspecError) as caught:
        network.sweep(tmp_path, backend="native", **given)
    assert said in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_values_of_python_become_those_of_a_sweep():
    source = swept(Source("x", "dense 10"), {"batch": [1, 2], "optimizer": ["sgd(0.1)", "adam"]})
    assert source.text == "dense 10\n\nsweep { batch in 1, 2; optimizer in sgd(0.1), adam }\n"


def test_a_sweep_shows_what_the_command_prints(sweep, capsys):
    assert main(["report", str(sweep.run)]) == 0
    text = str(sweep)
    assert text.startswith("grid, 12 points: 12 finished\n\nPoints by test accuracy")
    assert repr(sweep) == f"<Sweep grid in {sweep.run}, 12 points: 12 finished>"
    again = cnnspec.open_run(sweep.run)
    assert again.report == sweep.run / "report.html"
    assert {"points", "front_params", "front_macs", "effect_depth"} <= set(again.figures)
    page = well_formed(again._repr_html_())
    cells = [cell.text for cell in page.iter("td")]
    assert cells[:2] == ["16", "categorical_crossentropy"]
    shown = [image.get("alt") for image in page.iter("img")]
    assert len(shown) >= 4
    assert any("over parameters" in alt for alt in shown)
    (link,) = page.iter("a")
    assert link.get("href").endswith("report.html")


def test_points_are_chosen_by_another_metric(sweep):
    assert sweep.best.run.name == "grid_2-16-categorical_crossentropy"
    assert "Points by validation accuracy" in str(sweep.by("val_accuracy"))
    with pytest.raises(cnnspec.CnnspecError, match="it can be accuracy, f1"):
        sweep.by("accurracy")
    with pytest.raises(KeyError):
        _ = sweep["grid_9"]
    assert len(sweep) == 12


def test_an_unfinished_sweep_says_so(tmp_path):
    kept = finished_sweep(tmp_path)
    unfinished(kept, "grid_1-4-poisson")
    assert not cnnspec.open_run(kept.folder).ok
    empty = cnnspec.open_run(planned(tmp_path).folder)
    assert empty.best is None
    assert empty.figures == {}
    well_formed(empty._repr_html_())


def test_a_failed_point_is_not_ok(tmp_path):
    kept = finished_sweep(tmp_path)
    trial = next(kept.trials())
    (trial.run.folder / METRICS).unlink()
    trial.fail("CNN908", "the loss is not a number")
    assert (trial.run.folder / FAILURE).is_file()
    sweep = cnnspec.open_run(kept.folder)
    assert not sweep.ok
    assert sweep.points[0].reason == "CNN908 the loss is not a number"


def test_networks_are_compared(tmp_path, sweep, capsys):
    first, second = (cnnspec.open_run(make(tmp_path / "runs").folder) for _ in range(2))
    compared = first.compare(second, sweep)
    assert compared.names[:2] == ("small-1", "small-2")
    assert len(compared) == len(compared.runs) == 14
    assert [each.run.name for each in compared.runs[:2]] == ["small-1", "small-2"]
    main(["compare", str(first.run), str(second.run), str(sweep.run)])
    printed = capsys.readouterr()
    assert str(compared).splitlines()[:15] == [line.rstrip() for line in printed.out.splitlines()]
    assert all(caution in printed.err for caution in compared.cautions)
    assert first.compare(second).compare(sweep).names == compared.names
    page = well_formed(first.compare(second)._repr_html_())
    assert [image.get("alt").split(",")[0] for image in page.iter("img")][:2] == ["Loss", "Loss"]
    out = first.compare(second).save(tmp_path / "page.html")
    assert "2 networks compared" in out.read_text("utf-8")
    with pytest.raises(cnnspec.CnnspecError, match="force=True"):
        first.compare(second).save(out)


def test_a_folder_is_opened_as_what_it_holds(tmp_path):
    make(tmp_path / "one")
    assert isinstance(cnnspec.open_run(tmp_path / "one"), cnnspec.Trained)
    assert cnnspec.open_run(tmp_path / "one").run == tmp_path / "one" / "small-1"
    make(tmp_path / "one")
    both = cnnspec.open_run(tmp_path / "one")
    assert isinstance(both, cnnspec.Comparison)
    assert both.names == ("small-1", "small-2")
    kept = finished_sweep(tmp_path / "one")
    assert isinstance(cnnspec.open_run(kept.folder), cnnspec.Sweep)
    assert len(cnnspec.open_run(tmp_path / "one")) == 14
    assert cnnspec.open_run(tmp_path / "one" / "@last").run.parent == tmp_path / "one"
    (tmp_path / "none").mkdir()
    with pytest.raises(cnnspec.CnnspecError, match="not a run folder"):
        cnnspec.open_run(tmp_path / "none")
