"""cnnspec from Python: the same findings, costs and runs as the commands give."""

import doctest
import json
import sys
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

import cnnspec
from cnnspec.api import check_result, markup, network, trained
from cnnspec.api.picture import Picture
from cnnspec.commands import main
from cnnspec.core.table import Table
from cnnspec.core.terminal import in_notebook
from cnnspec.runs.run import Run
from cnnspec.runs.seeds import MeanStd
from tests.support.paths import ROOT

TEXT = (
    "model small; data fashion_mnist_mini; let f = 4; conv (f)x3 relu; pool 2; dense 10 softmax;"
    "budget params <= 10k; expect accuracy >= 0.1; expect loss <= 0.01;"
    "train { epochs 1; batch 250; metrics accuracy f1 }"
)
HOSTILE = "<script>alert(1)</script>\"'&\x1b[31m"


@pytest.fixture(scope="module")
def run(tmp_path_factory, backend):
    return cnnspec.loads(TEXT).train(tmp_path_factory.mktemp("runs"), offline=True, epochs=2)


@pytest.fixture(scope="module")
def series(tmp_path_factory, backend):
    network = cnnspec.loads(TEXT).set(runs=2, seed=3)
    return network.train(tmp_path_factory.mktemp("runs"), report=False)


def well_formed(html):
    """The HTML as a tree; every element is closed, as XML has it."""
    closed = html.replace("<br>", "<br/>").replace('background:white">', 'background:white"/>')
    return ElementTree.fromstring(f"<div>{closed}</div>")


@pytest.mark.parametrize("module", [check_result, network, trained])
def test_the_examples_in_docstrings_are_true(module):
    assert doctest.testmod(module).failed == 0


def test_there_are_examples():
    assert sum(doctest.testmod(module).attempted for module in (check_result, network)) >= 6


def test_everything_public_is_there_and_listed():
    for name in cnnspec.__all__:
        assert getattr(cnnspec, name) is not None
    assert set(cnnspec.__all__) <= set(dir(cnnspec))
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        _ = cnnspec.laod


@pytest.mark.parametrize("name", ["lenet5", "quickstart", "inception"])
def test_check_says_what_the_command_prints(name, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    path = f"specs/{name}.cnn"
    result = cnnspec.load(path).check()
    assert result.ok
    main(["check", path])
    assert str(result) == capsys.readouterr().out.rstrip()
    main(["check", path, "--explain"])
    assert capsys.readouterr().out.endswith(result.explain())
    main(["check", path, "--json"])
    (told,) = json.loads(capsys.readouterr().out)["files"]
    assert (result.params, result.macs) == (told["totals"]["params"], told["totals"]["macs"])
    for layer, row in zip(result.layers, told["layers"], strict=True):
        assert layer.dump().items() <= row.items()
    assert result.dump() == told


def test_findings_are_those_of_the_command_and_stop_what_needs_a_sound_spec(capsys):
    text = "conv 8x3 rleu; dense 9 softmax"
    result = cnnspec.loads(text, "<command line>").check()
    assert not result.ok
    assert [p.code for p in result.problems] == ["CNN102", "CNN206"]
    main(["check", "-e", text])
    shown = capsys.readouterr().err.rstrip()
    assert str(result).endswith(shown)
    network = cnnspec.loads(text, "<command line>")
    for ask in (network.build, network.train, network.draw):
        with pytest.raises(cnnspec.CnnspecError) as caught:
            ask()
        assert str(caught.value) == shown
        assert caught.value._render_traceback_() == shown.splitlines()
    assert str(network) == text


def test_a_file_that_is_missing_is_a_problem(tmp_path):
    with pytest.raises(cnnspec.CnnspecError, match="there is no file"):
        cnnspec.load(tmp_path / "no.cnn")
    with pytest.raises(cnnspec.CnnspecError, match="there is no run folder"):
        cnnspec.open_run(tmp_path / "no")
    with pytest.raises(cnnspec.CnnspecError, match="there is no run folder"):
        cnnspec.resume(tmp_path / "no")


def test_an_unknown_setting_is_shown_as_it_was_written():
    (error,) = cnnspec.loads("dense 10 softmax").set(epoch=1).check().problems
    assert (error.code, error.help) == ("CNN112", "did you mean `epochs`?")
    assert (error.span.text, error.span.source.text) == ("epoch", "set(epoch=1)")


def test_the_text_of_a_network_is_canonical():
    network = cnnspec.loads(TEXT)
    assert str(cnnspec.loads(str(network))) == str(network)
    assert "conv 4x3 relu" in str(network)
    assert "conv 9x3 relu" in str(network.set(f=9))
    assert "conv 4x3 relu" in str(network)


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ({"epochs": 3}, "epochs 3"),
        ({"optimizer": "adam(1e-4)"}, "optimizer adam(0.0001)"),
        ({"optimizer": "sgd(0.1)", "batch": 64}, "batch 64"),
        ({"class_weight": [1, 2.5, *[1] * 8]}, "class_weight 1, 2.5, 1"),
        ({"validation": 1e-1}, ""),
        ({"metrics": "f1"}, "metrics f1"),
    ],
)
def test_values_are_set_as_on_the_command_line(values, written):
    network = cnnspec.loads(TEXT).set(**values)
    assert network.check().ok
    assert written in str(network)


def test_values_of_the_wrong_type_are_refused():
    with pytest.raises(cnnspec.CnnspecError, match="is not a value"):
        cnnspec.loads(TEXT).set(epochs="3; dense 7")
    with pytest.raises(cnnspec.CnnspecError, match="is not a value"):
        cnnspec.loads(TEXT).set(epochs=object())
    with pytest.raises(cnnspec.CnnspecError, match="did you mean `epochs`"):
        cnnspec.loads(TEXT).train(epochz=3)


def test_the_model_is_compiled_and_follows_the_seed(backend):
    network = cnnspec.loads(TEXT)
    first, again, other = (network.build(seed=seed) for seed in (1, 1, 2))
    assert first.count_params() == network.check().params
    assert first.optimizer is not None
    kernels = [model.get_weights()[0] for model in (first, again, other)]
    assert np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])
    assert np.array_equal(network.build().get_weights()[0], kernels[0])


def test_a_picture_is_what_draw_writes_and_is_kept_once(tmp_path, capsys):
    picture = cnnspec.loads(TEXT).draw()
    main(["draw", "-e", TEXT])
    path = picture.save(tmp_path / "net.svg")
    assert path.read_text() == capsys.readouterr().out
    assert picture._repr_svg_().startswith("<svg")
    with pytest.raises(cnnspec.CnnspecError, match="force=True"):
        picture.save(path)
    Picture("<svg/>", "other").save(path, force=True)
    assert path.read_text().endswith("<svg/>\n")


def test_training_is_that_of_the_command(run, tmp_path, backend):
    assert main(["train", "-e", TEXT, "--epochs", "2", "--out", str(tmp_path)]) == 1
    ours, theirs = (
        Run(folder).read_json("metrics.json") for folder in (run.run, tmp_path / "small-1")
    )
    assert {**ours, "seconds": 0} == {**theirs, "seconds": 0}
    assert run.scores["test"] == {m: ours["test"][m] for m in ("accuracy", "f1", "loss")}
    assert len(run.history) == 2
    assert run.report == run.run / "report.html"
    assert [claim.holds for claim in run.claims] == [True, True, False]
    assert not run.ok
    assert sum(map(sum, run.confusion["test"])) == 1000
    assert run.labels[0] == "T-shirt/top"
    # A program's own command line is none of ours.
    assert Run(run.run).read_json("environment.json")["command"] == []


def test_a_run_is_opened_again(run):
    again = cnnspec.open_run(str(run.run))
    assert again.scores == run.scores
    assert str(again) == str(run)
    assert f"test         1,000    {run.scores['test']['accuracy']:.4f}" in str(run)
    assert "expect loss <= 0.01: " in str(run)
    assert "2 epochs" in repr(run)
    assert cnnspec.resume(run.run).history == run.history


def test_the_model_of_a_run_predicts(run, tmp_path, capsys):
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
    found = run.predict(images)
    assert found.shape == (5, 10)
    assert found.dtype == np.float32
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(run.model.predict_on_batch(images[..., None] / 255), found, atol=1e-5)
    np.savez(tmp_path / "few.npz", images=images)
    assert np.array_equal(run.predict(tmp_path / "few.npz"), found)
    capsys.readouterr()
    assert np.allclose(run.predict(images / 255), found, atol=1e-6)
    assert "times 255" in capsys.readouterr().err
    with pytest.raises(cnnspec.CnnspecError, match="the array has images of 27x28x1"):
        run.predict(images[:, 1:])


def test_figures_are_those_of_the_report(run):
    figures = run.figures
    assert {"loss", "accuracy", "f1", "confusion_test", "mistakes"} <= set(figures)
    kept = (run.run / "report" / "confusion_test.svg").read_text()
    assert kept.endswith(figures["confusion_test"].svg)
    assert "1,000 test images" in repr(figures["confusion_test"])


def test_seed_runs_give_mean_and_spread(series):
    assert [each.run.name for each in series.seeds] == ["seed-3", "seed-4"]
    accuracy = series.scores["test"]["accuracy"]
    assert isinstance(accuracy, MeanStd)
    single = [each.scores["test"]["accuracy"] for each in series.seeds]
    assert accuracy.mean == pytest.approx(sum(single) / 2)
    assert "±" in str(series)
    assert "2 seeds" in repr(series)
    assert [claim.holds for claim in series.claims] == [True, True, False]
    assert series.claims[1].value == f"{accuracy.mean:.4f}"
    assert series.report is None
    with pytest.raises(cnnspec.CnnspecError, match="several runs"):
        _ = series.model
    assert cnnspec.resume(series.run).scores == series.scores
    well_formed(series._repr_html_())


def test_a_run_without_results_says_so(run, tmp_path):
    network = cnnspec.loads(TEXT)
    bare = Run.create(tmp_path, network.check()._result.spec, network._source)
    opened = cnnspec.open_run(bare.folder)
    assert opened.scores == {}
    assert "There are no results yet" in str(opened)
    assert not opened.ok
    well_formed(opened._repr_html_())


def test_html_shows_the_figures_and_the_curves(run, monkeypatch):
    monkeypatch.chdir(run.run.parent.parent)
    page = well_formed(run._repr_html_())
    cells = [cell.text for cell in page.iter("td")]
    assert f"{run.scores['test']['accuracy']:.4f}" in cells
    assert "not held" in cells
    pictures = [image.get("alt") for image in page.iter("img")]
    assert [alt.split(" over")[0] for alt in pictures] == ["Loss", "Accuracy", "Macro F1"]
    (link,) = page.iter("a")
    assert link.get("href") == f"{run.run.parent.name}/small-1/report.html"


def test_html_escapes_whatever_a_spec_says(monkeypatch):
    text = f'data "{HOSTILE[:12]}.h5"; input 8x8x1; classes 2; conv 2x3 name=a; dense 3 softmax'
    result = cnnspec.loads(text, HOSTILE).check()
    assert result.problems
    html = result._repr_html_()
    assert "<script" not in html
    assert "\x1b" not in html
    well_formed(html)
    for piece in (
        markup.heading(HOSTILE, HOSTILE),
        Table((HOSTILE, "b"), ((HOSTILE, "1"),), "lr").html(styled=True),
        markup.preformatted(f"a\n{HOSTILE}"),
        markup.picture("<svg/>", HOSTILE),
        markup.link(HOSTILE, HOSTILE),
    ):
        assert "<script" not in piece
        assert "\x1b" not in piece
        well_formed(piece)


def test_html_is_the_table_of_the_layers():
    network = cnnspec.loads(TEXT)
    page = well_formed(network._repr_html_())
    rows = [[cell.text for cell in row] for row in page.iter("tr")]
    assert ["conv", "conv 4x3 relu", "26x26x4", "40", "24,336"] in rows
    assert ["budget params <= 10000", "6,810", "held"] in rows
    assert repr(network) == "<Network small: 6,810 parameters>"


def test_a_stopped_training_says_how_to_go_on_in_both_languages():
    stopped = cnnspec.Interrupted(2, "runs/it's-1")
    assert stopped.remedy == "cnnspec train --resume runs/it's-1"
    assert str(stopped) == 'stopped by signal 2; go on with `cnnspec.resume("runs/it\'s-1")`'
    assert (cnnspec.Interrupted(2).remedy, str(cnnspec.Interrupted(2))) == (
        "",
        "stopped by signal 2",
    )


@pytest.mark.parametrize(("shell", "found"), [(None, False), (object(), False)])
def test_ipython_without_a_kernel_is_no_notebook(shell, found, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert in_notebook() is found
