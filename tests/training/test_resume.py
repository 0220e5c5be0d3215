"""Trainings that are stopped, killed or starved of disk, and go on to the same end, bit for bit.

Signals are real ones sent to real processes.
"""

import contextlib
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.commands import main
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files import atomic
from cnnspec.runs.lock import locked
from cnnspec.runs.run import METRICS, Run
from cnnspec.runs.weights import read_weights
from tests.support import programs
from tests.targets.c.support import needs_compiler

TEXT = """
model small
pool 2; conv 4x3 relu; bn; pool 2; dropout 0.25; dense 10 softmax
train {
  batch 50; epochs 16; metrics accuracy f1; optimizer adam(0.01)
  early_stop val_f1 patience=15 restore
}
"""
NATIVE = ("--backend", "native")
TINY = "pool 4; dropout 0.1; dense 10 softmax; train { batch 500; epochs 2; validation 0.1 }"


def start(folder, *arguments, **options):
    """`cnnspec train` in a process of its own, without the page at its end."""
    return programs.start("train", "--no-report", *arguments, folder=folder, **options)


def wait_for(condition, process, seconds=120):
    """Waits until a condition holds, or fails with what the process said."""
    until = time.monotonic() + seconds
    while not condition():
        if process.poll() is not None or time.monotonic() > until:
            pytest.fail(f"ended with {process.poll()}: {process.communicate()[1]}")
        time.sleep(0.01)


def read_until(process, *marks):
    """Reads what a process says until a line has one of some marks in it."""
    for line in process.stderr:
        if any(mark in line for mark in marks):
            return
    pytest.fail(f"it ended with {process.wait()} and none of {marks}")


def outcome_of(run):
    """What a run ended with: weights and every figure but times."""
    history = [
        {k: v for k, v in e.items() if k != "seconds"} for e in run.read_json("history.json")
    ]
    metrics = {k: v for k, v in run.read_json(METRICS).items() if k != "seconds"}
    return read_weights(run), history, metrics


def assert_same(run, reference):
    weights, history, metrics = outcome_of(run)
    assert history == reference[1]
    assert metrics == reference[2]
    assert weights.keys() == reference[0].keys()
    assert all(np.array_equal(array, reference[0][name]) for name, array in weights.items())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resumed")
    (folder / "small.cnn").write_text(TEXT)
    return folder


@pytest.fixture(scope="module")
def reference(folder, backend):
    """The same training, never stopped, in a Python of its own as users start it."""
    process = start(folder, "small.cnn", "--out", "whole", cold=True)
    assert process.communicate()[1].count("epoch ") == 16
    assert process.returncode == 0
    return outcome_of(Run(folder / "whole" / "small-1"))


@pytest.fixture(scope="module")
def compiled(folder):
    """The same in machine code, which starts in no time."""
    process = start(folder, "small.cnn", *NATIVE, "--out", "compiled")
    said = process.communicate()[1]
    assert process.returncode == 0, said
    return outcome_of(Run(folder / "compiled" / "small-1"))


@pytest.mark.parametrize("kills", [2, pytest.param(5, marks=pytest.mark.slow)])
def test_resume_after_kills_ends_bit_equal(folder, reference, kills):
    """SIGKILL loses at most the epoch under way; what is resumed ends bit-equal."""
    chance = random.Random()
    out = f"killed-{kills}"
    run = Run(folder / out / "small-1")
    epochs = 0
    for kill in range(kills):
        begin = ["--resume", str(run.folder)] if kill else ["small.cnn", "--out", out]
        process = start(folder, *begin)
        read_until(process, "going on", "epoch ")
        # Some part of the way on, at no matter which moment of an epoch or of a write.
        time.sleep(chance.uniform(0, 0.4 / kills))
        process.kill()
        process.communicate()
        # The line of an epoch is printed before the epoch is kept.
        history = run.folder / "history.json"
        seen = len(json.loads(history.read_text())) if history.exists() else 0
        assert process.returncode == -signal.SIGKILL
        assert seen >= epochs
        epochs = seen
    process = start(folder, "--resume", str(run.folder))
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert_same(run, reference)
    assert not (run.folder / "checkpoints").exists()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGHUP, 143, marks=pytest.mark.slow),
    ],
)
def test_signal_stops_training_and_resume_ends_bit_equal(folder, reference, number, code):
    out = f"signal-{int(number)}"
    run = Run(folder / out / "small-1")
    process = start(folder, "small.cnn", "--out", out)
    wait_for(lambda: (run.folder / "environment.json").exists(), process)
    if number == signal.SIGTERM:
        wait_for(lambda: (run.folder / "checkpoints" / "manifest.json").exists(), process)
    process.send_signal(number)
    read_until(process, "stopping")
    said = process.communicate()[1]
    assert process.returncode == code
    assert f"go on with `cnnspec train --resume {out}/small-1`" in said
    assert "Traceback" not in said
    assert not (run.folder / ".owner").exists()
    assert not list(run.folder.glob(".*.npz.*"))
    process = start(folder, "--resume", str(run.folder))
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert "going on" in said
    assert_same(run, reference)


def test_second_signal_ends_the_process_whatever_it_does(tmp_path):
    """As while a framework computes: nothing asks whether a signal has come."""
    busy = (
        "import sys, time\n"
        "from cnnspec.files.interrupts import interrupts\n"
        "with interrupts():\n"
        "    print('begun', file=sys.stderr)\n"
        "    time.sleep(600)\n"
    )
    process = programs.start(code=busy, folder=tmp_path)
    read_until(process, "begun")
    process.send_signal(signal.SIGINT)
    read_until(process, "stopping")
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130


def test_an_ignored_signal_stays_ignored(folder):
    """As under `nohup` or in the background of a shell."""
    run = Run(folder / "ignored" / "small-1")
    command = ["small.cnn", "--epochs", "2", "--out", "ignored"]
    process = start(folder, *command, ignored=(signal.SIGINT,))
    wait_for(lambda: (run.folder / "environment.json").exists(), process)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 0


def test_a_finished_run_has_nothing_to_do(folder, reference):
    process = start(folder, "--resume", "whole/small-1")
    assert "nothing to do: whole/small-1 has finished" in process.communicate()[1]
    assert process.returncode == 0


def test_two_processes_never_train_in_one_folder(folder, reference):
    run = Run.create(folder / "locked", check(Source("x", TEXT)).spec, Source("x", TEXT))
    run.write_json("environment.json", {})
    with locked(run):
        process = start(folder, "--resume", str(run.folder))
        said = process.communicate()[1]
    assert process.returncode == 3
    assert f"is in use by process {os.getpid()}" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["small.cnn", "--seed", "9"], "it differs in train.seed"),
        (["-e", "data mnist; dense 10 softmax"], "it differs in"),
        (["-e", "bogus 10"], "CNN101"),
        (["--set", "epochs=3"], "a run continues as it began"),
    ],
)
def test_a_run_goes_on_with_what_it_began_with(folder, monkeypatch, capsys, arguments, said):
    run = Run.create(folder / "other", check(Source("x", TEXT)).spec, Source("x", TEXT))
    monkeypatch.chdir(folder)
    assert main(["train", *arguments, "--resume", str(run.folder)]) in (1, 2)
    assert said in capsys.readouterr().err


def trained(folder, text=TINY):
    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import train

    return train(check(Source("x.cnn", text)), folder, start()).run


def resumed(run):
    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import resume

    warnings = []
    outcome = resume(run, start(), warnings.append)
    return outcome.run, warnings


class Failing:
    """Lets the n-th call of a function of the system fail, as a full disk does."""

    def __init__(self, monkeypatch, name, n):
        self.left = n
        self.name = name
        real = getattr(os, name)

        def call(*arguments, **options):
            self.left -= 1
            if self.left == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments, **options)

        monkeypatch.setattr(atomic.os, name, call)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, backend):
    """What the smallest training ends with when nothing fails."""
    return outcome_of(trained(tmp_path_factory.mktemp("tiny")))


# A file is synced, replaced and its folder synced: every fifth sync has both kinds in turn.
@pytest.mark.parametrize(
    ("operation", "step"),
    [
        ("replace", 2),
        ("fsync", 5),
        pytest.param("replace", 1, marks=pytest.mark.slow),
        pytest.param("fsync", 1, marks=pytest.mark.slow),
    ],
)
def test_a_failure_at_every_write_leaves_the_old_state_or_the_new(
    tmp_path, tiny, monkeypatch, operation, step
):
    outcomes = []
    for n in range(1, 100, step):
        with monkeypatch.context() as patch:
            failing = Failing(patch, operation, n)
            with contextlib.suppress(CnnspecError):
                trained(tmp_path / str(n))
        if failing.left > 0:
            break
        try:
            run = Run.open(str(tmp_path / str(n) / "model-1"))
        except CnnspecError:
            # The disk was full before there was a spec to go on with.
            outcomes.append("none")
            continue
        if not (run.folder / "environment.json").exists():
            outcomes.append("none")
            continue
        run = run if run.finished else resumed(run)[0]
        assert_same(run, tiny)
        outcomes.append("resumed")
    assert outcomes.count("resumed") >= (7 if step == 1 else 3)
    assert outcomes == sorted(outcomes)


@pytest.fixture(scope="module")
def unsaved(tmp_path_factory, backend):
    """The folder of a run whose disk was full at the write of the model, after two epochs."""
    folder = tmp_path_factory.mktemp("unsaved")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "cnnspec.training.backends.keras.save", lambda *_: (_ for _ in ()).throw(CnnspecError())
        )
        with pytest.raises(CnnspecError):
            trained(folder)
    return folder / "model-1"


@pytest.fixture
def half(unsaved, tmp_path):
    """That run, for a test that changes it."""
    shutil.copytree(unsaved, tmp_path / "model-1")
    return Run.open(str(tmp_path / "model-1"))


def test_a_damaged_checkpoint_gives_way_to_the_one_before(half, tiny):
    newest = half.folder / "checkpoints" / "epoch-2.npz"
    newest.write_bytes(newest.read_bytes()[:-40])
    run, warnings = resumed(half)
    assert [w.code for w in warnings] == ["CNN908"]
    assert_same(run, tiny)


def test_resume_without_a_valid_checkpoint_is_refused(half):
    for path in (half.folder / "checkpoints").glob("*.npz"):
        path.write_bytes(b"")
    with pytest.raises(CnnspecError, match=r"no checkpoint of .* is sound") as caught:
        resumed(half)
    assert caught.value.exit_code == 3


def test_resume_with_another_keras_or_other_data_is_refused(half):
    environment = half.read_json("environment.json")
    changed = {**environment, "keras": "3.0.0", "processors": 1000}
    changed["data"] = {**environment["data"], "train": 1}
    half.write_json("environment.json", changed)
    with pytest.raises(CnnspecError, match=r"keras was 3\.0\.0 and is .*data was other") as caught:
        resumed(half)
    assert caught.value.exit_code == 1


def test_resume_on_another_machine_gives_a_warning(half):
    half.write_json("environment.json", {**half.read_json("environment.json"), "processors": 1000})
    _, warnings = resumed(half)
    assert [w.code for w in warnings] == ["CNN912"]
    assert "processors was 1000" in warnings[0].message


def test_run_folder_that_is_removed_ends_training_with_an_error(tmp_path, backend, monkeypatch):
    from cnnspec.training import session

    real = session._keep

    def keep(run, state):
        shutil.rmtree(run.folder)
        real(run, state)

    monkeypatch.setattr(session, "_keep", keep)
    with pytest.raises(CnnspecError, match="cannot write") as caught:
        trained(tmp_path)
    assert caught.value.exit_code == 3


@needs_compiler
def test_file_size_limit_is_reported_and_resume_ends_bit_equal(folder, compiled):
    """EFBIG at the first checkpoint; with the limit gone the run ends as any other."""
    process = start(folder, "small.cnn", *NATIVE, "--out", "limited", file_size=20_000)
    said = process.communicate()[1]
    assert process.returncode == 3
    assert "File too large" in said
    assert "ulimit -f" in said
    process = start(folder, "--resume", "limited/small-1")
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert_same(Run(folder / "limited" / "small-1"), compiled)


@needs_compiler
def test_full_disk_is_reported_and_resume_ends_bit_equal(folder, compiled, tmp_path):
    """ENOSPC on a disk of 300 kB, made for it."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(tmp_path)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        ballast = tmp_path / "ballast"
        ballast.write_bytes(b"x" * 200_000)
        process = start(folder, "small.cnn", *NATIVE, "--out", str(tmp_path))
        said = process.communicate()[1]
        assert process.returncode == 3
        assert "No space left on device" in said
        assert "free some space" in said
        ballast.unlink()
        process = start(folder, "--resume", str(tmp_path / "small-1"))
        said = process.communicate()[1]
        assert process.returncode == 0, said
        assert_same(Run(tmp_path / "small-1"), compiled)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
