"""Sweeps on one machine, whatever happens to them: no result is lost, changed or made twice.

Signals are real ones sent to real processes. Most sweeps train in machine code, because workers
without TensorFlow begin at once. Where a signal has to find a training under way, it has many
epochs.
"""

import os
import re
import resource
import signal
import sys
from pathlib import Path

import pytest

from cnnspec.commands import main
from cnnspec.runs.lock import locked
from cnnspec.runs.run import Run
from cnnspec.sweeps.folder import Sweep
from tests.support import programs
from tests.support.sweep_processes import (
    TEXT,
    figures,
    outcomes,
    start,
    states,
    wait_for,
    workers,
    written_at,
)
from tests.targets.c.support import needs_compiler

if sys.platform != "linux":
    pytest.skip("finds the workers in /proc", allow_module_level=True)

NAMES = [
    f"small_{filters}-{loss}"
    for filters in (2, 4)
    for loss in ("categorical_crossentropy", "poisson")
]

NATIVE = ("--backend", "native")
LONG = (*NATIVE, "--set", "epochs=30")
"""Trainings that last until a signal finds them."""
TWO = ("--set", "loss=poisson")
"""Leaves two of the four points."""


def of_two(reference):
    """What the sweep of two points must reach, under the names that it gives them."""
    return {
        name.removesuffix("-poisson"): ended
        for name, ended in reference.items()
        if name.endswith("-poisson")
    }


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
    return outcomes(folder / "one" / "small-sweep-1")


@pytest.fixture(scope="module")
def compiled(folder):
    """The same in machine code."""
    return of_one_worker(folder, "compiled", NATIVE)


@pytest.fixture(scope="module")
def long(folder):
    """The same with many epochs."""
    return of_one_worker(folder, "long", LONG)


def of_one_worker(folder, name, options):
    """The outcomes of a sweep with more options, run to its end."""
    process = start(folder, "small.cnn", *options, "--jobs", "1", "--out", name)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    return outcomes(folder / name / "small-sweep-1")


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
    assert programs.run(*command, folder=folder)[0] == 0
    assert figures(Run(folder / "alone" / "small-1")) == reference[NAMES[0]]


def killed(process, doomed, times):
    """Kills each worker that trains a point, so many times."""
    ended = set()

    def all_are():
        for worker, log in workers(process).items():
            if log.name == f"{doomed}.txt" and worker not in ended:
                os.kill(worker, signal.SIGKILL)
                ended.add(worker)
        return len(ended) == times

    wait_for(all_are, process)


def assert_nothing_made_twice(sweep, before):
    assert {name: time for name, time in written_at(sweep).items() if name in before} == before


@needs_compiler
def test_killed_worker_and_killed_driver_lose_nothing_that_was_kept(folder, long):
    """A worker is killed, which two of them get over; then the driver, which another follows."""
    process = start(folder, "small.cnn", *LONG, "--jobs", "2", "--out", "two")
    sweep = folder / "two" / "small-sweep-1"
    at_work = wait_for(
        lambda: {p: log for p, log in workers(process).items() if log.suffix == ".txt"}, process
    )
    os.kill(next(iter(at_work)), signal.SIGKILL)
    wait_for(lambda: (sweep / "sweep.json").exists() and written_at(sweep), process)
    hands = workers(process)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    wait_for(lambda: not any(Path(f"/proc/{hand}").exists() for hand in hands))
    before = written_at(sweep)
    assert 0 < len(before) < len(NAMES)
    resumed(folder, sweep)
    assert outcomes(sweep) == long
    assert_nothing_made_twice(sweep, before)


@needs_compiler
def test_process_that_is_always_killed_fails_and_the_others_go_on(folder, long):
    process = start(folder, "small.cnn", *LONG, "--jobs", "1", "--out", "always")
    doomed = NAMES[1]
    killed(process, doomed, 3)
    said = process.communicate()[1]
    assert process.returncode == 1
    assert f"{doomed}  failed: its process ended 3 times before it was done, by signal 9" in said
    sweep = folder / "always" / "small-sweep-1"
    assert states(sweep) == {**dict.fromkeys(NAMES, "finished"), doomed: "failed"}
    # What was torn is trained again as well as what failed, and nothing else.
    torn = sweep / NAMES[2] / "metrics.json"
    torn.write_text(torn.read_text()[:40])
    before = written_at(sweep)
    assert "metrics.json is damaged" in resumed(folder, sweep)
    assert outcomes(sweep) == long
    after = written_at(sweep)
    assert [name for name in NAMES if after[name] != before.get(name)] == [doomed, NAMES[2]]


@needs_compiler
def test_interrupted_driver_says_how_to_go_on_and_trains_nothing_twice(folder, long):
    process = start(folder, "small.cnn", *LONG, *TWO, "--jobs", "1", "--out", "interrupted")
    sweep = folder / "interrupted" / "small-sweep-1"
    wait_for(lambda: (sweep / "sweep.json").exists() and written_at(sweep), process)
    hands = workers(process)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130
    assert said.endswith(
        f"stopped; go on with `cnnspec sweep --resume {sweep.relative_to(folder)}`\n"
    )
    wait_for(lambda: not any(Path(f"/proc/{hand}").exists() for hand in hands))
    before = written_at(sweep)
    assert len(before) == 1
    resumed(folder, sweep)
    assert outcomes(sweep) == of_two(long)
    assert_nothing_made_twice(sweep, before)


def test_a_second_driver_is_turned_away(folder, reference):
    sweep = Sweep.open(folder / "one" / "small-sweep-1")
    with locked(Run(sweep.folder)):
        process = start(folder, "--resume", str(sweep))
        said = process.communicate()[1]
    assert process.returncode == 3
    assert f"is in use by process {os.getpid()}" in said


def test_a_point_that_fails_is_told_and_the_others_go_on(folder):
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


@needs_compiler
def test_a_full_disk_blocks_and_nothing_is_lost(folder, compiled):
    """EFBIG at a checkpoint of every training: told once, exit code 3, and then it goes on."""
    limit = {
        "preexec_fn": lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY)
        )
    }
    process = start(folder, "small.cnn", *NATIVE, *TWO, "--jobs", "1", "--out", "disk", **limit)
    said = process.communicate()[1]
    sweep = folder / "disk" / "small-sweep-1"
    assert process.returncode == 3
    assert "CNN918" in said
    assert "File too large" in said
    assert f"`cnnspec sweep --resume {sweep.relative_to(folder)}` goes on" in said
    assert "failed" not in states(sweep).values()
    resumed(folder, sweep)
    assert outcomes(sweep) == of_two(compiled)


def halved(folder, reference, jobs):
    """Sweeps with halving by so many workers, and compares with the sweep of all."""
    out = f"halved{jobs}"
    how = (*NATIVE, "--jobs", jobs, "--stop-early", "halving", "--out", out)
    process = start(folder, "small.cnn", *how)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    ended = outcomes(folder / out / "small-sweep-1")
    finished = {name: end for name, end in ended.items() if end}
    assert len(finished) == 2
    assert finished == {name: reference[name] for name in finished}
    firsts = {name: end[1][0]["val_accuracy"] for name, end in reference.items()}
    assert set(finished) == set(sorted(firsts, key=lambda name: -firsts[name])[:2])


@needs_compiler
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_halving_ends_the_hopeless_and_changes_no_figure(folder, compiled, jobs):
    """Of four points two go on after the first epoch, and end as in the sweep of all."""
    halved(folder, compiled, jobs)


@needs_compiler
def test_seeds_of_a_point_are_a_series(folder, compiled, capsys):
    how = (*NATIVE, "--set", "runs=2", *TWO, "--jobs", "1", "--out", "seeds")
    process = start(folder, "small.cnn", *how)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert "2 of 3 points, 4 trainings, 1 dropped by the check" in said
    sweep = folder / "seeds" / "small-sweep-1"
    assert outcomes(sweep)["small_2 seed 1"] == compiled["small_2-poisson"]
    assert main(["compare", str(sweep / "small_2"), str(sweep / "small_4"), "--json"]) == 0
    assert '"seeds": 2' in capsys.readouterr().out
