"""The kinds of files that are imported: how each is told, and what reading it needs.

Imports no reader, so that a missing package is reported before any work.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from cnnspec.core.record import Record
from cnnspec.diagnostics.packages import require_packages

if TYPE_CHECKING:
    from cnnspec.importing.network import Network


class Format(Record):
    """A kind of file. `extra` is that of the package which installs the `packages`."""

    what: str
    extra: str
    packages: tuple[str, ...]

    def require(self) -> None:
        """Raises `CnnspecError` where a package is missing."""
        require_packages(f"importing {self.what}", self.extra, "numpy", *self.packages)


KERAS = Format("a model of Keras", "training", ("h5py",))
ONNX = Format("a model of ONNX", "onnx", ("onnx",))

LITERT = Format("a file of LiteRT", "tflite", ("ai_edge_litert",))
_SUFFIXES = {".onnx": ONNX, ".tflite": LITERT}


def format_of(path: Path) -> Format:
    """Returns the kind of a file; what is not known is left to the reader of Keras's."""
    return _SUFFIXES.get(path.suffix.lower(), KERAS)


def read(path: Path, size: tuple[int, ...] | None) -> "Network":
    """Reads a file; `size` is that of an image where the file leaves it open.

    Raises `CnnspecError` where a package is missing, and where the file is damaged, too large, or
    has what a spec cannot say.
    """
    found = format_of(path)
    found.require()
    if found == ONNX:
        from cnnspec.importing.onnx.read import read_network as read_onnx

        return read_onnx(path, size)
    if found == LITERT:
        from cnnspec.importing.litert.read import read_network as read_litert

        return read_litert(path, size)
    from cnnspec.importing.keras.read import read_network

    return read_network(path, size)
