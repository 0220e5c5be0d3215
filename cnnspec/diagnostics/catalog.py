"""Every diagnostic by its code."""

from cnnspec.diagnostics import claims, lints, shapes, structure, surroundings, text, words
from cnnspec.diagnostics.base import Diagnostic

_MODULES = (text, words, structure, shapes, claims, lints, surroundings)


def catalog() -> dict[str, type[Diagnostic]]:
    """The classes that have a code, in the order of their codes."""
    found = {
        cls.code: cls
        for module in _MODULES
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, Diagnostic) and hasattr(cls, "code")
    }
    return dict(sorted(found.items()))
