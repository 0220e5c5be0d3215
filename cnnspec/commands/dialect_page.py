"""The page of the words of other tools: `docs/dialects.md`."""

from cnnspec.commands.page_parts import MADE, table_lines
from cnnspec.diagnostics.dialects import dictionary

_DIALECTS = {
    "layer": "Statements: layers and structure",
    "setting": "Settings of training: in `train { … }`",
    "option": "Options",
    "word": "Values: activations, initializers, losses, metrics, quantities",
}


def dialects() -> str:
    """The page of the words of other tools."""
    rows = dictionary().values()
    lines = [
        "# Words of other tools",
        "",
        MADE,
        f"{len(rows)} words of Keras, PyTorch, Caffe, darknet, TF-slim, JAX, ONNX and papers, and",
        "what is written here. `check` says the same where one of them stands in a spec, with the",
        "numbers of the line; `check --fix` writes it where it means exactly that. Capital letters",
        "and `_` make no difference. Whole lines of Python (Keras, PyTorch), sections of darknet",
        "and layers of Caffe are told in the same way (CNN015).",
        "",
    ]
    for kind, head in _DIALECTS.items():
        mine = sorted((row for row in rows if row.kind == kind), key=lambda row: row.name.lower())
        cells = [
            (f"`{row.name}`", ", ".join(row.tools), row.example and f"`{row.example}`", row.note)
            for row in mine
        ]
        lines += [f"## {head}", "", *table_lines(("there", "in", "here", "note"), cells)]
    return "\n".join(lines[:-1]) + "\n"
