"""The tests lie in folders like the package's, so that a folder's tests show what it does."""

from tests.support.paths import ROOT

ELSEWHERE = {
    "analysis/lints": "each lint is a row of tests/analysis/test_lint.py",
    "importing/keras": "tests/importing/test_import.py and test_refused.py",
    "importing/litert": "tests/importing/test_exported.py and test_hostile_graphs.py",
    "importing/onnx": "tests/importing/test_exported.py and test_hostile_graphs.py",
    "importing/operators": "what both files have in common in tests/importing/test_exported.py",
    "operations": "run on arrays in tests/targets/interpreter, planned in tests/program",
    "sweeps/engines": "an engine is tested by the sweeps of tests/sweeps that it runs",
    "targets/c/kernels": "the gradients of each in tests/targets/c/test_gradients.py",
    "targets/device/kernels": "drawn networks in tests/targets/device/test_float.py",
    "targets/onnx/kernels": "tests/targets/onnx, and drawn networks in test_random_networks.py",
    "targets/keras/lowering": "every word in tests/targets/keras/test_oracle.py",
    "training/trackers": "tests/training/test_trackers.py follows trainings with each of them",
}
"""The folders of the package that have no folder of tests, and where they are tested."""

OTHERS = {"benchmarks", "errors", "project", "results", "support"}
"""The other folders of the tests; tests/README.md says what they are."""


def folders(root: str, pattern: str) -> set[str]:
    """The folders below `root`, itself left out, that have a file of this form."""
    paths = (ROOT / root).rglob(pattern)
    return {path.parent.relative_to(ROOT / root).as_posix() for path in paths} - {"."}


def test_every_folder_of_the_package_has_tests() -> None:
    assert folders("cnnspec", "[!_]*.py") - folders("tests", "test_*.py") == set(ELSEWHERE)


def test_every_folder_of_tests_is_like_one_of_the_package() -> None:
    found = {f for f in folders("tests", "*.py") if f.partition("/")[0] not in OTHERS}
    assert found <= folders("cnnspec", "*.py")


def test_readme_of_the_tests_names_every_folder() -> None:
    text = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    tops = {folder.partition("/")[0] for folder in folders("tests", "*.py")}
    assert {top for top in tops | OTHERS if f"`{top}/`" not in text} == set()
