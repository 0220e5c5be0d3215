"""The weights of a run as plain arrays: `weights.npz`, read without any framework.

An array for each weight, by `<layer>/<weight>` as `conv/kernel`: names, shapes and order are those
of `Graph.weights`. `metrics.json` has the SHA-256 of the file, because it is written last: a run
with it has all of its files, and `environment.json` is written before there are weights. Nothing is
unpickled.
"""

import hashlib
import io
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cnnspec.analysis.check import CheckedSpec
from cnnspec.analysis.load import checked
from cnnspec.diagnostics.base import listing
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.packages import require_packages
from cnnspec.diagnostics.runs import BadRun
from cnnspec.files.atomic import read_bytes
from cnnspec.graph.graph import Graph
from cnnspec.runs.arrays import ARCHIVE_ERRORS, unpack_arrays
from cnnspec.runs.run import METRICS, MODEL, WEIGHTS, Run

if TYPE_CHECKING:
    import numpy as np

HASH = "weights_sha256"
"""The field of `metrics.json` with the hash of the file."""

Shapes = dict[str, tuple[int, ...]]

_DTYPE = "float32"
_READING = "reading weights"


def save_weights(run: Run, arrays: "dict[str, np.ndarray]") -> str:
    """Writes `weights.npz`, completely or not at all; returns its SHA-256 for `metrics.json`.

    Raises `CnnspecError`.
    """
    data = weights_file(arrays)
    run.write(WEIGHTS, data)
    return hashlib.sha256(data).hexdigest()


def weights_file(arrays: "dict[str, np.ndarray]") -> bytes:
    """Returns an archive of arrays; the same arrays give the same bytes: it contains no times."""
    import numpy as np

    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def read_weights(run: Run, like: CheckedSpec | None = None) -> "dict[str, np.ndarray]":
    """Reads the weights of a finished run, float32, by `<layer>/<weight>`.

    `like` is the checked spec of the run, where it is known. The weights of a run made before
    `weights.npz` existed are read from `model.keras`. Raises `CnnspecError` where the run has not
    finished, and where the file is missing, damaged, or not that of the spec.
    """
    require_packages(_READING, "training", "numpy")
    if not run.finished:
        remedy = f"`cnnspec train --resume {run}` goes on"
        raise CnnspecError(BadRun(None, f"{run} has not finished", remedy))
    graph = (like or checked(run.spec)).graph
    if (run.folder / WEIGHTS).is_file():
        path, found = run.folder / WEIGHTS, _from_npz(run, graph.weights())
    else:
        path, found = run.model, _from_model(run.model, graph)
    _require_same(path, found, graph.weights())
    return found


def _from_npz(run: Run, shapes: Shapes) -> "dict[str, np.ndarray]":
    path = run.folder / WEIGHTS
    try:
        if path.stat().st_size > _most_bytes(shapes):
            _damaged(run, "it is larger than the weights of its spec")
        data = read_bytes(path)
    except OSError as error:
        _damaged(run, str(error.strerror or error))
    written = run.read_json(METRICS).get(HASH)
    if hashlib.sha256(data).hexdigest() != written:
        _damaged(run, "it is not what was written" if written else f"{METRICS} has no hash of it")
    try:
        return unpack_arrays(data, _most_bytes(shapes))
    except ValueError as error:
        _damaged(run, str(error))


def _most_bytes(shapes: Shapes) -> int:
    """An upper bound of the size of an archive of these arrays, names and headers included."""
    return sum(4 * prod(shape) + 4096 + 8 * len(name) for name, shape in shapes.items()) + 4096


def _damaged(run: Run, cause: str) -> NoReturn:
    """Raises `CnnspecError`; `model.keras` has the same weights."""
    path = run.folder / WEIGHTS
    there = (run.folder / MODEL).is_file()
    remedy = f"remove it: {MODEL} beside it has the same weights" if there else "train again"
    raise CnnspecError(BadRun(None, f"cannot use {path}: {cause}", remedy))


def _from_model(path: Path, graph: Graph) -> "dict[str, np.ndarray]":
    require_packages(_READING, "training", "h5py")
    from cnnspec.runs.keras_file import read_keras_file

    limit = 8 * _most_bytes(graph.weights()) + 2**24
    try:
        return read_keras_file(path, graph.owners, limit)
    except ARCHIVE_ERRORS as error:
        cause = str(error) or type(error).__name__
        raise CnnspecError(BadRun(None, f"cannot use {path}: {cause}", "train again")) from None


def _sizes(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _form(array: "np.ndarray | None") -> str:
    return "" if array is None else f"{array.dtype} of {_sizes(array.shape)}"


def _require_same(path: Path, found: "dict[str, np.ndarray]", shapes: Shapes) -> None:
    """Raises `CnnspecError` where arrays are not the weights of a spec."""
    missing = [name for name in shapes if name not in found]
    unknown = [name for name in found if name not in shapes]
    causes = [f"{listing(missing, 'and')} is missing"] if missing else []
    causes += [f"{listing(unknown, 'and')} is not of its spec"] if unknown else []
    for name in shapes:
        is_, wanted = _form(found.get(name)), f"{_DTYPE} of {_sizes(shapes[name])}"
        if is_ not in ("", wanted):
            causes.append(f"`{name}` is {is_}, not {wanted}")
    if causes:
        cause = f"{path} does not hold the weights of its spec: {'; '.join(causes[:3])}"
        raise CnnspecError(BadRun(None, cause, "train again"))
