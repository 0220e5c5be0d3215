"""Trackers: what they hold is what the run folder holds, and none of them harms a training."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError, Interrupted
from cnnspec.training import trackers
from cnnspec.training.trackers import Watch
from tests.support import run_folders

pytest.importorskip("tensorboard")
pytest.importorskip("mlflow")

TEXT = "pool 4; dropout 0.1; dense 10 softmax; train { batch 100; epochs 2; validation 0.1 }"
BOTH = ("tensorboard", "mlflow")


@pytest.fixture(autouse=True)
def _own_mlflow(monkeypatch):
    """No test reaches a server of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        monkeypatch.delenv(name)


def trained(folder, watch=None, text=TEXT):
    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import train

    return train(check(Source("x.cnn", text)), folder / "runs", start(), watch=watch).run


def curves(run):
    """Every curve that TensorBoard would show of a run: steps and values by tag."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run.folder / "tensorboard"), {"scalars": 0, "tensors": 0})
    events.Reload()
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def client(folder):
    from mlflow.tracking import MlflowClient

    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    return MlflowClient(tracking_uri=(folder / "mlruns").as_uri())


def logged(folder, run):
    """The run of MLflow for a run folder, and its curves."""
    known = client(folder)
    found = known.get_run(run.read_json("mlflow.json")["run_id"])
    histories = {
        name: [(m.step, m.value) for m in known.get_metric_history(found.info.run_id, name)]
        for name in found.data.metrics
    }
    return found, histories


def expected(run):
    """Every number of history.json at its epoch and of metrics.json at the last one."""
    history, metrics = run.read_json("history.json"), run.read_json("metrics.json")
    curves = {
        name: [(epoch["epoch"], epoch[name]) for epoch in history]
        for name in history[0]
        if name != "epoch"
    }
    last = history[-1]["epoch"]
    for split in ("train", "validation", "test"):
        for name in ("loss", "accuracy", "f1"):
            curves[f"final/{split}/{name}"] = [(last, metrics[split][name])]
    for name in ("params", "macs", "epochs", "seconds"):
        curves[f"final/{name}"] = [(last, metrics[name])]
    return curves


def rounded(curves):
    """Curves in the single precision of TensorBoard."""
    return {tag: [(s, float(np.float32(v))) for s, v in points] for tag, points in curves.items()}


def left(run):
    """The weights of a run and its figures but times."""
    from cnnspec.targets.keras.restore import restore

    history = [{**epoch, "seconds": 0} for epoch in run.read_json("history.json")]
    metrics = {**run.read_json("metrics.json"), "seconds": 0}
    return [w.tobytes() for w in restore(run)[1].get_weights()], history, metrics


@pytest.fixture(scope="module")
def untracked(backend, tmp_path_factory):
    return left(trained(tmp_path_factory.mktemp("untracked")))


def foreign(monkeypatch, **methods):
    """A tracker named `foreign` made of these methods; the others do nothing."""
    nothing = {"begin": lambda *_: 0, "epoch": lambda _: None, "end": lambda _: None}
    made = SimpleNamespace(**{**nothing, **methods})
    module = SimpleNamespace(tracker=lambda _: made)
    monkeypatch.setitem(trackers.TRACKERS, "foreign", "json")
    monkeypatch.setitem(sys.modules, "cnnspec.training.trackers.foreign", module)
    return "foreign"


def test_trackers_receive_every_metric_unchanged(tmp_path, untracked):
    warnings = []
    run = trained(tmp_path, Watch(BOTH, tmp_path / "runs", warnings.append))
    assert warnings == []
    assert curves(run) == rounded(expected(run))
    found, histories = logged(tmp_path, run)
    assert histories == expected(run)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == run.folder.name
    assert found.data.params["optimizer.learning_rate"] == "0.001"
    assert found.data.params["data"] == "fashion_mnist_mini"
    assert "dense 10 softmax" in found.data.tags["mlflow.note.content"]
    assert left(run) == untracked


def test_the_event_file_shows_spec_and_environment(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = run_folders.make(tmp_path)
    Watch(["tensorboard"]).begin(run, check(run.spec).spec, [])
    events = EventAccumulator(str(run.folder / "tensorboard"))
    events.Reload()
    texts = {t: events.Tensors(t)[0].tensor_proto.string_val[0] for t in events.Tags()["tensors"]}
    assert b"    dense 10 softmax\n" in texts["spec"]
    assert b"    backend: tensorflow\n" in texts["environment"]


@pytest.mark.parametrize("point", ["begin", "epoch", "end"])
def test_tracker_that_fails_gives_one_warning_and_is_not_called_again(
    tmp_path, monkeypatch, untracked, point
):
    calls, warnings = [], []

    def fail(*_):
        calls.append(point)
        raise RuntimeError("http://me:secret@there/ is down\nand more")

    name = foreign(monkeypatch, **{point: fail})
    watch = Watch([name, "tensorboard"], tmp_path / "runs", warnings.append)
    run = trained(tmp_path, watch)
    assert calls == [point]
    assert [w.code for w in warnings] == ["CNN917"]
    assert warnings[0].message == "foreign no longer follows the training: http://there/ is down"
    assert curves(run) == rounded(expected(run))
    assert left(run) == untracked
    # Nor is it asked again in the next run of a series.
    watch.begin(run, check(run.spec).spec, [])
    assert calls == [point]


def test_tracker_that_cannot_be_imported_gives_a_warning(tmp_path, monkeypatch):
    monkeypatch.setitem(trackers.TRACKERS, "foreign", "json")
    run, warnings = run_folders.make(tmp_path), []
    Watch(["foreign"], tmp_path, warnings.append).begin(run, check(run.spec).spec, [])
    assert "No module named" in warnings[0].message


@pytest.mark.parametrize("name", BOTH)
def test_tracker_whose_folder_is_removed_gives_one_warning(tmp_path, name):
    run, warnings = run_folders.make(tmp_path / "runs"), []
    watch = Watch([name], tmp_path / "runs", warnings.append)
    first, second, third = run.read_json("history.json")
    watch.begin(run, check(run.spec).spec, [])
    watch.epoch(first)
    assert warnings == []
    shutil.rmtree(run.folder / "tensorboard" if name == "tensorboard" else tmp_path / "mlruns")
    watch.epoch(second)
    watch.epoch(third)
    watch.end({})
    assert [w.code for w in warnings] == ["CNN917"]
    assert name in warnings[0].message


def test_tracker_on_a_full_disk_gives_one_warning(tmp_path):
    """A limit on the size of files, as a disk without space: each write of the events fails."""
    run = run_folders.make(tmp_path)
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from cnnspec.analysis.check import check; from cnnspec.runs.run import Run\n"
        "from cnnspec.training.trackers import Watch\n"
        "import tensorboard.summary.writer.record_writer\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))\n"
        "run = Run(Path(sys.argv[1]))\n"
        "Watch(['tensorboard'], Path(), lambda w: print(w.code, w.message)).begin("
        "run, check(run.spec).spec, [])\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    command = [sys.executable, "-B", "-c", script, str(run.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("CNN917 tensorboard no longer follows the training: [Errno 27]")
    assert done.stdout.count("\n") == 1


def test_tensorboard_needs_no_tensorflow(tmp_path):
    """Nor is it imported where another backend trains beside it."""
    run = run_folders.make(tmp_path)
    script = (
        "import sys; from pathlib import Path\n"
        "from cnnspec.analysis.check import check; from cnnspec.runs.run import Run\n"
        "from cnnspec.training.trackers import Watch\n"
        "run, warnings = Run(Path(sys.argv[1])), []\n"
        "watch = Watch(['tensorboard', 'mlflow'], run.folder.parent, warnings.append)\n"
        "watch.begin(run, check(run.spec).spec, run.read_json('history.json'))\n"
        "watch.end(run.read_json('metrics.json'))\n"
        "assert not warnings, warnings\n"
        "assert not {'tensorflow', 'jax', 'torch', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(run.folder)], check=True)
    assert curves(run)["loss"] == [(n, np.float32(1 / n)) for n in (1, 2, 3)]


def test_mlflow_server_that_is_gone_is_left_alone(tmp_path, monkeypatch, untracked):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{port}")
    warnings = []
    run = trained(tmp_path, Watch(["mlflow"], tmp_path / "runs", warnings.append))
    assert [w.code for w in warnings] == ["CNN917"]
    assert "mlflow no longer follows the training" in warnings[0].message
    assert "secret" not in warnings[0].message
    assert left(run) == untracked


@pytest.mark.parametrize(("retries", "requests"), [(None, 2), ("0", 1)])
def test_mlflow_server_that_never_answers_is_asked_as_often_as_set(
    tmp_path, monkeypatch, retries, requests
):
    """Twice unless the environment says otherwise, and then no more in the whole training."""
    run, warnings = run_folders.make(tmp_path), []
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    if retries is not None:
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", retries)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{silent.getsockname()[1]}")
        watch = Watch(["mlflow"], tmp_path, warnings.append)
        watch.begin(run, check(run.spec).spec, [])
        for entry in run.read_json("history.json"):
            watch.epoch(entry)
        silent.setblocking(False)
        assert len(list(connections(silent))) == requests
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "1"
    assert [w.code for w in warnings] == ["CNN917"]


def connections(server):
    """Every connection that waits to be accepted."""
    with contextlib.suppress(BlockingIOError):
        while True:
            connection = server.accept()[0]
            connection.close()
            yield connection


def test_tracker_skips_an_unfinished_epoch_and_continues_on_resume(
    tmp_path, monkeypatch, untracked
):
    seen = []

    def interrupt(figures):
        seen.append(figures["epoch"])
        os.kill(os.getpid(), signal.SIGINT)

    name = foreign(monkeypatch, epoch=interrupt, end=lambda metrics: seen.append(metrics))
    with pytest.raises(Interrupted):
        trained(tmp_path, Watch([*BOTH, name], tmp_path / "runs"))
    assert seen == [1, None]
    (folder,) = (tmp_path / "runs").iterdir()
    run = run_folders.Run(folder)
    before, histories = logged(tmp_path, run)
    assert before.info.status == "KILLED"
    assert len(histories["loss"]) == 1

    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import resume

    warnings = []
    resume(run, start(), warnings.append, watch=Watch(BOTH, tmp_path / "runs"))
    assert warnings == []
    after, histories = logged(tmp_path, run)
    assert after.info.run_id == before.info.run_id
    assert after.info.status == "FINISHED"
    assert histories == expected(run)
    assert curves(run) == rounded(expected(run))
    assert left(run) == untracked


def test_mlflow_starts_a_new_run_if_the_old_one_is_unknown(tmp_path):
    run = run_folders.make(tmp_path / "runs")
    run.write_json("mlflow.json", {"run_id": "0" * 32})
    warnings = []
    watch = Watch(["mlflow"], tmp_path / "runs", warnings.append)
    watch.begin(run, check(run.spec).spec, run.read_json("history.json"))
    watch.end()
    assert warnings == []
    found, histories = logged(tmp_path, run)
    assert found.info.status == "KILLED"
    assert histories["loss"] == [(1, 1.0), (2, 0.5), (3, 1 / 3)]


def test_every_seed_of_a_series_is_tracked(tmp_path, backend, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tracked = ["--track", "tensorboard", "--track", "mlflow", "--no-report"]
    assert main(["train", "-e", f"{TEXT[:-2]}; runs 2 }}", *tracked]) == 0
    assert "CNN917" not in capsys.readouterr().err
    folders = sorted(Path("runs/model-1").glob("seed-*"))
    assert len(folders) == 2
    ids = set()
    for folder in folders:
        run = run_folders.Run(folder)
        found, histories = logged(tmp_path, run)
        ids.add(found.info.run_id)
        assert histories == expected(run)
        assert curves(run) == rounded(expected(run))
    assert len(ids) == 2


def test_nothing_is_tracked_unless_asked(tmp_path, untracked, monkeypatch):
    run = trained(tmp_path)
    assert not (run.folder / "tensorboard").exists()
    assert not (run.folder / "mlflow.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


@pytest.mark.parametrize("name", BOTH)
def test_a_missing_package_is_told_before_there_is_a_run(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, name, None)
    assert main(["train", "-e", TEXT, "--track", name]) == 3
    said = capsys.readouterr().err
    assert f"tracking with {name} needs {name}, which is not installed" in said
    assert f"pip install 'cnnspec[{name}]'" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [("mlfow", "did you mean `mlflow`?"), ("wandb", "it can be `tensorboard` or `mlflow`")],
)
def test_an_unknown_name_is_a_usage_error(capsys, name, hint):
    assert main(["train", "-e", TEXT, "--track", name]) == 2
    said = capsys.readouterr().err
    assert f"unknown tracker `{name}`" in said
    assert hint in said


def test_watch_refuses_before_anything_begins(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(CnnspecError) as caught:
        Watch(["mlflow"])
    assert caught.value.exit_code == 3


def test_train_says_where_to_look_at_trackers(tmp_path, monkeypatch, capsys, backend):
    monkeypatch.chdir(tmp_path)
    options = [word for name in BOTH for word in ("--track", name)]
    assert main(["train", "-e", f"model seen; {TEXT}", "--no-report", *options]) == 0
    *_, tensorboard, mlflow = capsys.readouterr().out.splitlines()
    assert tensorboard == "tensorboard: tensorboard --logdir runs/seen-1"
    assert mlflow == f"mlflow: {(tmp_path / 'mlruns').as_uri()}"
