"""Imports a model of Keras, ONNX or LiteRT as a spec, and keeps its weights as a run.

FILE is a `.keras` file, an `.h5` file of Keras 2, the JSON of `model.to_json()`, an `.onnx` file,
or a `.tflite` file in float32. It is read as data: nothing in it is executed, and a layer that a
spec cannot say is an error that names it. Where Keras, ONNX Runtime or LiteRT is installed, it runs
the file and the spec is compared with it, on images of random pixels, before anything is kept.
Repetitions are said once. The spec goes to standard output: `cnnspec import net.onnx > net.cnn`.
"""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from cnnspec.commands.arguments import FILE, FOLDER
from cnnspec.commands.output import print_json, print_text
from cnnspec.core.terminal import messages, show
from cnnspec.diagnostics.environment import CannotWrite
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.files.atomic import write_atomically
from cnnspec.importing.formats import format_of
from cnnspec.ir.spec import NO_DATA

if TYPE_CHECKING:
    from cnnspec.importing.compare import Comparison
    from cnnspec.importing.session import Imported
    from cnnspec.runs.run import Run

PIXELS = {"0..1": (0.0, 1.0), "0..255": (0.0, 255.0), "-1..1": (-1.0, 1.0)}
"""What a model may take pixels to be: black and white."""


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", complete=FILE, help="the model to import"
    )
    parser.add_argument(
        "--input",
        type=_size,
        metavar="HxWxC",
        help="the size of an image, where the model leaves it open: 224x224x3",
    )
    parser.add_argument(
        "--pixels",
        choices=tuple(PIXELS),
        help="black and white as the model takes them (0..255 where it scales pixels itself, "
        "else 0..1)",
    )
    parser.add_argument(
        "--data",
        default=NO_DATA,
        metavar="DATA",
        help="the data that the spec names: mnist, or the path of your own",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", complete=FILE, help="write the spec to a new file"
    )
    parser.add_argument("--force", action="store_true", help="let `--out` replace a file")
    parser.add_argument(
        "--runs",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        complete=FOLDER,
        help="where the run with the weights is made (runs)",
    )
    parser.add_argument(
        "--text", action="store_true", help="print the spec alone: no run, no comparison"
    )


def run(args: Namespace) -> int:
    """Imports one file."""
    if args.out and args.out.exists() and not args.force:
        raise CnnspecError(CannotWrite(None, f"{args.out} exists", "replace it with `--force`"))
    format_of(args.file).require()
    from cnnspec.importing.session import import_file

    pixels = PIXELS.get(args.pixels)
    imported = import_file(args.file, size=args.input, pixels=pixels, data=args.data)
    comparison = kept = None
    if imported.weights and not args.text:
        from cnnspec.importing.compare import compare
        from cnnspec.importing.keep import keep

        comparison = compare(imported)
        kept = keep(imported, args.runs)
    if args.out:
        write_atomically(args.out, imported.text)
    if args.json:
        print_json(_document(args, imported, comparison, kept))
        return 0
    if not args.out:
        print_text(imported.text)
    # Standard output has the spec and nothing else.
    stream = messages() if args.out else sys.stderr
    show([[(line, "dim")] for line in _story(args, imported, comparison, kept)], stream)
    return 0


def _size(text: str) -> tuple[int, ...]:
    sizes = text.split("x")
    if len(sizes) != 3 or not all(size.isdecimal() and int(size) for size in sizes):
        raise ArgumentTypeError(f"`{text}` is not a size such as 224x224x3")
    return tuple(map(int, sizes))


def _story(
    args: Namespace,
    imported: "Imported",
    comparison: "Comparison | None",
    kept: "Run | None",
) -> list[str]:
    """What a reader should know of the import, a line each."""
    found = []
    if args.out:
        found.append(f"written to {args.out}")
    found += imported.network.notes
    low, high = (f"{value:g}" for value in imported.pixels)
    if (low, high) != ("0", "1"):
        found.append(f"the model takes pixels from {low} to {high}, its spec those divided by 255")
    if comparison and comparison.images:
        found.append(
            f"compared with {comparison.tool} on {comparison.images} random images: "
            f"the largest difference is {comparison.difference:.2g}"
        )
    elif comparison:
        found.append(f"not compared with {comparison.tool}: {comparison.reason}")
    if kept:
        found.append(f"the weights are in {kept}")
    elif not imported.weights:
        found.append("the file has no weights, so no run was made")
    return found


def _document(
    args: Namespace,
    imported: "Imported",
    comparison: "Comparison | None",
    kept: "Run | None",
) -> dict[str, object]:
    compared = comparison is not None and comparison.images > 0
    totals = imported.checked.totals
    assert totals is not None
    return {
        "command": "import",
        "ok": True,
        "file": str(args.file),
        "text": imported.text,
        "out": str(args.out) if args.out else None,
        "run": str(kept) if kept else None,
        "params": totals.params,
        "pixels": list(imported.pixels),
        "compared_images": comparison.images if comparison else 0,
        "largest_difference": comparison.difference if comparison and compared else None,
        "notes": list(imported.network.notes),
    }
