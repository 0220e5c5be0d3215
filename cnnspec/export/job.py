"""What is exported: a run with its weights, and the images that it is compared on."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnspec.analysis.check import CheckedSpec
from cnnspec.core.record import Record
from cnnspec.runs.run import Run

COMPARED = 200
"""Images on which an export must give what its run gives."""


class Job(Record):
    """A run to export. Images are uint8 (n, height, width, channels), labels (n,) or `None`."""

    run: Run
    checked: CheckedSpec
    weights: Mapping[str, np.ndarray]
    name: str
    """What files and functions are called; an identifier of C."""
    dtype: str
    options: Mapping[str, Any]
    """What was chosen of `table.OPTIONS`, by name."""
    images: np.ndarray
    labels: np.ndarray | None
    calibration: np.ndarray
    """Training images."""
    validation: np.ndarray
    """Images by which settings of the export are chosen: never those of the test set."""


class Exported(Record):
    """What an exporter has made and compared: files by their names, and figures for a reader."""

    files: Mapping[str, str | bytes]
    figures: dict[str, Any]
    versions: dict[str, str]
    """What it was made and compared with."""
