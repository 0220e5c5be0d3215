"""Which warnings a spec can silence, and one about a `silence` that does nothing."""

from typing import ClassVar

from cnnspec.diagnostics import lints, training_lints
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.lints import Lint

SILENCEABLE = tuple(
    sorted(
        cls.code
        for module in (lints, training_lints)
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, Lint) and cls is not Lint
    )
)
"""The codes that `silence` takes."""


class SilencesNothing(Diagnostic):
    """A `silence` for what is not there would hide the warning when it comes one day."""

    code: ClassVar[str] = "CNN615"
    severity: ClassVar[str] = "warning"
    bad: ClassVar[str] = "silence CNN601; dense 10 softmax"
    good: ClassVar[str] = "silence CNN601; conv 8x3; bn; relu; pool 2; dense 10 softmax"

    silenced: str

    @property
    def message(self) -> str:
        return f"there is no {self.silenced} here to silence"

    @property
    def help(self) -> str:
        return f"take {self.silenced} out of `silence`"
