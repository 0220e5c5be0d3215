"""Python and the trackers together, and what a run tells when it is opened again."""

import sys

import pytest

import cnnspec
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.training import trackers
from cnnspec.training.trackers import Watch

TEXT = """model followed; data fashion_mnist_mini
pool 4; dropout 0.1; dense 10 softmax
budget params <= 10k
train { batch 100; epochs 2; validation 0.1; metrics accuracy f1 }
"""


@pytest.fixture(scope="module")
def followed(backend, tmp_path_factory):
    pytest.importorskip("tensorboard", reason="the extra `tensorboard` is not installed")
    pytest.importorskip("mlflow", reason="the extra `mlflow` is not installed")
    folder = tmp_path_factory.mktemp("followed")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        network = cnnspec.loads(TEXT)
        return network.train(folder / "runs", report=False, track=("tensorboard", "mlflow"))


def test_track_follows_in_python_as_on_the_command_line(followed):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(followed.run / "tensorboard"))
    events.Reload()
    written = [(e.step, e.value) for e in events.Scalars("val_accuracy")]
    assert written == [
        (epoch["epoch"], pytest.approx(epoch["val_accuracy"], rel=1e-6))
        for epoch in followed.history
    ]
    assert (followed.run.parent.parent / "mlruns").is_dir()


def test_an_unknown_tracker_is_refused_before_there_is_a_run(tmp_path):
    with pytest.raises(cnnspec.CnnspecError, match="did you mean `mlflow`"):
        cnnspec.loads(TEXT).train(tmp_path / "runs", track=["mlfow"])
    assert not (tmp_path / "runs").exists()


def test_a_series_is_followed_seed_by_seed(backend, tmp_path):
    pytest.importorskip("tensorboard", reason="the extra `tensorboard` is not installed")
    network = cnnspec.loads(TEXT).set(epochs=1, runs=2)
    series = network.train(tmp_path, report=False, track=["tensorboard"])
    assert all(any((one.run / "tensorboard").iterdir()) for one in series.seeds)


def test_a_tracker_that_fails_with_problems_is_told_in_one_line(tmp_path, monkeypatch):
    def begin(*_):
        raise CnnspecError(CannotWrite(None, "the disk is full"))

    class Failing:
        @staticmethod
        def tracker(_):
            return type("T", (), {"begin": begin})()

    monkeypatch.setitem(trackers.TRACKERS, "foreign", "json")
    monkeypatch.setitem(sys.modules, "cnnspec.training.trackers.foreign", Failing)
    from tests.support import run_folders

    run = run_folders.make(tmp_path)
    warnings = []
    spec = cnnspec.loads(run.spec.text)._snapshot.checked.spec
    Watch(["foreign"], tmp_path, warnings.append).begin(run, spec, [])
    assert [w.message for w in warnings] == [
        "foreign no longer follows the training: the disk is full"
    ]


def test_evaluate_gives_the_scores_again(followed):
    opened = cnnspec.open_run(followed.run)
    assert opened.evaluate(offline=True) == opened.scores


def test_budgets_and_text():
    network = cnnspec.loads(TEXT)
    (budget,) = network.check().budgets
    assert budget.holds
    assert budget.value == network.check().params
    assert cnnspec.loads(network.text).text == network.text == str(network)
