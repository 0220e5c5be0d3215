"""Sweeps on one machine, whatever happens to them: no result is lost, changed or made twice.

Signals are real ones sent to real processes.
"""

import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cnnspec.commands import main
from cnnspec.runs.run import Run
from cnnspec.sweeps.folder import Sweep
from tests.support.sweep_processes import (
    TEXT,
    figures,
    kept,
    reached,
    start,
    states,
    wait_for,
    workers,
)

if sys.platform != "linux":
    pytest.skip("finds the workers in /proc", allow_module_level=True)

NAMES = [
    f"small_{filters}-{loss}"
    for filters in (2, 4)
    for loss in ("categorical_crossentropy", "poisson")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweeps")
    (folder / "small.cnn").write_text(TEXT)
    return folder


@pytest.fixture(scope="module")
def reference(folder, backend):
    """The sweep run by one worker."""
    process = start(folder, "small.cnn", "--jobs", "1", "--out", "one")
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert "4 of 6 points, 2 dropped by the check, 1 at a time" in said
    # The largest network comes first.
    assert re.search(r"^4/4  small_2-poisson  accuracy 0\.\d{4}  loss 0\.\d{4}", said, re.M)
    return reached(folder / "one" / "small-sweep-1")


def resumed(folder, sweep):
    """Goes on with a sweep to its end; returns what it said."""
    process = start(folder, "--resume", str(sweep))
    said = process.communicate()[1]
    assert process.returncode == 0, said
    return said


def test_every_point_is_a_run_that_other_commands_take(folder, reference, capsys):
    assert list(reference) == NAMES
    assert all(reference.values())
    best = folder / "one" / "small-sweep-1" / NAMES[-1]
    assert main(["evaluate", str(best)]) == 0
    assert f"{reference[NAMES[-1]][0]['test']['accuracy']:.4f}" in capsys.readouterr().out


def test_a_point_trains_to_the_same_by_itself(folder, reference):
    spec = folder / "one" / "small-sweep-1" / NAMES[0] / "spec.cnn"
    command = ["train", str(spec), "--threads", "1", "--out", "alone", "--no-report"]
    ended = subprocess.run([sys.executable, "-m", "cnnspec", *command], cwd=folder, check=False)
    assert ended.returncode == 0
    assert figures(Run(folder / "alone" / "small-1")) == reference[NAMES[0]]


def test_two_workers_give_the_same_though_one_is_killed(folder, reference):
    process = start(folder, "small.cnn", "--jobs", "2", "--out", "two")
    at_work = wait_for(
        lambda: {p: log for p, log in workers(process).items() if log.suffix == ".txt"}, process
    )
    os.kill(next(iter(at_work)), signal.SIGKILL)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert reached(folder / "two" / "small-sweep-1") == reference


def test_a_process_that_is_always_killed_fails_and_the_others_go_on(folder, reference):
    process = start(folder, "small.cnn", "--jobs", "1", "--out", "always")
    doomed, killed = NAMES[1], set()

    def end_it():
        for worker, log in workers(process).items():
            if log.name == f"{doomed}.txt" and worker not in killed:
                os.kill(worker, signal.SIGKILL)
                killed.add(worker)
        return len(killed) == 3

    wait_for(end_it, process)
    said = process.communicate()[1]
    assert process.returncode == 1
    assert f"{doomed}  failed: its process ended 3 times before it was done, by signal 9" in said
    sweep = folder / "always" / "small-sweep-1"
    assert states(sweep) == {**dict.fromkeys(NAMES, "finished"), doomed: "failed"}
    before = kept(sweep)
    resumed(folder, sweep)
    assert reached(sweep) == reference
    assert {name: time for name, time in kept(sweep).items() if name in before} == before


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGKILL, -9), (signal.SIGINT, 130)],
)
def test_a_driver_that_ends_is_followed_by_one_that_trains_nothing_twice(
    folder, reference, number, code
):
    process = start(folder, "small.cnn", "--jobs", "2", "--out", f"driver{number}")
    sweep = folder / f"driver{number}" / "small-sweep-1"
    wait_for(lambda: sweep.is_dir() and (sweep / "sweep.json").exists() and kept(sweep), process)
    hands = workers(process)
    os.kill(process.pid, number)
    said = process.communicate()[1]
    assert process.returncode == code
    if number != signal.SIGKILL:
        assert said.endswith(
            f"stopped; go on with `cnnspec sweep --resume {sweep.relative_to(folder)}`\n"
        )
    wait_for(lambda: not any(Path(f"/proc/{hand}").exists() for hand in hands))
    before = kept(sweep)
    assert 0 < len(before) < len(NAMES)
    resumed(folder, sweep)
    assert reached(sweep) == reference
    assert {name: time for name, time in kept(sweep).items() if name in before} == before


def test_a_second_driver_is_turned_away(folder, reference):
    sweep = Sweep.open(folder / "one" / "small-sweep-1")
    with Run(sweep.folder).locked():
        process = start(folder, "--resume", str(sweep))
        said = process.communicate()[1]
    assert process.returncode == 3
    assert f"is in use by process {os.getpid()}" in said


def test_what_was_torn_is_trained_again(folder, reference):
    sweep = folder / "two" / "small-sweep-1"
    torn = sweep / NAMES[2] / "metrics.json"
    torn.write_text(torn.read_text()[:40])
    before = kept(sweep)
    said = resumed(folder, sweep)
    assert "metrics.json is damaged" in said
    assert reached(sweep) == reference
    after = kept(sweep)
    assert [name for name in NAMES if after[name] != before[name]] == [NAMES[2]]


def test_a_point_that_fails_is_told_and_the_others_go_on(folder, reference):
    """NaN, and too much memory: neither is tried again, for it would fail again."""
    text = """
    model odd; let f = 4; pool 4; conv (f)x1 relu; dense 10 softmax
    train { epochs 1; batch 65536 }
    sweep { f in 4, 10_000_000; optimizer in adam, sgd(1e30) }
    """
    (folder / "odd.cnn").write_text(text)
    process = start(folder, "odd.cnn", "--names", "f{f}-{optimizer}")
    said = process.communicate()[1]
    sweep = folder / "runs" / "odd-sweep-1"
    assert process.returncode == 1
    assert states(sweep) == {
        "f4-adam": "finished",
        "f4-sgd-1e30": "failed",
        "f10000000-adam": "failed",
        "f10000000-sgd-1e30": "failed",
    }
    assert "f4-sgd-1e30  failed: the val_loss is nan" in said
    assert "f10000000-adam  failed: a batch of" in said
    failures = {t.name: t.failure for t in Sweep.open(sweep).trials() if t.state == "failed"}
    assert [failure["attempts"] for failure in failures.values()] == [1, 1, 1]
    process = start(folder, "--resume", str(sweep))
    assert "failed:" not in process.communicate()[1]
    assert process.returncode == 1


def test_a_full_disk_blocks_and_nothing_is_lost(folder, reference):
    """EFBIG at a checkpoint of every training: told once, exit code 3, and then it goes on."""
    limit = {
        "preexec_fn": lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY)
        )
    }
    process = start(folder, "small.cnn", "--out", "disk", **limit)
    said = process.communicate()[1]
    sweep = folder / "disk" / "small-sweep-1"
    assert process.returncode == 3
    assert "CNN918" in said
    assert "File too large" in said
    assert f"`cnnspec sweep --resume {sweep.relative_to(folder)}` goes on" in said
    assert "failed" not in states(sweep).values()
    resumed(folder, sweep)
    assert reached(sweep) == reference


def test_halving_ends_the_hopeless_and_changes_no_figure(folder, reference):
    """Of four points two go on after the first epoch, and end as in the sweep of all."""
    for jobs in ("1", "2"):
        out = f"halved{jobs}"
        process = start(
            folder, "small.cnn", "--jobs", jobs, "--stop-early", "halving", "--out", out
        )
        said = process.communicate()[1]
        assert process.returncode == 0, said
    found = [reached(folder / f"halved{jobs}" / "small-sweep-1") for jobs in (1, 2)]
    assert found[0] == found[1]
    finished = {name: ended for name, ended in found[0].items() if ended}
    assert len(finished) == 2
    assert finished == {name: reference[name] for name in finished}
    firsts = {name: ended[1][0]["val_accuracy"] for name, ended in reference.items()}
    assert set(finished) == set(sorted(firsts, key=lambda name: -firsts[name])[:2])


def test_seeds_of_a_point_are_a_series(folder, reference, capsys):
    process = start(
        folder, "small.cnn", "--set", "runs=2", "--set", "loss=poisson", "--out", "seeds"
    )
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert "2 of 3 points, 4 trainings, 1 dropped by the check" in said
    sweep = folder / "seeds" / "small-sweep-1"
    assert reached(sweep)["small_2 seed 1"] == reference["small_2-poisson"]
    assert main(["compare", str(sweep / "small_2"), str(sweep / "small_4"), "--json"]) == 0
    assert '"seeds": 2' in capsys.readouterr().out
