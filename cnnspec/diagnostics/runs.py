"""Errors of run folders: damaged, in use, or not what a command needs."""

from typing import ClassVar

from cnnspec.diagnostics.environment import EnvironmentDiagnostic


class BadRun(EnvironmentDiagnostic):
    """A folder is not a run, or its files are missing or damaged."""

    code: ClassVar[str] = "CNN905"


class DamagedRunFile(EnvironmentDiagnostic):
    """A file of a run is damaged in part; what can still be read of the run is used."""

    code: ClassVar[str] = "CNN930"
    severity: ClassVar[str] = "warning"


class AmbiguousRun(EnvironmentDiagnostic):
    """A name that can be any of several runs; none of them is chosen."""

    code: ClassVar[str] = "CNN931"
    exit_code: ClassVar[int] = 2


class NotAsOneRun(EnvironmentDiagnostic):
    """A finished training goes on, but one of so many epochs would have taken other steps.

    A schedule such as `cosine` lowers the learning rate to its end, wherever that is.
    """

    code: ClassVar[str] = "CNN932"
    severity: ClassVar[str] = "warning"


class DamagedCheckpoint(EnvironmentDiagnostic):
    """A checkpoint is not what was written; the one before it is used instead."""

    code: ClassVar[str] = "CNN908"
    severity: ClassVar[str] = "warning"


class RunInUse(EnvironmentDiagnostic):
    """Another process uses the run folder; two would overwrite each other's files."""

    code: ClassVar[str] = "CNN909"


class CannotResume(EnvironmentDiagnostic):
    """A run can only continue with what it began with: another training is another run."""

    code: ClassVar[str] = "CNN910"
    exit_code: ClassVar[int] = 1


class NoReport(EnvironmentDiagnostic):
    """The training has finished and is kept; only its report could not be written."""

    code: ClassVar[str] = "CNN916"
    severity: ClassVar[str] = "warning"


class TrackerFailed(EnvironmentDiagnostic):
    """A tracker, its server or its disk failed; the run folder still has every metric."""

    code: ClassVar[str] = "CNN917"
    severity: ClassVar[str] = "warning"
