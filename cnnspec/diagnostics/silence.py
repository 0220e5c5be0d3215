"""The warnings that a spec can silence, and one about a `silence` that does nothing."""

from typing import ClassVar

from cnnspec.core.edits import Fixes
from cnnspec.core.source import Span
from cnnspec.diagnostics.base import Diagnostic

SILENCEABLE = tuple(f"CNN{number}" for number in range(601, 628) if number != 615)
"""The codes that `silence` takes: those of the lints, whose classes most checks never load."""


class SilencesNothing(Diagnostic):
    """A `silence` without its warning would hide the warning if it comes one day."""

    code: ClassVar[str] = "CNN615"
    severity: ClassVar[str] = "warning"
    bad: ClassVar[str] = "silence CNN601; dense 10 softmax"
    good: ClassVar[str] = "silence CNN601; conv 8x3; bn; relu; pool 2; dense 10 softmax"

    silenced: str

    @property
    def message(self) -> str:
        return f"this spec has no {self.silenced} to silence"

    @property
    def help(self) -> str:
        return f"remove {self.silenced} from `silence`"

    def fixes_at(self, span: Span) -> Fixes:
        from cnnspec.diagnostics.rewrites import leave_out

        return (leave_out(span, safe=True),)
