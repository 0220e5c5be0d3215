"""What tests of the target share: whether there is a compiler, and networks to compile."""

import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.targets.c.compiler import find_compiler


def _missing() -> str:
    try:
        find_compiler()
    except CnnspecError as error:
        return str(error)
    return ""


needs_compiler = pytest.mark.skipif(bool(_missing()), reason=f"no C compiler: {_missing()}")


def checked(text: str) -> CheckedSpec:
    """The spec of a text without errors."""
    found = check(Source("x", text))
    assert not [each.message for each in found.problems if each.severity == "error"]
    return found
