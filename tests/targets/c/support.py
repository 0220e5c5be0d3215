"""What tests of the target share: whether there is a compiler, and networks to compile."""

import os
import sys
from importlib.util import find_spec

import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.targets.c.compiler import Compiler, find_compiler, version_of


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


def compilers() -> list[Compiler]:
    """Every compiler of this machine; `CNNSPEC_TEST_CC` names more, a comma between."""
    named = [*filter(None, os.environ.get("CNNSPEC_TEST_CC", "").split(",")), "gcc", "clang"]
    if find_spec("ziglang"):
        named.append(f"{sys.executable} -m ziglang cc")
    found = [(name, version_of(tuple(name.split()))) for name in named]
    return [Compiler(tuple(name.split()), version) for name, version in found if version]
