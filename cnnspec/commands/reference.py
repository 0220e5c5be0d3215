"""The reference pages, written from the tables: `python -m cnnspec.commands.reference FOLDER`.

`reference.md` holds every word of the language with its arguments, `codes.md` every
code with its story, `dialects.md` the words of other tools. All are committed in `docs/`; a
test compares them.
"""

import sys
from collections.abc import Iterable, Mapping
from inspect import cleandoc
from pathlib import Path

from cnnspec.analysis.summary import percent
from cnnspec.commands.code_page import codes
from cnnspec.commands.dialect_page import dialects
from cnnspec.commands.page_parts import MADE, table_lines
from cnnspec.core.record import MISSING
from cnnspec.expansion.vocabulary import words
from cnnspec.export.table import EXPORTERS
from cnnspec.ir.augmentation import Augment
from cnnspec.ir.claims import BYTES, MEASURES, ON_RUNTIME, QUANTITIES, RELATIONS, RUNTIMES
from cnnspec.ir.datasets import DATASETS
from cnnspec.ir.losses import LOSSES
from cnnspec.ir.optimizers import COMMON, OPTIMIZERS, Optimizer
from cnnspec.ir.schedules import SCHEDULES
from cnnspec.ir.spec import Data, Spec
from cnnspec.ir.training import EarlyStop, Target, Training
from cnnspec.language.choices import Bool
from cnnspec.language.constructs import Construct, Field
from cnnspec.layers.activations import Activation
from cnnspec.layers.initializers import INITIALIZERS
from cnnspec.layers.merging import MERGES
from cnnspec.layers.table import CONSTRUCTS, LAYERS
from cnnspec.layers.weighted import Weighted
from cnnspec.runtimes.reasons import Reasons
from cnnspec.runtimes.table import ERRORS
from cnnspec.targets.table import TARGETS, TFLM


def reference() -> str:
    """The page of every word of the language."""
    return "\n".join(
        [
            "# Reference",
            "",
            MADE,
            *_layers(),
            *_structure(),
            *_settings(),
            *_training(),
            *_claims(),
            *_tables(),
        ]
    )


def _layers() -> list[str]:
    lines = [
        "## Layers",
        "",
        "Every layer also takes `name=`. Sizes come first, joined by `x` where they are one:",
        "`conv 32x3`. Flags are words that stand alone; options are `name=value`.",
        "",
        "Layers with a kernel (`conv`, `dwconv`, `sepconv`, `tconv`, `dense`) share these:",
        "",
        *_fields(Weighted.specs),
    ]
    plainly = []
    for word, cls in LAYERS.items():
        if issubclass(cls, Activation) and not cls.specs:
            plainly.append(word)
            continue
        shared = Weighted.specs if issubclass(cls, Weighted) else {}
        own = {name: spec for name, spec in cls.specs.items() if spec is not shared.get(name)}
        lines += _entry(cls, own)
    listed = ", ".join(f"`{word}`" for word in plainly)
    return [*lines, "### Activations without arguments", "", listed, ""]


def _structure() -> list[str]:
    rows = [(f"`{word}`", does) for word, does in words().items()]
    lines = ["## Structure and statements", "", *table_lines(("word", "what it does"), rows)]
    lines += ["## Merges", ""]
    for cls in MERGES.values():
        lines += _entry(cls, cls.specs)
    return lines


def _settings() -> list[str]:
    lines = ["## Settings of a spec", "", "Each is a statement of its own: `model lenet5`.", ""]
    return [*lines, *_fields(Spec.specs, statements=True), *_entry(Data, Data.specs)]


def _training() -> list[str]:
    lines = ["## Training: `train { … }`", "", "Each is a statement of its own: `epochs 20`.", ""]
    lines += _fields(Training.specs, statements=True)
    for setting in (Augment, EarlyStop, Target):
        lines += _entry(setting, setting.specs)
    common = {name: Optimizer.specs[name] for name in COMMON}
    lines += ["## Optimizers", "", "Every optimizer takes these:", "", *_fields(common)]
    for optimizer in OPTIMIZERS.values():
        specs = optimizer.specs.items()
        own = {name: spec for name, spec in specs if spec is not common.get(name)}
        lines += _entry(optimizer, own)
    lines += ["## Schedules", ""]
    for schedule in SCHEDULES.values():
        lines += _entry(schedule, schedule.specs)
    lines += ["## Losses", ""]
    for loss in LOSSES.values():
        lines += _entry(loss, loss.specs)
    return lines


def _claims() -> list[str]:
    relations = ", ".join(f"`{relation}`" for relation in RELATIONS)
    sizes = ", ".join(f"`{dtype}` ({size})" for dtype, size in BYTES.items())
    return [
        "## Budgets and expectations",
        "",
        f"`budget QUANTITY RELATION LIMIT`, with one of {relations}; `flash` and `ram` may name",
        f"the type of a value and its bytes: {sizes}.",
        "",
        *table_lines(("quantity", "what it is"), [(f"`{q}`", a) for q, a in QUANTITIES.items()]),
        *_runtimes(),
        "`expect MEASURE RELATION LIMIT`, of the test set, with `val_` of the validation set",
        "and with `train_` of the training images. `accuracy` and `f1` of the first two can",
        "also be claimed in int8: `expect accuracy int8 >= 0.97` is about the network that",
        "`cnnspec export RUN --to c --dtype int8` writes, and is measured after training.",
        "",
        *table_lines(("measure", "what it is"), [(f"`{m}`", a) for m, a in MEASURES.items()]),
    ]


def _runtimes() -> list[str]:
    """What `on tflm` and `on litert` mean, and how far off their formulas are."""
    sides = " and ".join(f"{percent(share)} for `{name}`" for name, share in ERRORS.items())
    rows = [
        (
            f"`on {name}`",
            ", ".join(f"`{quantity}`" for quantity in ON_RUNTIME if name in ON_RUNTIME[quantity]),
            what,
        )
        for name, what in RUNTIMES.items()
    ]
    return [
        "Both are those of our C, as `on c` says. Other runtimes take more:",
        "`budget ram int8 on tflm <= 10KiB`. What they take, in float32 and int8, is computed from",
        f"the operators that TensorFlow's converter writes. It was off by at most {sides}, against",
        "the files of all specs and the arenas of ten networks in int8 on a Cortex-M4. Code comes",
        "on top: 39 to 68 kB for TFLite Micro with CMSIS-NN. A network that the runtime",
        "cannot run is an error (CNN307).",
        "",
        *table_lines(("behind a quantity", "of", "what it is"), rows),
    ]


def _tables() -> list[str]:
    rows = [
        (f"`{name}`", "x".join(map(str, dataset.shape)), str(dataset.classes))
        for name, dataset in DATASETS.items()
    ]
    lines = ["## Datasets", "", *table_lines(("data", "input", "classes"), rows)]
    lines += ["## Initializers", ""]
    for cls in INITIALIZERS.values():
        lines += _entry(cls, cls.specs)
    return [*lines, *_exports()][:-1]


def _exports() -> list[str]:
    """What each kind of export is and which layers it does not do."""
    rows = []
    for exporter in EXPORTERS.values():
        options = ", ".join(f"`--{name}`" for name in exporter.options)
        dtypes = ", ".join(f"`{dtype}`" for dtype in exporter.dtypes)
        rows.append((f"`{exporter.name}`", exporter.summary, dtypes, options))
    head = ("to", "what it gives", "type of its numbers", "options")
    lines = ["## Exports: `cnnspec export RUN --to …`", "", *table_lines(head, rows)]
    lines += ["Every layer and every merge is exported to each of them, but for", ""]
    lines += [*table_lines(("layer", *EXPORTERS, "TFLite Micro, int8"), _not_exported())]
    return [
        *lines,
        "TFLite Micro runs the files of `litert`; `cnnspec check --target tflm` tells what of a",
        "spec it does not run.",
        "",
    ]


def _not_exported() -> Iterable[tuple[str, ...]]:
    """A row for each layer that some kind of export does not do, or not all of it."""
    targets = [*(TARGETS[exporter.target] for exporter in EXPORTERS.values()), TFLM]
    for word, cls in CONSTRUCTS.items():
        if any(cls in target.unsupported for target in targets):
            yield (f"`{word}`", *(_said(target.unsupported, cls) for target in targets))


def _said(unsupported: Reasons, cls: type[Construct]) -> str:
    reason = unsupported.get(cls, "all of it")
    return reason if isinstance(reason, str) else cleandoc(reason.__doc__ or "").rstrip(".").lower()


def _entry(cls: type[Construct], fields: Mapping[str, Field]) -> list[str]:
    return [f"### `{cls.usage()}`", "", *cleandoc(cls.__doc__ or "").splitlines(), ""] + (
        _fields(fields) if fields else []
    )


def _fields(fields: Mapping[str, Field], *, statements: bool = False) -> list[str]:
    rows = [
        (
            f"`{name}`" if statements else _written(name, spec),
            _expected(spec),
            _default(spec),
            spec.help,
        )
        # As they are written: sizes first.
        for name, spec in sorted(fields.items(), key=lambda item: item[1].place != "positional")
    ]
    return table_lines(("argument", "what it can be", "default", "what it is"), rows)


def _written(name: str, spec: Field) -> str:
    if spec.place == "flag" and isinstance(spec.kind, Bool):
        return f"`{spec.kind.words[0]}`"
    if spec.place == "positional":
        return f"`{'x' * spec.joined}{name.upper()}`"
    return f"`{name}`" if spec.place == "flag" else f"`{name}=`"


def _expected(spec: Field) -> str:
    if isinstance(spec.kind, Bool) and spec.place == "flag":
        return f"stands alone, and says `{spec.kind.write(spec.kind.means)}`"
    return spec.kind.expected


def _default(spec: Field) -> str:
    if spec.default is MISSING:
        return "must be given"
    if spec.default is None or spec.default == ():
        return "none"
    return f"`{spec.kind.write(spec.default)}`"


PAGES = {"reference.md": reference, "codes.md": codes, "dialects.md": dialects}
"""Every page by its file."""


def main(folder: str = "docs") -> None:
    """Writes every page into a folder."""
    for name, page in PAGES.items():
        (Path(folder) / name).write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
