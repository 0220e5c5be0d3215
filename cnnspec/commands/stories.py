"""The findings and fixes of the wrong example of a code, for `cnnspec explain` and the pages."""

from cnnspec.analysis.advice import with_advice
from cnnspec.analysis.check import check
from cnnspec.core.edits import Fix
from cnnspec.core.source import Source
from cnnspec.core.terminal import Line
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.render import render

EXAMPLE_COLUMNS = 88
"""Examples are cut to one width, so that pages are the same wherever they are made."""


def printed(cls: type[Diagnostic]) -> list[Line]:
    """What `check` prints of the wrong example of a code."""
    return render(_found(cls), EXAMPLE_COLUMNS)


def first_fix(cls: type[Diagnostic]) -> Fix | None:
    """The first fix of the wrong example of a code, if there is one."""
    return next((fix for found in _found(cls) for fix in found.fixes), None)


def _found(cls: type[Diagnostic]) -> tuple[Diagnostic, ...]:
    return with_advice(check(Source("wrong.cnn", cls.bad)))
