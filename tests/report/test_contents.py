"""A run folder as one value, and what is said of one that is half or damaged."""

import json

import pytest

from cnnspec.core.terminal import safe
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.report.contents import Measured, read
from cnnspec.report.seeds import gather, runs_below
from cnnspec.runs.run import ENVIRONMENT, HISTORY, IR, METRICS, SOURCE, Run
from tests.support.run_folders import environment, history, make, metrics


def test_contents_have_everything_of_the_folder(tmp_path):
    run = read(make(tmp_path))
    assert run.name == "small-1"
    assert run.checked.spec.model == "small"
    assert "# a comment" in run.source
    assert [(v.claim, v.value, v.holds) for v in run.verdicts] == [
        ("budget params <= 10000", "6,810", True),
        ("expect accuracy >= 0.5", "0.9000", True),
    ]
    assert run.metric("accuracy") == 0.9
    assert run.metric("val_accuracy") == 0.91
    assert run.metric("train_loss") == 0.3
    assert run.series("val_loss") == ((1, 1.0), (2, 0.5), (3, 1 / 3))
    assert run.series("nothing") == ()
    assert (run.seed, run.best_epoch, run.seconds) == (7, 2, 12.5)
    assert run.labels[1] == "Trouser"
    assert run.command == ("cnnspec", "train", "small.cnn")
    assert run.notes == ()
    json.dumps(run.dump(), allow_nan=False)


def test_precision_recall_and_f1_of_a_class():
    counts = ((8, 2, 0), (0, 6, 0), (4, 0, 0))
    first, second, third = Measured("test", None, None, None, counts).classes(("a", "b", "c"))
    assert (first.precision, first.recall, first.images) == (8 / 12, 8 / 10, 10)
    assert first.f1 == pytest.approx(2 * (2 / 3) * 0.8 / (2 / 3 + 0.8))
    assert (second.precision, second.recall) == (6 / 8, 1.0)
    assert (third.precision, third.recall, third.f1) == (None, 0.0, 0.0)


def test_a_class_without_images_has_no_recall():
    (_, empty) = Measured("test", None, None, None, ((3, 1), (0, 0))).classes(("a", "b"))
    assert (empty.precision, empty.recall, empty.f1) == (0.0, None, 0.0)


def test_a_run_that_has_not_finished_says_so(tmp_path):
    run = read(make(tmp_path, without=(METRICS, ENVIRONMENT, "images.npz"), history=history(2)))
    assert any("stopped after 2 of 3 epochs" in note for note in run.notes)
    assert any(ENVIRONMENT in note for note in run.notes)
    assert run.scores == {}
    assert [v.holds for v in run.verdicts] == [True, None]
    assert run.metric("accuracy") is None
    started = read(make(tmp_path, without=(METRICS, HISTORY)))
    assert any("before the first epoch ended" in note for note in started.notes)


def test_figures_that_are_not_finite_are_none(tmp_path):
    run = make(tmp_path)
    epochs = history()
    epochs[0]["val_loss"] = float("nan")
    figures = metrics()
    figures["test"]["loss"] = float("inf")
    figures["test"]["f1"] = None
    (run.folder / HISTORY).write_text(json.dumps(epochs))
    (run.folder / METRICS).write_text(json.dumps(figures))
    told = read(run)
    assert told.series("val_loss")[0] == (1, None)
    assert told.metric("loss") is None
    assert told.metric("f1") is None


def test_a_target_is_a_claim(tmp_path):
    reached = {"quantity": "val_accuracy", "limit": 0.9, "epoch": 2, "seconds": 3.25}
    run = read(make(tmp_path, metrics=metrics(target=reached)))
    assert run.verdicts[-1].value == "in epoch 2, after 3.2 s"
    missed = {**reached, "epoch": None, "seconds": None}
    run = read(make(tmp_path, metrics=metrics(target=missed)))
    assert (run.verdicts[-1].value, run.verdicts[-1].holds) == ("", False)


def test_control_characters_of_a_file_never_get_out(tmp_path):
    recorded = environment(labels=["a\x1b[31m\u202e", *"bcdefghij"])
    run = make(tmp_path, environment=recorded)
    (run.folder / SOURCE).write_text("dense 10 # \x1b]0;title\x07")
    told = read(run)
    assert told.labels[0] == r"a\x1b[31m\u202e"
    assert told.source == r"dense 10 # \x1b]0;title\x07"
    assert all(text.isprintable() for text in (*told.labels, told.source))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"version": 1, "layers": [{"layer": "dense", "units": 9}]}',
    ],
)
def test_a_damaged_spec_is_named_and_ends_with_3(tmp_path, text):
    run = make(tmp_path)
    (run.folder / IR).write_text(text)
    with pytest.raises(CnnspecError) as caught:
        read(run)
    assert caught.value.exit_code == 3
    assert run.folder.name in str(caught.value)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (HISTORY, "{}"),
        (HISTORY, "[1]"),
        (HISTORY, '[{"epoch": "one"}]'),
        (HISTORY, '[{"loss": 1}]'),
        (HISTORY, "["),
        (HISTORY, "[" * 100_000),
        (METRICS, "[]"),
        (METRICS, '{"test": 3}'),
        (METRICS, '{"test": {"confusion": [[1]]}}'),
        (METRICS, '{"test": {"confusion": 7}}'),
        (METRICS, '{"expectations": [{}]}'),
        (METRICS, '{"expectations": [3]}'),
        (METRICS, '{"seconds": "long"}'),
        (METRICS, '{"best_epoch": true}'),
        (METRICS, '{"target": {"quantity": "accuracy", "limit": null}}'),
        (ENVIRONMENT, "3"),
        (ENVIRONMENT, "\x00"),
    ],
)
def test_a_damaged_file_is_named_and_the_others_are_told(tmp_path, file, text):
    """What is known without the file is what a run without it has."""
    run, without = make(tmp_path), make(tmp_path, without=(file,))
    (run.folder / file).write_text(text)
    told, rest = read(run), read(without)
    assert told.damages
    assert all(str(run.folder / file) in damage for damage in told.damages)
    assert safe(told.damages[0]) in told.notes[0]
    known = {HISTORY: "history", METRICS: "scores", ENVIRONMENT: "environment"}
    for name, field in known.items():
        assert getattr(told, field) == getattr(rest, field), name


def test_what_is_left_of_a_damaged_file_is_told(tmp_path):
    epochs = [*history(2), {"epoch": 3, "loss": "low"}, {"epoch": "four"}, {"epoch": 5}]
    figures = metrics(params=10**30, best_epoch="two")
    figures["test"]["accuracy"] = "high"
    told = read(
        make(tmp_path, history=epochs, metrics=figures, environment={"data": {"labels": 7}})
    )
    assert [epoch["epoch"] for epoch in told.history] == [1, 2, 3]
    assert told.history[2] == {"epoch": 3}
    assert (told.metric("accuracy"), told.metric("loss"), told.seconds) == (None, 0.3, 12.5)
    assert "and 2 more" in told.damages[1]
    assert "data.labels is 7, not a list" in told.damages[2]


def test_unexpected_values_in_the_environment_are_skipped(tmp_path):
    run = make(tmp_path, environment={"command": 3, "data": [], "started": 1, "backend": None})
    told = read(run)
    assert told.command == ()
    assert told.labels[1] == "Trouser"


def test_several_seeds_are_one_value(tmp_path):
    group = tmp_path / "net-1"
    group.mkdir()
    for seed, accuracy in ((10, 0.9), (2, 0.8), (1, 0.95)):
        make(group, name=f"seed-{seed}", metrics=metrics(accuracy))
    trained = gather(group)
    assert [run.name for run in trained.runs] == ["seed-1", "seed-2", "seed-10"]
    assert trained.middle.name == "seed-10"
    found = trained.metric("accuracy")
    assert found.mean == pytest.approx(0.8833, abs=1e-4)
    assert found.deviation == pytest.approx(0.0764, abs=1e-4)
    assert format(found, ".2f") == "0.88 ± 0.08"
    assert trained.history[1]["loss"] == 0.5


def test_one_run_has_no_spread(tmp_path):
    trained = gather(make(tmp_path).folder)
    assert format(trained.metric("accuracy"), ".4f") == "0.9000"
    assert trained.history == trained.runs[0].history


def test_seeds_that_are_not_finished_take_no_part(tmp_path):
    group = tmp_path / "net-1"
    group.mkdir()
    make(group, name="seed-1")
    make(group, name="seed-2", without=(METRICS,), history=history(1))
    trained = gather(group)
    assert trained.metric("accuracy").values == 1
    assert len(trained.history) == 1
    assert trained.middle.name == "seed-1"


def test_kind_of_folder_is_recognized(tmp_path):
    for _ in range(11):
        make(tmp_path)
    group = tmp_path / "a-group"
    group.mkdir()
    make(group, name="seed-1")
    found = [path.name for path in runs_below(tmp_path)]
    assert found == ["a-group", *(f"small-{n}" for n in range(1, 12))]
    assert runs_below(group) == [group]
    assert runs_below(tmp_path / "small-1") == [tmp_path / "small-1"]


def test_folder_that_is_not_a_run_is_refused(tmp_path):
    with pytest.raises(CnnspecError, match="is not a run folder"):
        gather(tmp_path)
    with pytest.raises(CnnspecError, match="there is no run folder"):
        gather(tmp_path / "none")
    with pytest.raises(CnnspecError):
        read(Run(tmp_path))
