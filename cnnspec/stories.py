"""What is printed of the wrong example of a code, for `cnnspec explain` and the pages."""

from cnnspec.advise import advised
from cnnspec.check import check
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.render import render
from cnnspec.source import Source
from cnnspec.terminal import Line

COLUMNS = 88
"""Examples are cut to one width, so that pages are the same wherever they are made."""


def printed(cls: type[Diagnostic]) -> list[Line]:
    """What `check` prints of the wrong example of a code."""
    return render(advised(check(Source("wrong.cnn", cls.bad))), COLUMNS)
