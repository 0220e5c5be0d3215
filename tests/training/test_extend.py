"""A finished run that goes on for more epochs: a new run, like one that was never interrupted."""

import json

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.runs.run import Run
from cnnspec.training.extend import extension
from tests.support.run_folders import make, metrics

NET = "model more; pool 4; bn; dropout 0.2; dense 10 softmax; train { batch 100; validation 0.1; "


def trained(folder, settings):
    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import train

    return train(check(Source("x.cnn", NET + settings + " }")), folder, start()).run


def extended(run, epochs):
    """The run that goes on with another, and the codes of what was warned of."""
    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import train

    told = []
    begin = extension(run, epochs, told.append)
    new = train(begin.checked, run.folder.parent, start(), told.append, begin=begin).run
    return new, [each.code for each in told]


def outcome(run):
    with np.load(run.folder / "weights.npz") as arrays:
        weights = {name: arrays[name].tobytes() for name in arrays.files}
    history = [
        {k: v for k, v in e.items() if k != "seconds"} for e in run.read_json("history.json")
    ]
    found = {k: v for k, v in run.read_json("metrics.json").items() if k != "seconds"}
    if found["target"]:
        found["target"].pop("seconds")
    return weights, history, found


def contents(run):
    return {p: p.read_bytes() for p in run.folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    "settings",
    [
        "optimizer sgd(0.05, momentum=0.9, nesterov); schedule step every=1 factor=0.5",
        "optimizer rmsprop(0.01); schedule plateau loss patience=1; early_stop val_loss patience=9",
        "optimizer adamw(0.01); augment flip shift 2; target val_accuracy 0.1; metrics accuracy f1",
    ],
)
def test_more_epochs_end_as_one_training_of_all_of_them(backend, tmp_path, settings):
    whole = trained(tmp_path / "whole", f"epochs 4; {settings}")
    half = trained(tmp_path / "half", f"epochs 2; {settings}")
    before = contents(half)
    new, warned = extended(half, 4)
    assert warned == []
    assert outcome(new) == outcome(whole)
    assert contents(half) == before
    assert new.folder == tmp_path / "half" / "more-2"
    origin = new.read_json("environment.json")["continues"]
    assert origin == {"run": str(half.folder.resolve()), "epochs": 2}


def test_more_epochs_that_are_stopped_go_on(backend, tmp_path):
    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import Paused, resume, train

    whole = trained(tmp_path / "whole", "epochs 4")
    half = trained(tmp_path / "half", "epochs 2")
    begin = extension(half, 4, lambda _: None)
    with pytest.raises(Paused):
        train(begin.checked, half.folder.parent, start(), begin=begin, until=3)
    new = resume(Run(tmp_path / "half" / "more-2"), start(), lambda _: None).run
    assert outcome(new) == outcome(whole)


def test_a_schedule_with_an_end_is_said_to_give_something_else(backend, tmp_path):
    half = trained(tmp_path, "epochs 1; schedule cosine")
    new, warned = extended(half, 2)
    assert warned == ["CNN932"]
    assert [epoch["epoch"] for epoch in new.read_json("history.json")] == [1, 2]


@pytest.mark.parametrize(
    ("settings", "epochs", "changed", "said"),
    [
        ("epochs 3", 3, {}, "it has 3 epochs"),
        ("epochs 9", 12, {}, "it was ended early, after epoch 3 of 9"),
        (
            "epochs 3; early_stop val_loss restore",
            9,
            {"best_epoch": 2},
            "kept the weights of epoch 2",
        ),
        ("epochs 3; optimizer adam(ema=0.9)", 9, {}, "`ema` kept the averages"),
    ],
)
def test_a_run_whose_last_state_was_not_kept_cannot_go_on(
    tmp_path, settings, epochs, changed, said
):
    text = f"data fashion_mnist_mini; dense 10 softmax; train {{ {settings} }}"
    run = make(tmp_path, text, metrics=metrics(**{"best_epoch": None, **changed}))
    with pytest.raises(CnnspecError, match=said) as caught:
        extension(run, epochs, lambda _: None)
    assert caught.value.diagnostics[0].code == "CNN910"
    assert caught.value.diagnostics[0].help


def test_the_command_line(backend, tmp_path, capsys):
    run = trained(tmp_path, "epochs 1")
    asked = ["train", "--resume", str(run.folder), "--no-report"]
    assert main([*asked, "--epochs", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["run"], found["epochs"]) == (str(tmp_path / "more-2"), 2)
    assert main([*asked, "--epochs", "1"]) == 1
    assert "name more: `--epochs 2`" in capsys.readouterr().err
    assert main([*asked, "--epochs", "2", "--set", "batch=9"]) == 2
    assert main(asked) == 0
    (run.folder / "metrics.json").unlink()
    assert main([*asked, "--epochs", "2"]) == 2
    assert "has not finished" in capsys.readouterr().err


def test_data_of_the_user_is_found_again(backend, tmp_path, monkeypatch, capsys):
    images = np.random.default_rng(1).integers(0, 255, (60, 8, 8)).astype(np.uint8)
    np.savez(tmp_path / "mine.npz", x_train=images, y_train=np.arange(60) % 3,
             x_test=images[:9], y_test=np.arange(9) % 3)  # fmt: skip
    (tmp_path / "mine.cnn").write_text(
        'data "mine.npz"; input 8x8x1; classes 3; dense 3 softmax; train { epochs 1; batch 20 }'
    )
    out = tmp_path / "elsewhere"
    asked = ["train", "--no-report", "--out", str(out)]
    assert main([*asked, str(tmp_path / "mine.cnn")]) == 0
    monkeypatch.chdir(out)
    assert main([*asked, "--resume", "model-1", "--epochs", "2"]) == 0
    assert len(Run(out / "model-2").read_json("history.json")) == 2
