"""Predicts with a trained run: one CSV row an image, its label and all probabilities.

The images are the test set of the run's data, or those of an IDX file.
"""

import csv
import io
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from cnnspec.commands.arguments import add_backend, add_run
from cnnspec.commands.output import print_json
from cnnspec.diagnostics.base import Problems
from cnnspec.diagnostics.surroundings import CannotRead, CannotWrite
from cnnspec.files import write_atomically
from cnnspec.series import one_run


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_run(parser)
    parser.add_argument(
        "images",
        nargs="?",
        type=Path,
        metavar="IMAGES",
        help="an IDX file of images, gzipped or not",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the CSV to a new file")
    parser.add_argument("--force", action="store_true", help="let `--out` replace a file")
    add_backend(parser)


def run(args: Namespace) -> int:
    """Predicts with one run."""
    kept = one_run(args.run)
    if args.out and args.out.exists() and not args.force:
        raise Problems(CannotWrite(None, f"{args.out} exists", "replace it with `--force`"))
    from cnnspec.training.backend import start

    start(args.backend)
    from cnnspec.datasets.splits import divide
    from cnnspec.training.score import predict
    from cnnspec.training.session import restore

    checked, model = restore(kept)
    if args.images:
        images = _images(args.images, checked.spec.shape.dims)
    else:
        images = divide(checked.spec, offline=args.offline).test.images
    outputs = predict(model, images)
    labels = outputs.argmax(axis=1)
    if args.json:
        print_json(
            {
                "command": "predict",
                "ok": True,
                "labels": labels.tolist(),
                "outputs": outputs.tolist(),
            }
        )
        return 0
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["index", "label", *(f"p{i}" for i in range(outputs.shape[1]))])
    for index, (label, values) in enumerate(zip(labels, outputs, strict=True)):
        rows.writerow([index, label, *(f"{value:.6g}" for value in values)])
    if args.out:
        write_atomically(args.out, text.getvalue())
    else:
        sys.stdout.write(text.getvalue())
    return 0


def _images(path: Path, shape: tuple[int, ...]) -> Any:
    """The images of an IDX file, as uint8 of shape (n, height, width, channels)."""
    import gzip
    import zlib

    from cnnspec.datasets.arrays import idx

    try:
        data = path.read_bytes()
        images = idx(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
        if images.ndim < 3:
            raise ValueError("it holds labels, not images")
        if images.shape[1:] not in (shape, shape[:2]):
            found = "x".join(map(str, images.shape[1:]))
            raise ValueError(f"its images are {found}, and the network takes {shape[0]}x{shape[1]}")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise Problems(CannotRead(None, f"cannot take images from {path}: {reason}")) from None
    return images.reshape(-1, *shape)
