"""Errors outside of a spec: packages, data, files, run folders.

They end a command with exit code 3, errors of usage with 2.
"""

from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic


class EnvironmentDiagnostic(Diagnostic):
    """An error outside of any spec, with its cause and what removes it."""

    exit_code: ClassVar[int] = 3

    cause: str
    remedy: str = ""

    @property
    def message(self) -> str:
        return self.cause

    @property
    def help(self) -> str:
        return self.remedy


class CannotRead(EnvironmentDiagnostic):
    """A path on the command line is missing, is a folder, or cannot be read."""

    code: ClassVar[str] = "CNN901"
    exit_code: ClassVar[int] = 2


class MissingExtra(EnvironmentDiagnostic):
    """Training needs a framework, which the base install does not contain."""

    code: ClassVar[str] = "CNN902"


class DatasetMissing(EnvironmentDiagnostic):
    """The images are not on this machine and cannot be downloaded."""

    code: ClassVar[str] = "CNN903"


class DatasetCorrupt(EnvironmentDiagnostic):
    """The files found are damaged or not the published ones; nothing is trained on them."""

    code: ClassVar[str] = "CNN904"


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


class CannotWrite(EnvironmentDiagnostic):
    """The result cannot be written: the disk is full, or its permissions do not allow it."""

    code: ClassVar[str] = "CNN906"


class NoAccelerator(EnvironmentDiagnostic):
    """Mixed precision is made for GPUs; on other processors it is slower and less exact."""

    code: ClassVar[str] = "CNN920"


class TrainingDiverged(EnvironmentDiagnostic):
    """The loss is no longer a number, so that further steps learn nothing."""

    code: ClassVar[str] = "CNN907"
    exit_code: ClassVar[int] = 1


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


class OutOfMemory(EnvironmentDiagnostic):
    """A batch of images, with the values between the layers, does not fit in memory."""

    code: ClassVar[str] = "CNN911"


class ResultsMayDiffer(EnvironmentDiagnostic):
    """The machine or a package is not the same as at the beginning, so numbers may differ."""

    code: ClassVar[str] = "CNN912"
    severity: ClassVar[str] = "warning"


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


class BackendTaken(EnvironmentDiagnostic):
    """Keras chooses its backend when it is imported, and keeps it until the process ends."""

    code: ClassVar[str] = "CNN919"


class NoReport(EnvironmentDiagnostic):
    """The training has finished and is kept; only its report could not be written."""

    code: ClassVar[str] = "CNN916"
    severity: ClassVar[str] = "warning"


class TrackerFailed(EnvironmentDiagnostic):
    """A tracker, its server or its disk failed; the run folder still has every metric."""

    code: ClassVar[str] = "CNN917"
    severity: ClassVar[str] = "warning"


class SweepBlocked(EnvironmentDiagnostic):
    """What stopped one training of a sweep would stop every other; finished ones are kept."""

    code: ClassVar[str] = "CNN918"


class CannotDistribute(EnvironmentDiagnostic):
    """Several devices share each batch: they must exist, and each needs an image.

    They are GPUs, or without one the cores of the processor, under TensorFlow.
    """

    code: ClassVar[str] = "CNN924"


class GroupFailed(EnvironmentDiagnostic):
    """One of several processes that train a model together ended before the training did.

    The others cannot continue without it. The last epoch that was finished is kept.
    """

    code: ClassVar[str] = "CNN925"


class TrainingKilled(EnvironmentDiagnostic):
    """The process of a training was killed, for instance by a system short of memory.

    A sweep starts it again a few times before it counts as failed.
    """

    code: ClassVar[str] = "CNN921"


class NoCluster(EnvironmentDiagnostic):
    """A cluster did not answer, or did not accept this process."""

    code: ClassVar[str] = "CNN922"


class UnsuitableNode(EnvironmentDiagnostic):
    """A machine of a cluster is not set up like this one, so that work on it fails.

    Results are the same on every machine only with the same Python, framework and cnnspec,
    and every machine needs the same folder of runs and the same data.
    """

    code: ClassVar[str] = "CNN923"
    exit_code: ClassVar[int] = 1


class NoCompiler(EnvironmentDiagnostic):
    """The backend `native` and exports compile the network, and there is no C compiler that runs.

    They take `cc`, `gcc` or `clang`, in this order, else the compiler of the package
    `ziglang`. The variable `CNNSPEC_CC` names another one.
    """

    code: ClassVar[str] = "CNN950"


class CompilerFailed(EnvironmentDiagnostic):
    """The C compiler refused the text of a network: it is too old, or the text has an error.

    The text is kept, so that it can be sent with a report.
    """

    code: ClassVar[str] = "CNN951"


class CannotLoad(EnvironmentDiagnostic):
    """The system does not load the compiled network, or it is not what its text says."""

    code: ClassVar[str] = "CNN952"


class NoCache(EnvironmentDiagnostic):
    """Compiled networks are kept for the next time, in a folder that only its owner can use.

    Where that cannot be, they are compiled anew in every process: nothing is ever loaded
    from where others can write.
    """

    code: ClassVar[str] = "CNN953"
    severity: ClassVar[str] = "warning"


class ExportFailed(EnvironmentDiagnostic):
    """What was made of a run does not compute what the run does, or cannot be made of it.

    Every export is run on test images before it is kept; one that differs is thrown away.
    """

    code: ClassVar[str] = "CNN960"
