"""Packs what a browser needs of Python: the checker, lark, and the modules that they import.

Runs inside Pyodide, so that everything is compiled by the Python that reads it. Modules are
kept without their source; of the standard library only what the checker can reach: all that it
imports anywhere, and what these import when they are loaded.
"""

import ast
import importlib.util
import io
import json
import marshal
import struct
import sys
import zipfile
from pathlib import Path
from types import CodeType

OURS = ("cnnspec", "lark")


NEVER = {
    "argparse", "bdb", "cmd", "code", "doctest", "multiprocessing", "pdb", "pydoc",
    "socketserver", "ssl", "unittest", "webbrowser",
    "asyncio.proactor_events", "asyncio.windows_events", "asyncio.windows_utils",
}  # fmt: skip
"""What is imported where no browser comes: command lines, debuggers, processes, sockets."""


def compiled(source: bytes, name: str, *, foreign: bool) -> bytes:
    """A .pyc that is never compared with its source; of others without docstrings and lines."""
    code = compile(source, name, "exec", dont_inherit=True, optimize=2 if foreign else 0)
    code = _bare(code) if foreign else code
    return importlib.util.MAGIC_NUMBER + struct.pack("<IQ", 1, 0) + marshal.dumps(code)


def _bare(code: CodeType) -> CodeType:
    """Code without the table of its lines, which only tracebacks show."""
    inner = tuple(_bare(each) if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_linetable=b"", co_consts=inner)


def exercised(root: Path) -> None:
    """Asks everything of every spec, so that all is loaded that any text needs."""
    from cnnspec.page.answers import Answers
    from cnnspec.page.exports import EXPORTS

    answers = Answers()
    for ask in ("begin", "warm"):
        answers.answer({"ask": ask, "text": ""})
    at = {"line": 3, "character": 3}
    asked = [
        {"ask": "check", "rules": "budget params <= 5\nallow conv"},
        *({"ask": ask} for ask in ("rest", "drawing", "format", "fix_all")),
        *({"ask": ask, "at": at} for ask in ("hover", "complete", "signature")),
        *({"ask": "export", "kind": kind} for kind in EXPORTS),
        {"ask": "formulas", "rows": [0]},
        {"ask": "compare", "before": "dense 10 softmax"},
    ]
    for path in sorted([*(root / "specs").glob("*.cnn"), *(root / "tests/errors").glob("*.cnn")]):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for one in asked:
            answers.answer({**one, "text": text})


def imported(tree: ast.AST, *, everywhere: bool) -> set[str]:
    """The modules that a module imports, everywhere or when it is loaded."""
    found = set()
    todo = [*ast.iter_child_nodes(tree)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        if everywhere or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)
    return found


def ours(root: Path, lark: Path) -> dict[str, bytes]:
    """The files of the checker: the folders of which any module was loaded, and its data."""
    loaded = [m for name, m in sys.modules.items() if name.split(".")[0] == "cnnspec"]
    folders = {Path(module.__file__).parent for module in loaded}
    files = {str(path.relative_to(root)) for each in folders for path in each.glob("*.py")}
    found = {name: (root / name).read_bytes() for name in files}
    for path in sorted((root / "cnnspec" / "templates").glob("*.cnn")):
        found[f"cnnspec/templates/{path.name}"] = path.read_bytes()
    found["cnnspec/grammar/cnn.lark"] = (root / "grammar" / "cnn.lark").read_bytes()
    for name in [name for name in sys.modules if name.split(".")[0] == "lark"]:
        path = Path(sys.modules[name].__file__)
        found[f"lark/{path.relative_to(lark)}"] = path.read_bytes()
    for path in (lark / "grammars").glob("*.lark"):
        found[f"lark/grammars/{path.name}"] = path.read_bytes()
    return found


def standard(archive: zipfile.ZipFile, roots: set[str]) -> dict[str, bytes]:
    """The modules of the standard library that can be reached from some."""
    names = {name for name in archive.namelist() if name.endswith(".py")}

    def files(module: str) -> set[str]:
        if module in NEVER or module.split(".")[0] in NEVER:
            return set()
        path = module.replace(".", "/")
        own = {f"{path}.py", f"{path}/__init__.py"} & names
        above = path.rpartition("/")[0]
        return own | (files(above.replace("/", ".")) if above and own else set())

    kept: dict[str, bytes] = {}
    todo = {file for module in roots for file in files(module)}
    while todo:
        file = todo.pop()
        kept[file] = archive.read(file)
        tree = ast.parse(kept[file])
        package = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if not file.endswith("/__init__.py"):
            package = package.rpartition(".")[0]
        found = imported(tree, everywhere=False)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level and package:
                base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
                inner = f"{base}.{node.module}" if node.module else base
                found |= {inner, *(f"{inner}.{alias.name}" for alias in node.names)}
        todo |= {new for module in found for new in files(module)} - kept.keys()
    return kept


def main(root: Path, lark: Path, library: Path, out: Path) -> None:
    """Writes `python.zip`, `cnnspec.bin` and `begin.json`."""
    # What Pyodide has loaded to be there at all.
    first = set(sys.modules)
    exercised(root)
    files = ours(root, lark)
    roots = first | set(sys.modules)
    for name, data in files.items():
        if name.endswith(".py"):
            roots |= imported(ast.parse(data), everywhere=True)
    with zipfile.ZipFile(library) as archive:
        kept = standard(archive, {r for r in roots if r.split(".")[0] not in OURS})
        with zipfile.ZipFile(out / "python.zip", "w", zipfile.ZIP_DEFLATED) as slim:
            for name, data in sorted(kept.items()):
                place = zipfile.ZipInfo(f"{name}c", (2020, 1, 1, 0, 0, 0))
                place.compress_type = zipfile.ZIP_DEFLATED
                slim.writestr(place, compiled(data, name, foreign=True))
    packed = {
        f"{name}c": compiled(data, name, foreign=name.startswith("lark/"))
        for name, data in sorted(files.items())
        if name.endswith(".py")
    }
    packed |= {name: data for name, data in sorted(files.items()) if not name.endswith(".py")}
    index, body = {}, io.BytesIO()
    for name, data in packed.items():
        index[name] = [body.tell(), len(data)]
        body.write(data)
    head = json.dumps(index).encode()
    (out / "cnnspec.bin").write_bytes(struct.pack("<I", len(head)) + head + body.getvalue())
    from cnnspec.page.answers import Answers

    (out / "begin.json").write_text(json.dumps(Answers().answer({"ask": "begin", "text": ""})))
    print(f"{len(packed)} files of the checker, {len(kept)} of the standard library")  # noqa: T201
