"""No private part of a library, but for those that have no public way."""

import ast

import pytest

from tests.support.paths import ROOT

PACKAGE = ROOT / "cnnspec"

ALLOWED = {
    # Adam's step of a weight; why is said there.
    ("targets/keras/kernels.py", "_get_variable_index"),
    ("targets/keras/kernels.py", "_momentums"),
    ("targets/keras/kernels.py", "_velocities"),
    # Keras's own layers look beyond their part of a batch, while a step is traced.
    ("training/distributed/replicas.py", "call ="),
    ("training/microbatches.py", "call ="),
}

DOCUMENTED = {"_exit", "_repr_html_"}
"""Names with an underscore that the documentation of Python and of IPython tells to use."""


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED


def defined(tree: ast.AST) -> set[str]:
    """The private names that a file gives to something."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
                | ast.alias(asname=str(name))
            ):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                found.add(name)
    return {name for name in found if private(name)}


def used(tree: ast.AST) -> set[str]:
    """The private names that a file asks something for, and methods that it replaces."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr="call", ctx=ast.Store()):
                found.add("call =")
            case ast.Attribute(attr=name) if private(name):
                found.add(name)
            case ast.Call(func=ast.Name(id="getattr" | "setattr" | "hasattr"), args=[_, key, *_]):
                found |= {key.value} if isinstance(key, ast.Constant) else set()
            case ast.ImportFrom(module=str(module), names=names):
                found |= {part for part in module.split(".") if private(part)}
                found |= {alias.name for alias in names if private(alias.name)}
    return {name for name in found if private(name) or name == "call ="}


def foreign(files: dict[str, str]) -> set[tuple[str, str]]:
    """The private names in some files that none of them defines."""
    trees = {name: ast.parse(text) for name, text in files.items()}
    own = set().union(*map(defined, trees.values()))
    return {(name, part) for name, tree in trees.items() for part in used(tree) - own}


def test_a_private_part_of_a_library_has_no_public_way():
    files = {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob("*.py")
    }
    assert foreign(files) == ALLOWED


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("parser._actions", "_actions"),
        ("getattr(optimizer, '_momentums')", "_momentums"),
        ("from argparse import _SubParsersAction", "_SubParsersAction"),
        ("from keras._src import layers", "_src"),
        ("layer.call = other", "call ="),
    ],
)
def test_the_test_above_can_fail(text, part):
    own = "class A:\n    def _mine(self):\n        self._kept = self._mine()"
    assert foreign({"a.py": text, "b.py": own}) == {("a.py", part)}
