"""What is printed of the wrong example of a code, for `cnnspec explain` and the pages."""

from cnnspec.analysis.advice import with_advice
from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.core.terminal import Line
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.render import render

EXAMPLE_COLUMNS = 88
"""Examples are cut to one width, so that pages are the same wherever they are made."""


def printed(cls: type[Diagnostic]) -> list[Line]:
    """What `check` prints of the wrong example of a code."""
    return render(with_advice(check(Source("wrong.cnn", cls.bad))), EXAMPLE_COLUMNS)
