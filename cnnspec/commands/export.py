"""Exports a trained run for use elsewhere: C for a microcontroller, ONNX, LiteRT, Keras, PyTorch.

What is made is run and compared with the run on 200 test images before it is kept; the
folder is written whole or not at all, with a manifest of versions, hashes and figures. `c`
is C99 without heap, recursion or library: NAME.c and NAME.h, test images with a program
that checks them, a Makefile and CMakeLists.txt. It needs a C compiler on this machine.
`onnx` is one file, NAME.onnx; it takes images as float32 from 0 to 1 and needs the extra
`onnx`. `keras` is a Python module that builds the network with plain Keras, its weights, and
NAME.keras; `torch` is a module of PyTorch and its weights. `litert` is NAME.tflite, for one
image; in int8 it takes the bytes of pixels minus 128. `export FILE.cnn --to keras` prints the
module of a network that nobody has trained, and needs no Keras.
"""

import re
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import Any

from cnnspec.commands.arguments import FOLDER, add_data, add_run, whole
from cnnspec.commands.inputs import BadUsage, read_named, require_folder, run_named
from cnnspec.commands.output import print_json, print_text
from cnnspec.core.terminal import Line, show
from cnnspec.diagnostics.base import listing
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.export.table import EXPORTERS, OPTIONS, Exporter, Option
from cnnspec.runs.exports import CODE, EXPORTS
from cnnspec.runs.run import Run
from cnnspec.runs.seeds import one_run
from cnnspec.version import __version__

_DTYPES = tuple(dict.fromkeys(dtype for each in EXPORTERS.values() for dtype in each.dtypes))


def arguments(parser: ArgumentParser) -> None:
    """Declares the command line."""
    add_run(parser)
    parser.add_argument(
        "--to",
        required=True,
        choices=tuple(EXPORTERS),
        help="; ".join(f"{each.name}: {each.summary}" for each in EXPORTERS.values()),
    )
    parser.add_argument(
        "--dtype", choices=_DTYPES, default="float32", help="the type of its numbers (float32)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        complete=FOLDER,
        help="the folder to write (RUN/export/TO, with `-int8` behind it for int8)",
    )
    parser.add_argument(
        "--name", metavar="NAME", help="what files and functions are called (that of the model)"
    )
    parser.add_argument("--force", action="store_true", help="replace an earlier export")
    for option in OPTIONS.values():
        _add_option(parser, option)
    add_data(parser)
    parser.add_argument("--offline", action="store_true", help="never download a dataset")


def _add_option(parser: ArgumentParser, option: Option) -> None:
    name = f"--{option.name}"
    if option.choices:
        parser.add_argument(name, choices=option.choices, help=option.summary)
    elif option.numbers != (0, 0):
        kind = partial(whole, least=option.numbers[0], most=option.numbers[1])
        parser.add_argument(name, type=kind, metavar="N", help=option.summary)
    else:
        parser.add_argument(name, action="store_const", const=True, help=option.summary)


def _options(args: Namespace, exporter: Exporter) -> dict[str, Any]:
    """The options that were given; raises `CnnspecError` for one of another kind of export."""
    given = {name: found for name in OPTIONS if (found := getattr(args, name)) is not None}
    for name in given:
        if name not in exporter.options:
            takes = [each.name for each in EXPORTERS.values() if name in each.options]
            fault = f"`--to {exporter.name}` has no option `--{name}`"
            raise CnnspecError(BadUsage(None, fault, f"it is one of {listing(takes, 'and')}"))
    return given


def run(args: Namespace) -> int:
    """Exports one run, or the network of a spec."""
    if args.run.endswith(".cnn"):
        return _network(args)
    require_folder("--out", args.out)
    exporter = EXPORTERS[args.to]
    options = _options(args, exporter)
    if args.dtype not in exporter.dtypes:
        fault = f"`--to {args.to}` does not know `--dtype {args.dtype}`"
        raise CnnspecError(BadUsage(None, fault, f"it can be {', '.join(exporter.dtypes)}"))
    kept = one_run(run_named(args.run))
    name = _name(args.name, kept)
    ending = "" if args.dtype == "float32" else f"-{args.dtype}"
    folder = args.out or kept.folder / EXPORTS / f"{args.to}{ending}"
    from cnnspec.export.session import export

    made = export(
        kept,
        exporter,
        folder,
        name=name,
        dtype=args.dtype,
        options=options,
        data=args.data,
        offline=args.offline,
        force=args.force,
    )
    if args.json:
        figures = made.figures
        print_json(
            {
                "command": "export",
                "ok": True,
                "run": str(kept),
                "to": args.to,
                "dtype": args.dtype,
                "folder": str(folder),
                "files": sorted(made.files),
                "figures": figures,
            }
        )
    else:
        show(lines(folder, made.figures))
    return 0


def _network(args: Namespace) -> int:
    """Prints the module of a network without weights."""
    source = read_named(args.run)
    if args.to != "keras":
        fault = f"`--to {args.to}` exports a run, and {args.run} is a spec"
        raise CnnspecError(BadUsage(None, fault, f"train it first: `cnnspec train {args.run}`"))
    if args.out is not None:
        fault = f"`--out` is for the export of a run, and {args.run} is a spec"
        raise CnnspecError(BadUsage(None, fault, "leave it out: the module is printed"))
    from cnnspec.analysis.load import checked, normalized
    from cnnspec.targets.keras.source import network_text

    text = network_text(checked(normalized(source)), __version__)
    if args.json:
        found = {"command": "export", "ok": True, "file": args.run, "to": args.to, "text": text}
        print_json(found)
    else:
        print_text(text)
    return 0


def _name(given: str | None, kept: Run) -> str:
    """The identifier that is asked for, or one made of the name of the model."""
    if given is not None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", given) or given in _KEYWORDS:
            fault = f"`{given}` is not a name in C"
            raise CnnspecError(BadUsage(None, fault, "use letters, digits and `_`, a letter first"))
        return given
    from cnnspec.analysis.load import checked

    model = re.sub(r"[^A-Za-z0-9]+", "_", checked(kept.spec).spec.model).strip("_").lower()
    return (
        model
        if re.match(r"[a-z]", model) and model not in _KEYWORDS
        else f"net_{model}".rstrip("_")
    )


_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        "auto break case char const continue default do double else enum extern float for goto "
        "if inline int long main register restrict return short signed sizeof static struct "
        "switch tests typedef union unsigned void volatile while",
    )
)
"""What cannot be a name in C, or is the name of another file."""


def lines(folder: Path, figures: dict[str, Any]) -> list[Line]:
    """Where the export is, and what is known of it."""
    said: list[Line] = [[(str(folder), "strong")], []]
    for key, value in figures.items():
        words, unit = key.replace("_", " "), ""
        if words.endswith(" bytes"):
            words, unit = words.removesuffix(" bytes"), " bytes"
        if key == CODE:
            said += [[(f"{words:<20} ", "dim"), (text, "")] for text in _code(value)]
        elif value is not None:
            said.append([(f"{words:<20} ", "dim"), (f"{_shown(value)}{unit}", "")])
    return said


def _code(measured: dict[str, Any]) -> list[str]:
    """The bytes of code on each processor, and on which ones it was not measured."""
    lines = [f"{each['size']:,} bytes on {name}" for name, each in measured.items() if each]
    missing = [name for name, each in measured.items() if not each]
    if missing:
        why = "not measured, for want of arm-none-eabi-gcc or clang"
        lines.append(f"on {listing(missing, 'and', quote='')} {why}")
    return lines


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
