"""What exports of a run measured, from the manifests in its folder. Light."""

from pathlib import Path

from cnnspec.core.record import Record
from cnnspec.runs.run import METRICS, Run
from cnnspec.runs.weights import HASH

EXPORTS = "export"
"""The folder of a run in which its exports are kept where no other is named."""
MANIFEST = "manifest.json"
CODE = "code"
"""The figure of an export to C that has the code on each processor."""


class MeasuredCode(Record):
    """The bytes of code of the C of a run on a processor, by the data type of an export."""

    processor: str
    compiler: str
    sizes: dict[str, int]


def code_of_exports(run: Run) -> tuple[MeasuredCode, ...]:
    """Returns what the exports to C in the folder of a run measured of code, by processor.

    An export of other weights, or a manifest that cannot be read, says nothing.
    """
    weights = run.salvage(METRICS)[0].get(HASH)
    found: dict[tuple[str, str], dict[str, int]] = {}
    for folder in sorted(Path(run.folder, EXPORTS).glob("*/")):
        manifest, _ = Run(folder).salvage(MANIFEST)
        if manifest.get("target") != "c" or weights is None or manifest.get(HASH) != weights:
            continue
        for processor, code in manifest.get("figures", {}).get(CODE, {}).items():
            if code:
                sizes = found.setdefault((processor, code["compiler"]), {})
                sizes[manifest.get("dtype", "float32")] = code["size"]
    return tuple(MeasuredCode(*names, sizes) for names, sizes in found.items())
