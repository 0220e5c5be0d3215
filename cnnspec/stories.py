"""The stories behind the codes: title, text, and what is printed of the wrong example.

What `cnnspec explain`, the page of all codes and the SARIF rules say of a code.
"""

import re
from inspect import cleandoc

from cnnspec.check import check
from cnnspec.diagnostics.base import Diagnostic
from cnnspec.diagnostics.render import render
from cnnspec.source import Source
from cnnspec.terminal import Line

COLUMNS = 88
"""Examples are cut to one width, so that pages are the same wherever they are made."""


def title(cls: type[Diagnostic]) -> str:
    """The name of a code in words: `window too large`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__)
    return " ".join(word if word == "IR" else word.lower() for word in words.split())


def story(cls: type[Diagnostic]) -> list[str]:
    """The lines of the story; the first is a summary."""
    return cleandoc(cls.__doc__ or "").splitlines()


def printed(cls: type[Diagnostic]) -> list[Line]:
    """What `check` prints of the wrong example of a code."""
    return render(check(Source("wrong.cnn", cls.bad)).problems, COLUMNS)
