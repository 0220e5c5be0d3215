"""Examines a cluster: whether every machine would train as this one does, and be seen to.

Asks every machine for its facts (`node.py`) and compares them with those of the one that
asks. Knows nothing of sweeps.
"""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from cnnspec.core.record import Record
from cnnspec.diagnostics.base import listing
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import UnsuitableNode
from cnnspec.files.atomic import cannot_write, write_atomically
from cnnspec.training.distributed import node

_NEW = 10
"""Seconds in which another machine must see a new file; it has never looked for it."""

_LATE = 40
"""Seconds in which this one must see a file that was not there when it looked."""

_SLOW = 5
"""Seconds after which a shared folder is called slow."""

# Of a cnnspec of its own a machine knows nothing that could be asked.
ray.cloudpickle.register_pickle_by_value(node)


class Examined(Record):
    """What was found: the facts of this machine, those of every node, and what does not fit."""

    here: dict[str, Any]
    nodes: tuple[dict[str, Any], ...]
    findings: tuple[UnsuitableNode, ...]


def examine(out: Path, datasets: list[str], paths: list[str]) -> Examined:
    """Examines the cluster that this process has joined.

    `out` is the folder of runs, `datasets` and `paths` the data that every machine must
    have. Raises `CnnspecError` where `out` cannot be written to.
    """
    here = node.facts(datasets, paths)
    alive = sorted((n for n in ray.nodes() if n["Alive"]), key=lambda n: n["NodeManagerAddress"])
    with _shared(out) as (word, mark):
        asked = [_ask(n["NodeID"], datasets, paths, mark, word) for n in alive]
        nodes = []
        for found, answer in zip(alive, asked, strict=True):
            try:
                told = ray.get(answer, timeout=_LATE)
            except ray.exceptions.RayError as error:
                told = {"fault": str(error).strip().splitlines()[-1]}
            else:
                left = told.pop("left")
                told["shows"] = node.seen(left, word, _LATE) if told["sees"] is not None else None
            told["address"] = found["NodeManagerAddress"]
            told["cpus"] = found["Resources"].get("CPU", 0)
            nodes.append(told)
    findings = [fault for told in nodes for fault in _compare(here, told, out)]
    if not sum(told["cpus"] for told in nodes):
        findings.append(
            UnsuitableNode(
                None, "no machine has a processor for trainings", "`ray start --num-cpus=N`"
            )
        )
    return Examined(here, tuple(nodes), tuple(findings))


@contextlib.contextmanager
def _shared(out: Path) -> Iterator[tuple[str, Path]]:
    """A word, and a file in the folder of runs that holds it; what is left of both is removed."""
    word = secrets.token_hex(8)
    mark = out.absolute() / f".doctor-{word}"
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CnnspecError(cannot_write(out, error)) from None
    write_atomically(mark, word)
    try:
        yield word, mark
    finally:
        for path in mark.parent.glob(f"{mark.name}*"):
            path.unlink(missing_ok=True)


def _ask(node_id: str, datasets: list[str], paths: list[str], mark: Path, word: str) -> Any:
    """Asks a machine for its facts, and what it sees and writes in the folder of runs."""
    left = f"{mark}-{node_id}"
    # So is the result of a training looked for before it is there, which NFS remembers.
    Path(left).exists()

    def examined() -> dict[str, Any]:
        return {
            **node.facts(datasets, paths),
            "sees": node.seen(str(mark), word, _NEW),
            "cannot_write": node.leave(left, word),
            "left": left,
        }

    there = NodeAffinitySchedulingStrategy(node_id, soft=False)
    return (
        ray.remote(num_cpus=0, max_retries=0)(examined).options(scheduling_strategy=there).remote()
    )


def _compare(here: dict[str, Any], told: dict[str, Any], out: Path) -> Iterator[UnsuitableNode]:
    """What does not fit of one machine."""
    name = f"{told.get('host', 'a machine')} ({told['address']})"
    if "fault" in told:
        yield UnsuitableNode(
            None, f"{name} does no work: {told['fault']}", "see `ray status` there"
        )
        return
    for what in ("python", "cnnspec", *node.PACKAGES):
        if told[what] is None:
            remedy = "pip install 'cnnspec[cluster]' for the Python that runs `ray start`"
            yield UnsuitableNode(None, f"{name} has no {what}", remedy)
        elif told[what] != here[what]:
            cause = f"{name} has {what} {told[what]}, and this machine {here[what]}"
            yield UnsuitableNode(
                None, cause, "install the same on both: results may differ otherwise"
            )
    if told["cannot_write"]:
        cause = f"{name} cannot write in {out.absolute()}: {told['cannot_write']}"
        yield UnsuitableNode(None, cause, "mount the shared folder there under the same path")
    elif told["sees"] is None or told["shows"] is None:
        cause = f"{out.absolute()} is another folder on {name} than here"
        yield UnsuitableNode(
            None, cause, "share one folder under the same path, and name it by `--out`"
        )
    elif max(told["sees"], told["shows"]) > _SLOW:
        slow = max(told["sees"], told["shows"])
        cause = f"{name} and this machine see {slow:g} s late what the other writes in {out}"
        yield UnsuitableNode(None, cause, "mount it with `lookupcache=positive,actimeo=1`")
    missing = [what for what, there in told["data"].items() if not there]
    if missing:
        cause = f"{name} does not have the data {listing(missing, 'and')}"
        remedy = "`cnnspec data --fetch` there, or share a folder by CNNSPEC_DATA at `ray start`"
        yield UnsuitableNode(None, cause, remedy)
    if not told["token"]:
        cause = f"{name} asks for no token: whoever reaches it can run programs on it"
        yield UnsuitableNode(None, cause, "start Ray on every machine with RAY_AUTH_MODE=token")
    if told["cpus"] > told["processors"]:
        cause = f"{name} gives {told['cpus']:g} CPUs, and has {told['processors']} processors"
        yield UnsuitableNode(None, cause, f"`ray start --num-cpus={told['processors']}`")
