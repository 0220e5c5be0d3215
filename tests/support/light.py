"""Which tests need nothing but the light part: for Pythons that no framework has wheels for.

Read from the tests themselves, so that a new one is in without a list being kept.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import ROOT

EXTRAS = {
    "PIL",
    "cmaes",
    "h5py",
    "hatchling",
    "jinja2",
    "keras",
    "matplotlib",
    "mlflow",
    "nbclient",
    "nbformat",
    "numpy",
    "optuna",
    "ray",
    "tensorboard",
    "tensorflow",
}
"""The packages that the light part does without."""

FIXTURES = {"backend", "published"}
"""Fixtures that start a framework or need its data."""

FOLDERS = (
    "analysis",
    "commands",
    "core",
    "diagnostics",
    "drawing",
    "editors",
    "expansion",
    "files",
    "graph",
    "ir",
    "language",
    "layers",
    "page",
    "project",
    "service",
)
"""The folders of the stages that come before any framework."""

LEFT_OUT = {
    "commands/test_commands.py": "trains by command",
    "commands/test_predict.py": "trains by command",
    "project/test_packaging.py": "builds a wheel with hatchling",
}
"""Files of these folders that need an extra in a way that cannot be read from them."""


def light_file(path: Path) -> bool:
    """Returns whether a file of tests can be imported without any extra."""
    place = path.relative_to(ROOT / "tests")
    if place.parts[0] not in FOLDERS or place.as_posix() in LEFT_OUT:
        return False
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return not any(_imports_extra(node) for node in tree.body)


def light_test(item: pytest.Item) -> bool:
    """Returns whether a test of a light file runs without any extra."""
    if FIXTURES & set(getattr(item, "fixturenames", ())):
        return False
    return getattr(item, "originalname", item.name) not in _heavy_functions(item.path)


@cache
def _heavy_functions(path: Path) -> set[str]:
    """Returns the functions of a file that import an extra, or call one that does."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    heavy = {
        name for name, node in functions.items() if any(_imports_extra(n) for n in ast.walk(node))
    }
    while True:
        callers = {
            name
            for name, node in functions.items()
            if any(isinstance(n, ast.Name) and n.id in heavy for n in ast.walk(node))
        }
        if callers <= heavy:
            return heavy
        heavy |= callers


def _imports_extra(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        # What is imported from a package may be a module.
        inside = [f"{node.module}.{alias.name}" for alias in node.names]
        names = [node.module or "", *inside]
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("find_spec"):
        names = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    else:
        return False
    return any(_extra(name) for name in names)


@cache
def _extra(name: str) -> bool:
    """Returns whether a module is an extra, or one of the tests that imports an extra."""
    heavy = ("cnnspec.training", "cnnspec.targets.keras")
    if name.partition(".")[0] in EXTRAS or name.startswith(heavy):
        return True
    path = ROOT / f"{name.replace('.', '/')}.py"
    if not name.startswith("tests.") or not path.is_file():
        return False
    return any(map(_imports_extra, ast.parse(path.read_text(encoding="utf-8")).body))
