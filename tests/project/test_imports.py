"""What is loaded when, and which part may know which."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGE = ROOT / "cnnspec"
HEAVY = {
    "tensorflow",
    "keras",
    "numpy",
    "rich",
    "filelock",
    "matplotlib",
    "jsonschema",
    "pooch",
    "jax",
    "PIL",
    "h5py",
    "ray",
    "onnx",
    "onnxruntime",
    "optuna",
    "cmaes",
}
LENET = str(ROOT / "specs" / "lenet5.cnn")

RUN = """
import sys
from cnnspec.commands import main
code = main(sys.argv[1:])
sys.stdout.flush()
print(code, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def loaded_by(*arguments: str) -> list[str]:
    """The exit code of a command and the packages it loaded, its output in pipes."""
    command = [sys.executable, "-c", RUN, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    return done.stderr.splitlines()[-1].split()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", LENET], 0),
        (["check", "--explain", LENET], 0),
        (["check", "--json", LENET], 0),
        (["check", "-e", "dens 10"], 1),
        (["ir", LENET], 0),
        (["ir", "--text", LENET], 0),
        (["fmt", "--check", LENET], 0),
        (["expand", LENET], 0),
        (["diff", LENET, LENET], 0),
        (["draw", LENET], 0),
        (["export", LENET, "--to", "keras"], 0),
        (["new"], 0),
        (["completion", "bash"], 0),
        (["explain", "CNN201"], 0),
        (["--help"], 0),
        (["train", "--help"], 0),
        (["class", "--help"], 0),
        (["cluster", "doctor", "--help"], 0),
        (["--version"], 0),
        (["chekc"], 2),
    ],
    ids=lambda value: " ".join(value[:2]).replace(LENET, "FILE") if isinstance(value, list) else "",
)
def test_light_commands_load_no_framework(arguments: list[str], code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    ended, *loaded = done.stderr.splitlines()[-1].split()
    assert int(ended) == code
    assert "cnnspec" in loaded
    assert set(loaded) & HEAVY == set()


def test_importing_the_package_imports_nothing_of_it() -> None:
    code = "import sys; import cnnspec; print(*sorted(m for m in sys.modules if 'cnnspec' in m))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.split() == ["cnnspec"]


def test_checking_and_drawing_from_python_load_no_framework() -> None:
    code = (
        "import sys, cnnspec;"
        "net = cnnspec.loads('data mnist; conv 8x3; dense 10 softmax');"
        "net.check()._repr_html_(); net.draw(); net.keras_source();"
        "cnnspec.Trained, cnnspec.CnnspecError;"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert set(done.stdout.split()) & HEAVY == set()


def test_a_check_loads_nothing_slow_of_the_standard_library() -> None:
    bare = "import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", bare], capture_output=True, text=True, check=True)
    slow = {"pathlib", "urllib", "decimal", "fractions", "dataclasses", "inspect", "json"}
    assert slow & (set(loaded_by("check", LENET)) - set(done.stdout.split())) == set()


def test_help_loads_no_parser() -> None:
    assert "lark" not in loaded_by("--help")


def imported(path: Path) -> set[str]:
    """The modules of the package that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return {name.removeprefix("cnnspec.") for name in found if name.startswith("cnnspec.")}


MODULES = {
    str(path.relative_to(PACKAGE).with_suffix("")).replace("/", "."): path
    for path in PACKAGE.rglob("*.py")
    if path.stem != "__init__"
}
# What runs a framework, and what asks for that; every other part stays light.
HEAVY_PARTS = (
    *(
        "training",
        "importing.keras.runtime",
        "targets.keras",
        "export.keras",
        "targets.litert",
        "export.litert",
    ),
    *("commands", "api", "__main__"),
)
# What is data or text alone in a target that runs a framework.
TABLES = tuple(f"targets.keras.{each}" for each in ("lowering", "unsupported", "source"))
# Programs of their own: on Ray, which is heavy anyway, and the training of a page.
PROGRAMS = ("sweeps.engines.ray", "sweeps.engines.trainable", "serve.trainer")


def below(name: str, *parts: str) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


@pytest.mark.parametrize("name", [n for n in MODULES if not below(n, *HEAVY_PARTS, *PROGRAMS)])
def test_light_modules_know_no_heavy_one(name: str) -> None:
    found = {m for m in imported(MODULES[name]) if below(m, "training", "targets.keras")}
    assert {m for m in found if not below(m, *TABLES)} == set()


def identifiers(path: Path) -> set[str]:
    """The names of classes, methods, fields and variables in a file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for field in ("name", "id", "attr", "arg"):
            found.add(str(getattr(node, field, "")))
    return found


@pytest.mark.parametrize("name", [n for n in MODULES if below(n, "layers", "ir", "graph")])
def test_no_layer_and_no_setting_names_a_framework(name: str) -> None:
    named = {each for each in identifiers(MODULES[name]) if "keras" in each.lower()}
    assert named == set()


def test_tables_of_targets_load_no_framework() -> None:
    code = (
        "import sys; from cnnspec.targets.table import TARGETS, unanswered;"
        "print(*map(unanswered, TARGETS.values()));"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert set(done.stdout.split()) & HEAVY == set()


def test_only_the_parser_knows_lark() -> None:
    users = {
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(a.name.startswith("lark") for a in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lark"))
    }
    assert users == {"language.recovery", "language.generate"}


def test_the_grammar_names_no_layer_and_no_setting() -> None:
    from cnnspec.ir.training import Training
    from cnnspec.layers.table import LAYERS

    lines = (ROOT / "grammar" / "cnn.lark").read_text(encoding="utf-8").splitlines()
    rules = "\n".join(line for line in lines if not line.startswith("//")).split()
    assert not set(rules) & {f'"{word}"' for word in (*LAYERS, *Training.specs, "train", "let")}
