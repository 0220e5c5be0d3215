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

from cnnspec.runs import HISTORY
from cnnspec.sweeps.engines import DONE, PAUSED
from tests.places import ROOT
from tests.ray_nodes import Nodes
from tests.sweep_processes import TEXT, kept, reached, start, wait_for

if find_spec("ray") is None:
    pytest.skip("the extra `cluster` is not installed", allow_module_level=True)
if sys.platform != "linux":
    pytest.skip("finds processes in /proc", allow_module_level=True)

pytestmark = pytest.mark.cluster

FEW = TEXT.replace("2, 4, 8, 9", "2, 4, 9")
"""Six points, of which the budget drops two."""
TOKEN = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweeps")
    (folder / "small.cnn").write_text(FEW)
    return folder


@pytest.fixture(scope="module")
def reference(folder):
    """The sweep on the local engine."""
    process = start(folder, "small.cnn", "--out", "local", "--no-report")
    said = process.communicate()[1]
    assert process.returncode == 0, said
    return reached(folder / "local" / "small-sweep-1")


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
    wait_for(lambda: kept(sweep), process)
    nodes.remove()
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert "2 at a time" in said
    assert reached(sweep) == reference


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_a_driver_that_ends_is_followed_by_one_that_trains_nothing_twice(
    nodes, folder, reference, number, code
):
    out = f"driver{number}"
    process = sweep_on(nodes, folder, "small.cnn", "--out", out)
    sweep = folder / out / "small-sweep-1"
    wait_for(lambda: (sweep / "sweep.json").exists() and kept(sweep), process)
    hands = trainers(sweep)
    os.kill(process.pid, number)
    said = process.communicate()[1]
    assert process.returncode == code, said
    if number == signal.SIGTERM:
        assert f"go on with `cnnspec sweep --resume {out}/small-sweep-1`" in said
    before = kept(sweep)
    assert len(before) < len(reference)
    wait_for(lambda: not hands.keys() & trainers(sweep).keys())
    process = sweep_on(nodes, folder, "--resume", str(sweep))
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert reached(sweep) == reference
    assert {name: time for name, time in kept(sweep).items() if name in before} == before


RACE = """
import json, sys
from pathlib import Path
from cnnspec.cluster.connection import connect
from cnnspec.sweeps.engines import Task
connect(sys.argv[1])
from cnnspec.sweeps.engines.ray import RayEngine
told = {}
def tell(task, ended):
    if ended:
        told[task.name] = ended.how
tasks = [
    Task(**{**t, "folder": Path(t["folder"]), "log": Path(t["log"])})
    for t in json.loads(sys.argv[2])
]
engine = RayEngine()
engine.race(tasks, [1, 3], tell, lambda: None)
engine.close()
print(json.dumps(told))
"""


def test_a_race_ends_the_hopeless_and_goes_on_where_it_was(nodes, tmp_path):
    rates = [0.01, 0.003, 1e-7, 1e-7, 1e-7]
    text = "model a; data fashion_mnist_mini; pool 4; dense 10 softmax; train {{ epochs 4; "
    text += "batch 100; validation 0.2; metrics accuracy; optimizer adam({rate}) }}"
    tasks = [
        {
            "name": f"a{n}",
            "folder": str(tmp_path / f"a{n}"),
            "log": str(tmp_path / f"a{n}.txt"),
            "text": text.format(rate=rate),
            "source": "a.cnn",
        }
        for n, rate in enumerate(rates)
    ]
    told = raced(nodes, tasks)
    assert told["a0"] == DONE
    ended = {name for name, how in told.items() if how == PAUSED}
    assert len(ended) >= 2
    epochs = {t["name"]: len(json.loads((Path(t["folder"]) / HISTORY).read_text())) for t in tasks}
    assert all((epochs[name] == 4) is (how == DONE) for name, how in told.items())
    assert {epochs[name] for name in ended} <= {1, 3}
    # Another driver compares what there is, and trains nothing more.
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("a?/history.json")}
    again = [{**t, "until": epochs[t["name"]] if t["name"] in ended else None} for t in tasks]
    assert raced(nodes, again) == told
    assert {path: path.stat().st_mtime_ns for path in times} == times


def raced(nodes, tasks):
    command = [sys.executable, "-c", RACE, nodes.address, json.dumps(tasks)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


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
        ("nonsense", TOKEN, "`nonsense` is no address of a cluster"),
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
        (tmp_path / "small.cnn").write_text(FEW)
        own = {**os.environ, "RAY_AUTH_TOKEN": token, "HOME": str(tmp_path)}
        process = start(tmp_path, "small.cnn", *arguments, env=own)
        said = process.communicate(timeout=40)[1]
    assert process.returncode == 3
    assert f"error[CNN922]: {cause.format(**names)}" in said
    assert "= help: " in said
    assert not (tmp_path / "out").exists()
