"""Examines a cluster of Ray before work is given to it.

`cnnspec cluster doctor --address HOST:PORT` compares every machine with this one: the
versions of Python, Ray, Keras, TensorFlow and cnnspec, whether the folder of runs is the
same one, seen both ways, whether the data is there, processors, and the token. Exit
code 1 if something does not fit. docs/cluster.md tells how a cluster is made.
"""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnspec.commands.arguments import FOLDER
from cnnspec.commands.output import print_json
from cnnspec.core.table import Table
from cnnspec.core.terminal import show
from cnnspec.datasets.files import locate
from cnnspec.diagnostics.render import as_json, render
from cnnspec.ir.datasets import DATASETS

if TYPE_CHECKING:
    from cnnspec.training.distributed.doctor import Examined


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument("what", choices=("doctor",), help="says what does not fit")
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="the cluster (default: a private Ray on this machine)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs"),
        complete=FOLDER,
        help="the folder for run folders (runs)",
    )
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="NAME",
        complete=tuple(DATASETS),
        help="a dataset or a path that every machine must have; repeatable; "
        "default: the datasets on this machine",
    )


def run(args: Namespace) -> int:
    """Examines a cluster and says what does not fit."""
    from cnnspec.training.distributed.connection import connect, leave

    here = [name for name, dataset in DATASETS.items() if locate(dataset)]
    named = [name for name in args.data if name in DATASETS]
    paths = [str(Path(path).absolute()) for path in args.data if path not in DATASETS]
    connect(args.address)
    try:
        from cnnspec.training.distributed.doctor import examine

        found = examine(args.out, named if args.data else here, paths)
    finally:
        leave()
    if args.json:
        problems = [as_json(fault) for fault in found.findings]
        document = {"here": found.here, "nodes": list(found.nodes), "problems": problems}
        print_json({"command": "cluster", "ok": not problems, **document})
    else:
        header = ("", "CPUs", *_VERSIONS, "sees runs", "data")
        show(Table(header, tuple(_rows(found))).lines())
        show([[], *render(found.findings)] if found.findings else [], sys.stderr)
        if not found.findings:
            show([[], [("nothing found that does not fit", "good")]])
    return 1 if found.findings else 0


_VERSIONS = ("python", "ray", "cnnspec", "keras", "tensorflow")


def _rows(found: "Examined") -> list[tuple[str, ...]]:
    """A row for this machine, and one for each of the cluster."""
    return [_row("this machine", found.here, "")] + [
        _row(told["address"], told, f"{told['cpus']:g}") for told in found.nodes
    ]


def _row(name: str, told: dict[str, Any], cpus: str) -> tuple[str, ...]:
    if "fault" in told:
        return (name, cpus, *("" for _ in _VERSIONS), "", "")
    both = [told.get("sees", 0), told.get("shows", 0)]
    shared = "no" if None in both else f"after {max(both):g} s" if max(both) else "yes"
    data = [what for what, there in told["data"].items() if there]
    versions = (told[what] or "none" for what in _VERSIONS)
    return (name, cpus, *versions, shared, f"{len(data)} of {len(told['data'])}")
