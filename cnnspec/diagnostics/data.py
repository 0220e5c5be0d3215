"""Errors and warnings of datasets and images."""

from typing import ClassVar

from cnnspec.diagnostics.environment import EnvironmentDiagnostic


class DatasetMissing(EnvironmentDiagnostic):
    """The images are not on this machine and cannot be downloaded."""

    code: ClassVar[str] = "CNN903"


class DatasetCorrupt(EnvironmentDiagnostic):
    """The files found are damaged or not the published ones; nothing is trained on them."""

    code: ClassVar[str] = "CNN904"


class DataMismatch(EnvironmentDiagnostic):
    """The images found are not what the spec says, or are not enough for what it asks.

    `check` never opens data. `input` and `classes` are what the spec says, and the data is
    compared with them before training begins.
    """

    code: ClassVar[str] = "CNN913"


class SuspiciousData(EnvironmentDiagnostic):
    """A property of the images makes metrics less meaningful than they look."""

    code: ClassVar[str] = "CNN914"
    severity: ClassVar[str] = "warning"


class DataNote(EnvironmentDiagnostic):
    """A note on what was done with the images before the training."""

    code: ClassVar[str] = "CNN915"
    severity: ClassVar[str] = "note"


class UnlikeTraining(EnvironmentDiagnostic):
    """Pictures are farther from the training images than nearly all validation images are.

    What a network says of them means little: it knows no other answer than its classes.
    """

    code: ClassVar[str] = "CNN926"
    severity: ClassVar[str] = "warning"
