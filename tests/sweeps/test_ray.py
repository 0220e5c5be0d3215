"""Sweeps on a cluster of Ray: two nodes on this machine, whatever happens to them.

Nodes, workers and drivers are real processes, and end by real signals.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from cnnspec.sweeps.folder import Sweep
from tests.support.paths import ROOT
from tests.support.ray_nodes import Nodes
from tests.support.sweep_processes import TEXT, outcomes, start, states, wait_for, written_at

if find_spec("ray") is None:
    pytest.skip("the extra `cluster` is not installed", allow_module_level=True)
if sys.platform != "linux":
    pytest.skip("finds processes in /proc", allow_module_level=True)

pytestmark = pytest.mark.cluster

TOKEN = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweeps")
    (folder / "small.cnn").write_text(TEXT)
    return folder


@pytest.fixture(scope="module")
def reference(folder):
    """The sweep on the local engine."""
    process = start(folder, "small.cnn", "--out", "local", "--no-report")
    said = process.communicate()[1]
    assert process.returncode == 0, said
    return outcomes(folder / "local" / "small-sweep-1")


@pytest.fixture(scope="module")
def nodes(folder):
    """A cluster, and the surroundings of who works on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", TOKEN)
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.delenv("CNNSPEC_DATA", raising=False)
        found = Nodes(cwd=folder)
        yield found
        found.end()


def sweep_on(nodes, folder, *arguments):
    """A driver that joins the cluster."""
    where = ["--engine", "ray", "--address", nodes.address, "--no-report"]
    return start(folder, *arguments, *where)


def trainers(sweep):
    """The processes that write a log of a sweep now, with that log."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            log = (entry / "fd/2").readlink()
        except OSError:
            continue
        if log.is_relative_to(sweep / "logs"):
            found[int(entry.name)] = log
    return found


def test_every_point_is_the_same_though_a_worker_and_a_node_are_lost(nodes, folder, reference):
    nodes.add()
    process = sweep_on(nodes, folder, "small.cnn", "--out", "lost")
    sweep = folder / "lost" / "small-sweep-1"
    at_work = wait_for(lambda: len(found := trainers(sweep)) == 2 and found, process)
    os.kill(next(iter(at_work)), signal.SIGKILL)
    wait_for(lambda: written_at(sweep), process)
    nodes.remove()
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert "2 at a time" in said
    assert outcomes(sweep) == reference


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_a_driver_that_ends_is_followed_by_one_that_trains_nothing_twice(
    nodes, folder, reference, number, code
):
    out = f"driver{number}"
    process = sweep_on(nodes, folder, "small.cnn", "--out", out)
    sweep = folder / out / "small-sweep-1"
    wait_for(lambda: (sweep / "sweep.json").exists() and written_at(sweep), process)
    hands = trainers(sweep)
    os.kill(process.pid, number)
    said = process.communicate()[1]
    assert process.returncode == code, said
    if number == signal.SIGTERM:
        assert f"go on with `cnnspec sweep --resume {out}/small-sweep-1`" in said
    before = written_at(sweep)
    assert len(before) < len(reference)
    wait_for(lambda: not hands.keys() & trainers(sweep).keys())
    process = sweep_on(nodes, folder, "--resume", str(sweep))
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert outcomes(sweep) == reference
    assert {name: time for name, time in written_at(sweep).items() if name in before} == before


RACE = """
model race; data fashion_mnist_mini; pool 4; dense 10 softmax
train { epochs 9; batch 100; validation 0.2 }
sweep { optimizer in adam(0.01), adam(0.003), adam(1e-7), adam(2e-7), adam(3e-7) }
"""


def test_a_race_ends_the_hopeless_and_goes_on_where_it_was(nodes, folder):
    (folder / "race.cnn").write_text(RACE)
    process = sweep_on(nodes, folder, "race.cnn", "--stop-early", "asha", "--out", "race")
    printed, said = process.communicate()
    assert process.returncode == 0, said
    sweep = folder / "race" / "race-sweep-1"
    found = states(sweep)
    ended = {trial.name: trial for trial in Sweep.open(sweep).trials() if trial.state == "begun"}
    assert found["race_adam-0.01"] == "finished"
    assert len(ended) >= 2
    assert {trial.epochs for trial in ended.values()} <= {1, 3}
    assert {n for each in Sweep.open(sweep).rounds() for n in each.values} == set(ended)
    assert f"{len(ended)} stopped early" in printed
    # Another driver compares what there is, and trains nothing more.
    times = {path: path.stat().st_mtime_ns for path in sweep.glob("*/history.json")}
    process = sweep_on(nodes, folder, "--resume", str(sweep))
    again = process.communicate()[0]
    assert again.partition("kept in")[0] == printed.partition("kept in")[0]
    assert states(sweep) == found
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_a_race_needs_ray(folder):
    process = start(folder, "-e", RACE, "--stop-early", "asha")
    assert "`--stop-early asha` is for `--engine ray`" in process.communicate()[1]
    assert process.returncode == 2


def examined(nodes, folder, *arguments):
    """What the doctor says, and its exit code."""
    command = ["cnnspec", "cluster", "doctor", "--address", nodes.address, *arguments]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout, done.returncode


def test_the_doctor_finds_what_does_not_fit(nodes, tmp_path):
    planted = tmp_path / "planted" / "keras-1.2.3.dist-info"
    planted.mkdir(parents=True)
    (planted / "METADATA").write_text("Metadata-Version: 2.1\nName: keras\nVersion: 1.2.3\n")
    said, code = examined(nodes, tmp_path, "--out", str(tmp_path))
    assert code == 0
    assert "nothing found that does not fit" in said
    nodes.add(PYTHONPATH=f"{planted.parent}:{ROOT}")
    # Each process has a folder of its own under this name.
    elsewhere = ["--out", "/proc/self/cwd", "--data", "mnist", "--json"]
    said, code = examined(nodes, tmp_path, *elsewhere)
    nodes.remove()
    assert code == 1
    found = json.loads(said)
    assert found["ok"] is False
    assert len(found["nodes"]) == 2
    told = "\n".join(problem["message"] for problem in found["problems"])
    assert told.count("has keras 1.2.3, and this machine 3.") == 1
    assert told.count("/proc/self/cwd is another folder") == 2
    assert told.count("does not have the data `mnist`") == 2
    assert all(problem["help"] for problem in found["problems"])
    assert {problem["code"] for problem in found["problems"]} == {"CNN923"}


@pytest.mark.parametrize(
    ("address", "token", "cause"),
    [
        ("nonsense", TOKEN, "`nonsense` is not the address of a cluster"),
        ("127.0.0.1:{free}", TOKEN, "nothing answers at 127.0.0.1:{free}: Connection refused"),
        ("{nodes}", "", "there is no token here for the cluster at {nodes}"),
        ("{nodes}", TOKEN[::-1], "the cluster at {nodes} has another token than this machine"),
    ],
)
def test_a_cluster_that_cannot_be_joined_is_told_before_any_work(
    nodes, address, token, cause, tmp_path
):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        names = {"free": taken.getsockname()[1], "nodes": nodes.address}
        arguments = ["--engine", "ray", "--address", address.format(**names), "--out", "out"]
        (tmp_path / "small.cnn").write_text(TEXT)
        own = {**os.environ, "RAY_AUTH_TOKEN": token, "HOME": str(tmp_path)}
        process = start(tmp_path, "small.cnn", *arguments, env=own)
        said = process.communicate(timeout=40)[1]
    assert process.returncode == 3
    assert f"error[CNN922]: {cause.format(**names)}" in said
    assert "= help: " in said
    assert not (tmp_path / "out").exists()
