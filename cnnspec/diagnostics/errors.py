"""What is raised: a diagnostic on its way to where it is collected, and what ends a command."""

from cnnspec.core.terminal import plain
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.render import render


class DiagnosticError(Exception):
    """Carries the diagnostic of one value from where it is found to where all are collected."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class CnnspecError(Exception):
    """Ends a command: something outside of the program must change first.

    As text it is what the commands print: each message with its place and its help.
    """

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return plain(render(self.diagnostics)).rstrip()

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: no traceback, because the error is in the spec and not in a call."""
        return str(self).splitlines()

    @property
    def exit_code(self) -> int:
        """The highest exit code of the diagnostics."""
        return max(d.exit_code for d in self.diagnostics)


def reason(error: Exception) -> str:
    """Returns the message of an error in one line, or the name of its class if it has none."""
    message = error.diagnostics[0].message if isinstance(error, CnnspecError) else str(error)
    return message.splitlines()[0] if message else type(error).__name__


class Interrupted(Exception):
    """Ends a command because a signal asked for it.

    `run` is the folder to continue, and `command` is the command that continues it.
    """

    def __init__(self, number: int, run: str = "", command: str = "train") -> None:
        going_on = f"; go on with `cnnspec.resume({run!r})`" if run else ""
        super().__init__(f"stopped by signal {number}{going_on}")
        self.number = number
        self.run = run
        self.command = command

    @property
    def remedy(self) -> str:
        """The command that continues; empty where there is nothing to continue."""
        return f"cnnspec {self.command} --resume {self.run}" if self.run else ""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: no traceback, because the stop was asked for."""
        return str(self).splitlines()
