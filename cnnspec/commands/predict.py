"""Predicts with a trained run: one row an image, as CSV, JSON or a file for a leaderboard.

The images are the test set of the run's data, or those of IMAGES: an IDX file, an array of
an .npz or .h5 file, a picture or a folder of pictures. CSV has the label and every
probability; `kaggle` has two columns, `ID,Prediction` from 0 or what is asked for:
`--columns ImageId,Label --first 1`.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnspec.commands.arguments import FILE, add_backend, add_data, add_run
from cnnspec.commands.inputs import BadUsage
from cnnspec.commands.output import print_json, print_text
from cnnspec.core.record import Record
from cnnspec.core.table import csv_text
from cnnspec.core.terminal import show
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import render
from cnnspec.files.atomic import json_text, write_atomically
from cnnspec.runs.run import ENVIRONMENT, Run
from cnnspec.runs.seeds import one_run

if TYPE_CHECKING:
    from cnnspec.analysis.check import CheckedSpec

_COLUMNS = "ID,Prediction"


class Predicted(Record):
    """What a network says of some images: of each its label and a value for every class.

    `rows` names each image by its file or its number.
    """

    rows: list[Any]
    header: str
    labels: list[Any]
    outputs: list[list[float]]


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_run(parser)
    parser.add_argument(
        "images",
        nargs="?",
        type=Path,
        metavar="IMAGES",
        complete=FILE,
        help="an IDX, .npz or .h5 file, a picture or a folder of pictures",
    )
    parser.add_argument("--array", metavar="NAME", help="the array of an .npz or .h5 file to take")
    parser.add_argument(
        "--format",
        dest="form",  # `format` is how `check` prints its findings
        choices=tuple(FORMATS),
        default="csv",
        help="what is written (csv)",
    )
    parser.add_argument(
        "--columns",
        metavar="A,B",
        help=f"the header of `--format kaggle` ({_COLUMNS})",
    )
    parser.add_argument("--first", type=int, metavar="N", help="the number of the first image (0)")
    parser.add_argument(
        "--names", action="store_true", help="give the names of classes, not their numbers"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", complete=FILE, help="write to a new file"
    )
    parser.add_argument("--force", action="store_true", help="let `--out` replace a file")
    parser.add_argument(
        "--interpret",
        action="store_true",
        help="compute with numpy alone and load no framework; the same to 1e-5",
    )
    add_data(parser)
    add_backend(parser)


def run(args: Namespace) -> int:
    """Predicts with one run."""
    if args.json:
        args.form = "json"
    columns = _columns(args)
    if args.interpret and args.backend:
        fault, remedy = "`--interpret` takes no backend", "leave out `--backend`"
        raise CnnspecError(BadUsage(None, fault, remedy))
    kept = one_run(args.run)
    if args.out and args.out.exists() and not args.force:
        raise CnnspecError(CannotWrite(None, f"{args.out} exists", "replace it with `--force`"))
    checked, outputs_of = _interpreted(kept) if args.interpret else _in_keras(kept, args.backend)
    images, files, notes = _images(args, kept, checked)
    if notes:
        show([*render(tuple(notes)), []], sys.stderr)
    outputs = outputs_of(images)
    labels = outputs.argmax(axis=1).tolist()
    if args.names:
        names = _names(kept, outputs.shape[1])
        labels = [names[label] for label in labels]
    first = args.first or 0
    rows: list[Any] = [*(files or range(first, first + len(labels)))]
    found = Predicted(rows, "file" if files else "index", labels, outputs.tolist())
    text = FORMATS[args.form](found, columns)
    if args.out:
        write_atomically(args.out, text)
        if args.json:
            print_json({"command": "predict", "ok": True, "out": str(args.out)})
    else:
        print_text(text)
    return 0


Outputs = Callable[[Any], Any]
"""From uint8 images to the output of the network for each: (n, classes)."""


def _in_keras(kept: Run, backend: str | None) -> "tuple[CheckedSpec, Outputs]":
    from cnnspec.targets.keras.backend import start

    start(backend)
    from cnnspec.training.score import Scorer
    from cnnspec.training.session import restore

    checked, model = restore(kept)
    return checked, Scorer(model).predict


def _interpreted(kept: Run) -> "tuple[CheckedSpec, Outputs]":
    from cnnspec.targets.interpreter.restore import restore
    from cnnspec.training.batches import scale

    checked, interpreter = restore(kept)
    return checked, lambda images: interpreter.predict(scale(images))


def _columns(args: Namespace) -> list[str]:
    """The two columns of a submission; raises `CnnspecError` where they are not two."""
    if args.form != "kaggle" and args.columns is not None:
        raise CnnspecError(BadUsage(None, "`--columns` goes with `--format kaggle`"))
    names = [name.strip() for name in (args.columns or _COLUMNS).split(",")]
    if len(names) != 2 or not all(names):
        fault = f"`--columns {args.columns}` does not name two columns"
        raise CnnspecError(BadUsage(None, fault, "as in `--columns ImageId,Label`"))
    return names


def _images(
    args: Namespace, kept: Run, checked: "CheckedSpec"
) -> tuple[Any, tuple[str, ...], list[Diagnostic]]:
    """The images, the names of their files where they are files, and what is odd about them."""
    from cnnspec.datasets.splits import images_of
    from cnnspec.datasets.user_data import images
    from cnnspec.runs.data import of_run

    spec = checked.spec
    if args.images:
        found = images(args.images, args.array, spec.shape.dims)
        return found.images, found.names, list(found.notes)
    if args.array is not None:
        raise CnnspecError(BadUsage(None, "`--array` names an array of IMAGES, and there are none"))
    own = images_of(spec, of_run(spec.data, kept, args.data), offline=args.offline)
    return own.test.images, (), []


def _names(kept: Run, classes: int) -> list[str]:
    """The names of the classes; their numbers where they have none."""
    known = kept.read_json(ENVIRONMENT).get("data", {}).get("labels", [])
    return known if len(known) == classes else [str(label) for label in range(classes)]


def _csv(found: Predicted, columns: list[str]) -> str:
    header = [found.header, "label", *(f"p{i}" for i in range(len(found.outputs[0])))]
    rows = zip(found.rows, found.labels, found.outputs, strict=True)
    return csv_text(header, ([row, label, *(f"{v:.6g}" for v in vs)] for row, label, vs in rows))


def _kaggle(found: Predicted, columns: list[str]) -> str:
    return csv_text(columns, map(list, zip(found.rows, found.labels, strict=True)))


def _json(found: Predicted, columns: list[str]) -> str:
    files = {"files": found.rows} if found.header == "file" else {}
    data = {"command": "predict", "ok": True, **files}
    data |= {"labels": found.labels, "outputs": found.outputs}
    return json_text(data)


FORMATS = {"csv": _csv, "json": _json, "kaggle": _kaggle}
"""What can be written, by the name of its format."""
