"""Errors while a machine, or several, compute: memory, backends, compilers, clusters."""

from typing import ClassVar

from cnnspec.diagnostics.environment import EnvironmentDiagnostic


class NoAccelerator(EnvironmentDiagnostic):
    """Mixed precision is made for GPUs; on other processors it is slower and less exact."""

    code: ClassVar[str] = "CNN920"


class TrainingDiverged(EnvironmentDiagnostic):
    """The loss is no longer a number, so that further steps learn nothing."""

    code: ClassVar[str] = "CNN907"
    exit_code: ClassVar[int] = 1


class OutOfMemory(EnvironmentDiagnostic):
    """A batch of images, with the values between the layers, does not fit in memory."""

    code: ClassVar[str] = "CNN911"


class ResultsMayDiffer(EnvironmentDiagnostic):
    """The machine or a package is not the same as at the beginning, so numbers may differ."""

    code: ClassVar[str] = "CNN912"
    severity: ClassVar[str] = "warning"


class BackendTaken(EnvironmentDiagnostic):
    """Keras chooses its backend when it is imported, and keeps it until the process ends."""

    code: ClassVar[str] = "CNN919"


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


class TrainingTooLong(EnvironmentDiagnostic):
    """A training took longer than it may; in a class it is a row with this reason.

    `cnnspec class --time-limit SECONDS` sets how long each may take.
    """

    code: ClassVar[str] = "CNN927"
    exit_code: ClassVar[int] = 1


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

    They take `clang`, `cc` or `gcc`, in this order, else the compiler of the package
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


class CannotImport(EnvironmentDiagnostic):
    """A file of another tool is damaged, or its network has something that a spec cannot say.

    Files are read as data: nothing in them is executed, and no class of theirs is looked up.
    """

    code: ClassVar[str] = "CNN970"
