"""What is missing or wrong outside the spec: packages, data, files, run folders.

These end a command with exit code 3, usage faults with 2.
"""

from typing import ClassVar

from cnnspec.diagnostics.base import Diagnostic


class Surroundings(Diagnostic):
    """A fault outside of any spec, with its cause and what mends it."""

    exit_code: ClassVar[int] = 3

    cause: str
    remedy: str = ""

    @property
    def message(self) -> str:
        return self.cause

    @property
    def help(self) -> str:
        return self.remedy


class CannotRead(Surroundings):
    """A path on the command line that is missing, a folder, or unreadable."""

    code: ClassVar[str] = "CNN901"
    exit_code: ClassVar[int] = 2


class MissingExtra(Surroundings):
    """Training needs a framework, which the light base install leaves out."""

    code: ClassVar[str] = "CNN902"


class DatasetMissing(Surroundings):
    """The images are neither on this machine nor to be had from the network."""

    code: ClassVar[str] = "CNN903"


class DatasetCorrupt(Surroundings):
    """The bytes found are damaged or not the published ones; nothing is trained on them."""

    code: ClassVar[str] = "CNN904"


class BadRun(Surroundings):
    """A folder that is no run, or one whose files are missing or damaged."""

    code: ClassVar[str] = "CNN905"


class CannotWrite(Surroundings):
    """The disk, its rights or its space do not allow the result to be kept."""

    code: ClassVar[str] = "CNN906"


class NoAccelerator(Surroundings):
    """Mixed precision is made for GPUs; on other processors it is slower and less exact."""

    code: ClassVar[str] = "CNN920"


class LostTraining(Surroundings):
    """The loss is no longer a number, so further steps teach nothing."""

    code: ClassVar[str] = "CNN907"
    exit_code: ClassVar[int] = 1


class DamagedCheckpoint(Surroundings):
    """A checkpoint is not what was written; the one before it is used instead."""

    code: ClassVar[str] = "CNN908"
    severity: ClassVar[str] = "warning"


class RunInUse(Surroundings):
    """Another process is at work in the run folder; two would write over each other."""

    code: ClassVar[str] = "CNN909"


class CannotResume(Surroundings):
    """A run can only go on with what it began with: another training is another run."""

    code: ClassVar[str] = "CNN910"
    exit_code: ClassVar[int] = 1


class OutOfMemory(Surroundings):
    """A batch of images, with all that lies between the layers, does not fit in memory."""

    code: ClassVar[str] = "CNN911"


class MayDiffer(Surroundings):
    """The machine or a package is not the same as at the beginning, so numbers may differ."""

    code: ClassVar[str] = "CNN912"
    severity: ClassVar[str] = "warning"


class DataMisfit(Surroundings):
    """The images found are not what the spec says of them, or cannot give what it asks for.

    `check` never opens data: `input` and `classes` are what the spec says, and what is
    found is held against them before training begins.
    """

    code: ClassVar[str] = "CNN913"


class DataDoubt(Surroundings):
    """Something about the images makes figures worth less than they look."""

    code: ClassVar[str] = "CNN914"
    severity: ClassVar[str] = "warning"


class DataNote(Surroundings):
    """What was done with the images found before they were trained on."""

    code: ClassVar[str] = "CNN915"
    severity: ClassVar[str] = "note"


class BackendTaken(Surroundings):
    """Keras takes its backend when it is imported, and keeps it as long as the process lasts."""

    code: ClassVar[str] = "CNN919"


class NoReport(Surroundings):
    """The training has finished and is kept; only the page about it could not be written."""

    code: ClassVar[str] = "CNN916"
    severity: ClassVar[str] = "warning"


class TrackerFailed(Surroundings):
    """A tracker raised an error, or its server or disk did; the run folder has all it has."""

    code: ClassVar[str] = "CNN917"
    severity: ClassVar[str] = "warning"


class SweepBlocked(Surroundings):
    """What stopped one training of a sweep would stop every other as well; all is kept."""

    code: ClassVar[str] = "CNN918"


class CannotSpread(Surroundings):
    """Several devices share each batch: there must be so many, and an image for each.

    They are GPUs, or without one the cores of the processor, under TensorFlow.
    """

    code: ClassVar[str] = "CNN924"


class GroupFailed(Surroundings):
    """One of several processes that train a model together ended before the training did.

    Without it the others cannot go on. What has been trained up to the last epoch is kept.
    """

    code: ClassVar[str] = "CNN925"


class TrainingKilled(Surroundings):
    """The process of a training was ended from outside, as by a system short of memory.

    In a sweep it is begun again a few times before it counts as failed.
    """

    code: ClassVar[str] = "CNN921"


class NoCluster(Surroundings):
    """A cluster did not answer, or did not let this process in."""

    code: ClassVar[str] = "CNN922"


class UnfitNode(Surroundings):
    """A machine of a cluster is not set up like the one that asks, so that work on it fails.

    Results are the same on every machine only where Python, the framework and cnnspec are,
    and every machine must see the same folder of runs and the same data.
    """

    code: ClassVar[str] = "CNN923"
    exit_code: ClassVar[int] = 1
