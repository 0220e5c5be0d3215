"""The predicted class of every held-out image, as a run keeps it in `predictions.npz`.

With them two networks are compared image by image, without data and framework.
"""

import io
from typing import TYPE_CHECKING

from cnnspec.core.record import Record
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.runs import BadRun
from cnnspec.files.atomic import read_bytes
from cnnspec.runs.arrays import ARCHIVE_ERRORS, unpack_arrays
from cnnspec.runs.run import PREDICTIONS, Run

if TYPE_CHECKING:
    import numpy as np

_MOST = 2**28
"""The most bytes of the arrays: a foreign file is not trusted."""


class Predictions(Record):
    """The true and the predicted class of every image of a split, in its order: uint16 (n,)."""

    split: str
    true: "np.ndarray"
    predicted: "np.ndarray"


def keep(run: Run, found: Predictions) -> None:
    """Writes `predictions.npz` into the run; raises `CnnspecError` where it cannot."""
    import numpy as np

    file = io.BytesIO()
    arrays = {name: getattr(found, name).astype(np.uint16) for name in ("true", "predicted")}
    np.savez_compressed(file, allow_pickle=False, split=np.array(found.split), **arrays)
    run.write(PREDICTIONS, file.getvalue())


def read(run: Run) -> Predictions | None:
    """The predictions of a run, `None` where it has none; raises `CnnspecError` if damaged."""
    path = run.folder / PREDICTIONS
    if not path.exists():
        return None
    try:
        arrays = unpack_arrays(read_bytes(path), _MOST)
        found = Predictions(str(arrays["split"]), arrays["true"], arrays["predicted"])
        if any(each.dtype.kind != "u" or each.ndim != 1 for each in (found.true, found.predicted)):
            raise ValueError("its classes are not whole numbers")
        if found.true.shape != found.predicted.shape:
            raise ValueError("predictions do not go with the images")
        return found
    except ARCHIVE_ERRORS as error:
        problem = BadRun(None, f"{path} is damaged: {str(error)[:200]}")
    raise CnnspecError(problem)
