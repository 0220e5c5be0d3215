"""Predicts with a trained run: text, CSV, JSON or a file for a leaderboard.

The images are the test set of the run's data, or those of IMAGES: an IDX file, an array of
an .npz or .h5 file, pictures or a folder of pictures. Pictures are prepared as the training
images are framed, and those unlike them are doubted. Text has the three best classes of each
picture and what was done with it; CSV has the label and every probability; `kaggle` has two
columns, `ID,Prediction` from 0 or what is asked for: `--columns ImageId,Label --first 1`.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnspec.commands import answers
from cnnspec.commands.arguments import FILE, add_backend, add_data, add_run
from cnnspec.commands.inputs import BadUsage, require_ending, run_named
from cnnspec.commands.output import print_json, print_text
from cnnspec.core.record import Record
from cnnspec.core.table import csv_text
from cnnspec.core.terminal import show
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.data import DataNote
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.render import render
from cnnspec.files.atomic import json_text, write_atomically
from cnnspec.runs.data import class_names
from cnnspec.runs.run import Run
from cnnspec.runs.seeds import one_run

if TYPE_CHECKING:
    from cnnspec.analysis.check import CheckedSpec

_COLUMNS = "ID,Prediction"

_ENDINGS = {
    "text": (".txt", ".text", ".log", ".md"),
    "csv": (".csv", ".txt"),
    "json": (".json",),
    "kaggle": (".csv", ".txt"),
}
"""The endings that a file of each format may have."""


class Predicted(Record):
    """What a network says of some images: of each its label and a value for every class.

    `rows` names each image by its file or its number; `more` is what JSON has beside them.
    """

    rows: list[Any]
    header: str
    labels: list[Any]
    outputs: list[list[float]]
    text: str = ""
    more: dict[str, Any] | None = None


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_run(parser)
    parser.add_argument(
        "images",
        nargs="*",
        type=Path,
        metavar="IMAGES",
        complete=FILE,
        help="an IDX, .npz or .h5 file, pictures or a folder of pictures",
    )
    parser.add_argument("--array", metavar="NAME", help="the array of an .npz or .h5 file to take")
    parser.add_argument(
        "--format",
        dest="form",  # `format` is how `check` prints its findings
        choices=tuple(FORMATS),
        help="what is written (text for pictures that are named, else csv)",
    )
    parser.add_argument(
        "--as-is",
        action="store_true",
        help="do not prepare pictures: only scale them to the size of the input",
    )
    parser.add_argument(
        "--show",
        type=Path,
        metavar="FILE",
        complete=FILE,
        help="write a PNG of what the network saw beside the pictures that were given",
    )
    parser.add_argument(
        "--columns",
        metavar="A,B",
        help=f"the header of `--format kaggle` ({_COLUMNS})",
    )
    parser.add_argument(
        "--first",
        type=int,
        metavar="N",
        help="number the images from N on (arrays: 0; pictures: their names)",
    )
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
    pictures = answers.named(args.images)
    form = "json" if args.json else args.form or ("text" if pictures and pictures.single else "csv")
    _require_pictures(args, form, bool(pictures))
    columns = _columns(args, form)
    if args.interpret and args.backend:
        fault, remedy = "`--interpret` takes no backend", "leave out `--backend`"
        raise CnnspecError(BadUsage(None, fault, remedy))
    require_ending("--show", args.show, (".png",), "PNG")
    require_ending("--out", args.out, _ENDINGS[form], f"what `--format {form}` writes")
    kept = one_run(run_named(args.run))
    for out in filter(None, (args.out, args.show)):
        if out.exists() and not args.force:
            raise CnnspecError(CannotWrite(None, f"{out} exists", "replace it with `--force`"))
    network = _interpreted(kept) if args.interpret else _restored(kept, args.backend)
    if pictures:
        found, notes = _recognized(args, kept, network, pictures)
    else:
        found, notes = _predicted(args, kept, network)
    if notes:
        show([*render(tuple(notes)), []], sys.stderr)
    if args.names:
        names = class_names(kept, len(found.outputs[0]))
        found = found.replace(labels=[names[label] for label in found.labels])
    _write(args, FORMATS[form](found, columns))
    return 0


class Network(Record):
    """A trained network, whatever computes it: functions from uint8 images to numbers."""

    checked: "CheckedSpec"
    outputs: Callable[[Any], Any]
    """The output for each image: (n, classes)."""
    features: Callable[[Any], Any] | None
    """What its distance from the training images is measured by; numpy alone has none."""


def _restored(kept: Run, backend: str | None) -> Network:
    from cnnspec.training.backends.choose import backend_for, start
    from cnnspec.training.score import Scorer

    checked, network = start(backend_for(kept, backend)).restore(kept)
    return Network(checked, Scorer(network).predict, network.features())


def _interpreted(kept: Run) -> Network:
    from cnnspec.targets.interpreter.restore import restore
    from cnnspec.training.batches import scale

    checked, interpreter = restore(kept)
    return Network(checked, lambda images: interpreter.predict(scale(images)), None)


def _write(args: Namespace, text: str) -> None:
    """Writes the result to where it is to go."""
    if not args.out:
        print_text(text)
        return
    write_atomically(args.out, text)
    if args.json:
        print_json({"command": "predict", "ok": True, "out": str(args.out)})


def _require_pictures(args: Namespace, form: str, pictures: bool) -> None:
    """Raises `CnnspecError` for what only pictures have, or what only arrays have."""
    wanted = {"--show": args.show, "--as-is": args.as_is, "--format text": form == "text"}
    for option, given in wanted.items():
        if given and not pictures:
            fault = f"`{option}` is for pictures, and none are named"
            raise CnnspecError(BadUsage(None, fault, "name PNG or JPEG files, or a folder of them"))
    if args.array is not None and (pictures or not args.images):
        fault = "`--array` names an array of IMAGES, and there are none"
        raise CnnspecError(BadUsage(None, fault, "name an .npz or .h5 file"))


def _columns(args: Namespace, form: str) -> list[str]:
    """The two columns of a submission; raises `CnnspecError` for options that are of no use."""
    if form != "kaggle" and args.columns is not None:
        raise CnnspecError(BadUsage(None, "`--columns` goes with `--format kaggle`"))
    if form not in ("csv", "kaggle") and args.first is not None:
        raise CnnspecError(BadUsage(None, "`--first` goes with `--format csv` or `kaggle`"))
    names = [name.strip() for name in (args.columns or _COLUMNS).split(",")]
    if len(names) != 2 or not all(names):
        fault = f"`--columns {args.columns}` does not name two columns"
        raise CnnspecError(BadUsage(None, fault, "as in `--columns ImageId,Label`"))
    return names


def _predicted(args: Namespace, kept: Run, network: Network) -> tuple[Predicted, list[Diagnostic]]:
    """The predictions for arrays of images, and what is odd about them."""
    from cnnspec.datasets.splits import images_of
    from cnnspec.datasets.user_data import images
    from cnnspec.runs.data import of_run

    spec = network.checked.spec
    notes: list[Diagnostic] = []
    if args.images:
        found = images(args.images[0], args.array, spec.shape.dims, spec.data)
        pixels, notes = found.images, list(found.notes)
    else:
        where = of_run(spec.data, kept, args.data)
        pixels = images_of(spec, where, offline=args.offline).test.images
    outputs = network.outputs(pixels)
    first = args.first or 0
    rows = list(range(first, first + len(outputs)))
    return Predicted(rows, "index", outputs.argmax(axis=1).tolist(), outputs.tolist()), notes


def _recognized(
    args: Namespace, kept: Run, network: Network, pictures: answers.Named
) -> tuple[Predicted, list[Diagnostic]]:
    """The predictions for pictures, and what is odd about them; draws what `--show` asks for."""
    from cnnspec.training import inputs
    from cnnspec.training.recognize import Recognizer

    spec = network.checked.spec
    try:
        known, notes = inputs.load(kept, spec, args.data, offline=args.offline)
    except CnnspecError as problems:
        if not args.as_is:
            raise
        known, notes = inputs.Inputs(None), list(problems.diagnostics)
    names = class_names(kept, spec.classes)
    recognize = Recognizer(known, spec.shape.dims, names, network.outputs, network.features)
    if known.doubt and not network.features:
        notes.append(DataNote(None, "with `--interpret` no picture is doubted"))
    found = recognize(pictures.paths, pictures.names, as_is=args.as_is)
    if args.show:
        from cnnspec.report.seen import sheet

        write_atomically(args.show, sheet(found))
    outputs = [answer.outputs.tolist() for answer in found]
    labels = [int(answer.outputs.argmax()) for answer in found]
    numbers = None if args.first is None else range(args.first, args.first + len(found))
    predicted = Predicted(
        rows=list(pictures.names if numbers is None else numbers),
        header="file" if numbers is None else "index",
        labels=labels,
        outputs=outputs,
        text=answers.text(found),
        more=answers.dump(found),
    )
    return predicted, [*notes, *([] if pictures.single else answers.summary(found))]


def _csv(found: Predicted, columns: list[str]) -> str:
    header = [found.header, "label", *(f"p{i}" for i in range(len(found.outputs[0])))]
    rows = zip(found.rows, found.labels, found.outputs, strict=True)
    return csv_text(header, ([row, label, *(f"{v:.6g}" for v in vs)] for row, label, vs in rows))


def _kaggle(found: Predicted, columns: list[str]) -> str:
    return csv_text(columns, map(list, zip(found.rows, found.labels, strict=True)))


def _json(found: Predicted, columns: list[str]) -> str:
    files = {"files": found.rows} if found.header == "file" else {}
    data = {"command": "predict", "ok": True, **files}
    data |= {"labels": found.labels, "outputs": found.outputs, **(found.more or {})}
    return json_text(data)


def _text(found: Predicted, columns: list[str]) -> str:
    return found.text


FORMATS = {"text": _text, "csv": _csv, "json": _json, "kaggle": _kaggle}
"""What can be written, by the name of its format."""
