"""Errors outside of a spec: files and packages. `runs`, `data` and `machines` have the others.

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
    """A training or an export needs a package that the base install does not contain."""

    code: ClassVar[str] = "CNN902"


class CannotWrite(EnvironmentDiagnostic):
    """The result cannot be written: the disk is full, or its permissions do not allow it."""

    code: ClassVar[str] = "CNN906"


class CannotListen(EnvironmentDiagnostic):
    """`cnnspec serve` listens on a port of this machine, which one program at a time can have."""

    code: ClassVar[str] = "CNN961"
