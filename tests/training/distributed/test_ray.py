"""One model by two processes that Ray starts: real ones on this machine, also killed and stopped.

A private Ray for each training, which ends with it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cnnspec.runs.run import Run

pytestmark = pytest.mark.cluster
pytest.importorskip("ray", reason="Ray is not installed (extra `cluster`)")
if (os.cpu_count() or 1) < 2:
    pytest.skip("two workers need two processors", allow_module_level=True)

TEXT = """
model pair
data fashion_mnist_mini
conv 4x3 no_bias; bn; relu; pool 3; dropout 0.25; dense 10 softmax
train { batch 45; epochs 5; validation 0.9; augment shift=0.1; optimizer adam(1e-3, clipnorm=1) }
"""
TOGETHER = ("--engine", "ray", "--workers", "2", "--threads", "1")


def start(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "cnnspec", "train", "--no-report", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_epochs(run, count, process):
    """Waits until so many epochs are in a run."""
    path = run.folder / "history.json"
    for _ in range(3000):
        if path.exists() and len(json.loads(path.read_text())) >= count:
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    pytest.fail(process.communicate()[1])


def outcome_of(run):
    from cnnspec.targets.keras.restore import restore

    history = [
        {k: v for k, v in e.items() if k != "seconds"} for e in run.read_json("history.json")
    ]
    return restore(run)[1].get_weights(), history


def assert_same(run, reference):
    weights, history = outcome_of(run)
    assert history == reference[1]
    assert all(np.array_equal(a, b) for a, b in zip(weights, reference[0], strict=True))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("together")
    (folder / "pair.cnn").write_text(TEXT)
    return folder


@pytest.fixture(scope="module")
def reference(folder, backend):
    """A training by two processes, never disturbed."""
    process = start(folder, "pair.cnn", "--out", "whole", *TOGETHER)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert said.count("epoch ") == 5
    return outcome_of(Run(folder / "whole" / "pair-1"))


def test_two_workers_reach_the_losses_of_one_process(folder, reference):
    process = start(folder, "pair.cnn", "--out", "one")
    assert process.communicate()[0].count("\n") > 5
    assert process.returncode == 0
    alone, together = Run(folder / "one" / "pair-1"), Run(folder / "whole" / "pair-1")
    for ours, theirs in zip(reference[1], outcome_of(alone)[1], strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-4)
        assert ours == pytest.approx(theirs, abs=5e-3)
    kept = [{path.name for path in run.folder.iterdir()} for run in (alone, together)]
    assert kept[0] == kept[1]
    assert together.read_json("environment.json")["devices"] == 2


def test_a_killed_worker_restarts_all_from_the_last_checkpoint(folder, reference):
    run = Run(folder / "killed" / "pair-1")
    process = start(folder, "pair.cnn", "--out", "killed", *TOGETHER)
    wait_for_epochs(run, 2, process)
    first = int((run.folder / ".owner").read_text())
    os.kill(first, signal.SIGKILL)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert_same(run, reference)


def test_a_signal_ends_all_and_resuming_goes_on(folder, reference):
    run = Run(folder / "stopped" / "pair-1")
    process = start(folder, "pair.cnn", "--out", "stopped", *TOGETHER)
    wait_for_epochs(run, 1, process)
    first = int((run.folder / ".owner").read_text())
    process.send_signal(signal.SIGTERM)
    said = process.communicate()[1]
    assert process.returncode == 143
    assert f"cnnspec train --resume {Path('stopped') / 'pair-1'}" in said
    for _ in range(100):
        if not Path(f"/proc/{first}").exists():
            break
        time.sleep(0.1)
    else:
        pytest.fail("a worker lives on")
    process = start(folder, "--resume", str(run.folder), *TOGETHER)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert_same(run, reference)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--workers", "999"], 3, "999 devices cannot share batches of 45 images"),
        (["--workers", "2", "--backend", "jax"], 3, "jax"),
        (["--workers", "2", "--devices", "2"], 2, "`--devices` is of no use"),
        (["--workers", "2", "--set", "runs=2"], 3, "several workers train one seed"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_workers_that_cannot_be_used_are_refused_with_a_reason(folder, arguments, code, said):
    process = start(folder, "pair.cnn", "--out", "refused", "--engine", "ray", *arguments)
    told = process.communicate()[1]
    assert (process.returncode, said in told) == (code, True), told
    assert "Traceback" not in told


def test_error_in_a_worker_is_reported_and_not_retried(folder):
    spec = 'data "none.npz"; input 8x8; classes 10; dense 10 softmax'
    process = start(folder, "-e", spec, "--out", "refused", *TOGETHER)
    told = process.communicate()[1]
    assert process.returncode == 3, told
    assert "error[CNN925]" in told
    assert "none.npz" in told
    assert "Traceback" not in told


def test_more_workers_than_processors_are_refused(folder):
    count = (os.cpu_count() or 1) + 1
    process = start(folder, "pair.cnn", "--engine", "ray", "--workers", str(count))
    told = process.communicate()[1]
    assert process.returncode == 3, told
    assert f"{count} workers are asked for, and the cluster has {count - 1} processors" in told
