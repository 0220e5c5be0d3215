"""Every diagnostic by its code, with its title and its explanation."""

import re
from inspect import cleandoc

from cnnspec.diagnostics import (
    assignments,
    branches,
    claims,
    data,
    documents,
    environment,
    layer_lints,
    machines,
    names,
    runs,
    shapes,
    silence,
    size_lints,
    statements,
    structure,
    syntax,
    targets,
    training,
    training_lints,
    value_lints,
    values,
)
from cnnspec.diagnostics.base import Diagnostic

_MODULES = (
    syntax,
    statements,
    names,
    values,
    structure,
    shapes,
    branches,
    claims,
    assignments,
    documents,
    training,
    targets,
    layer_lints,
    size_lints,
    training_lints,
    value_lints,
    silence,
    environment,
    runs,
    data,
    machines,
)


def catalog() -> dict[str, type[Diagnostic]]:
    """Returns the classes that have a code, in the order of their codes."""
    found = {
        cls.code: cls
        for module in _MODULES
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, Diagnostic) and hasattr(cls, "code")
    }
    return dict(sorted(found.items()))


def title(cls: type[Diagnostic]) -> str:
    """Returns the name of a code in words: `window too large`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__)
    return " ".join(word if word == "IR" else word.lower() for word in words.split())


def story(cls: type[Diagnostic]) -> list[str]:
    """Returns the lines of the explanation; the first is a summary."""
    return cleandoc(cls.__doc__ or "").splitlines()
