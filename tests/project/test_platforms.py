"""No call that only one system has, without its twin for the others."""

import ast
import ctypes
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cnnspec.files import processes
from tests.support.hidden_posix import OF_OS, OF_SIGNAL
from tests.support.paths import ROOT
from tests.targets.c.support import needs_compiler

PACKAGE = ROOT / "cnnspec"
LENET = str(ROOT / "specs" / "lenet5.cnn")

MODULES = {"crypt", "fcntl", "grp", "nis", "posix", "pty", "pwd", "resource", "spwd", "syslog"}
MODULES |= {"readline", "select", "termios", "tty", "msvcrt", "winreg", "winsound", "_winapi"}
"""Modules of one system."""

ARGUMENTS = {"preexec_fn", "start_new_session", "process_group", "pass_fds", "umask", "user"}
"""Arguments of `subprocess` that only POSIX has."""

ALLOWED = {
    # Each by `hasattr`, with the way of Windows beside it.
    ("files/processes.py", "os.sched_getaffinity"),
    ("files/processes.py", "os.sysconf"),
    ("files/processes.py", "process_group"),
    # Windows has no owner of a folder that is asked for by a number.
    ("targets/c/compiler.py", "os.getuid"),
    # Where `SIGBREAK` says that this is not Windows.
    ("files/interrupts.py", "os.kill"),
    # `Popen.kill` and `StopFlag` are there on every system.
}
"""Where such a name is used, behind a question whether it is there."""

ENDS = {"os.kill"}
"""Names that are everywhere, but on Windows end a process at once."""


def uses(path: Path) -> set[str]:
    """The names in a file that only POSIX has, and what only one system can import."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Attribute(value=ast.Name(id="os" | "signal" as module), attr=name):
                hidden = OF_OS if module == "os" else OF_SIGNAL
                found |= {f"{module}.{name}"} & ({f"{module}.{n}" for n in hidden} | ENDS)
            case ast.Import(names=names):
                found |= {alias.name for alias in names} & MODULES
            case ast.ImportFrom(module=str(module), names=names):
                found |= {module} & MODULES
                found |= {f"{module}.{a.name}" for a in names if a.name in OF_OS | OF_SIGNAL}
            case ast.keyword(arg=str(name)) if name in ARGUMENTS:
                found.add(name)
            case ast.Dict(keys=keys):
                found |= {k.value for k in keys if isinstance(k, ast.Constant)} & ARGUMENTS
    return found


def test_a_call_of_one_system_has_its_twin():
    found = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in PACKAGE.rglob("*.py")
        for name in uses(path)
    }
    assert found == ALLOWED


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import os\nos.fork()", "os.fork"),
        ("import os\nx = os.O_NOFOLLOW", "os.O_NOFOLLOW"),
        ("import signal\nsignal.signal(signal.SIGUSR1, f)", "signal.SIGUSR1"),
        ("from signal import SIGKILL", "signal.SIGKILL"),
        ("def f():\n    import fcntl", "fcntl"),
        ("subprocess.Popen(x, start_new_session=True)", "start_new_session"),
        ("os.kill(1, 15)", "os.kill"),
    ],
)
def test_the_test_above_can_fail(text, name, tmp_path):
    path = tmp_path / "module.py"
    path.write_text(text)
    assert uses(path) == {name}


def test_every_name_that_is_hidden_is_one_of_posix():
    """What Python itself lists for Windows: the names of `nt` that `os` and `signal` have."""
    pytest.importorskip("mypy", reason="its stubs say which names Windows has")
    import mypy

    stubs = Path(mypy.__file__).parent / "typeshed" / "stdlib"
    for file, hidden in ((stubs / "os" / "__init__.pyi", OF_OS), (stubs / "signal.pyi", OF_SIGNAL)):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        posix = set().union(*(_only_posix(node) for node in tree.body))
        assert hidden - posix <= {"O_DSYNC", "O_SYNC", "O_NOCTTY", "O_NONBLOCK", "O_DIRECTORY",
                                  "O_NOFOLLOW", "O_CLOEXEC", "lockf"}  # fmt: skip


def _only_posix(node: ast.AST) -> set[str]:
    """The names that a stub defines below `if sys.platform != "win32"`."""
    if not isinstance(node, ast.If):
        return set()
    test = ast.unparse(node.test)
    body = node.body
    if test == "sys.platform == 'win32'":
        body = node.orelse
    elif not test.startswith(("sys.platform != 'win32'", "sys.platform == 'linux'")):
        return set()
    found = set()
    for inner in ast.walk(ast.Module(body, [])):
        if isinstance(inner, ast.FunctionDef | ast.ClassDef):
            found.add(inner.name)
        elif isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
            found.add(inner.target.id)
        elif isinstance(inner, ast.Assign) and isinstance(inner.targets[0], ast.Name):
            found.add(inner.targets[0].id)
        elif isinstance(inner, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in inner.names}
    return found


def without_posix(folder, *arguments):
    """What a command does where nothing of POSIX can be found."""
    command = [sys.executable, "-m", "tests.support.hidden_posix", *arguments]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", LENET],
        ["check", "--explain", "--json", LENET],
        ["fmt", "--check", LENET],
        ["expand", LENET],
        ["ir", LENET],
        ["draw", LENET, "--out", "net.svg"],
        ["new", "lenet"],
        ["data"],
        ["completion", "powershell"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_light_part_needs_nothing_of_posix(arguments, tmp_path):
    done = without_posix(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr


def test_what_is_hidden_is_not_found():
    code = (
        "import os, tests.support.hidden_posix as hidden; hidden.hide_all();"
        "from cnnspec.files import processes;"
        "print(hasattr(os, 'sysconf'), eval('hasattr(os, \"sysconf\")', vars(processes)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "False"]


TINY = """\
data fashion_mnist_mini
{sweep}conv {filters}x3 relu
gap
dense 10 softmax
train {{ epochs 1; batch 256 }}
"""


def test_a_training_and_its_report_need_nothing_of_posix(tmp_path, backend):
    (tmp_path / "tiny.cnn").write_text(TINY.format(sweep="", filters=2))
    done = without_posix(tmp_path, "train", "tiny.cnn", "--offline")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "model-1" / "report.html").is_file()


@needs_compiler
def test_a_sweep_by_processes_needs_nothing_of_posix(tmp_path):
    pytest.importorskip("numpy", reason="the extra `native` is not installed")
    points = "let f = 2\nsweep { f in 2, 3 }\n"
    (tmp_path / "tiny.cnn").write_text(TINY.format(sweep=points, filters="(f)"))
    native = ("--backend", "native")
    done = without_posix(tmp_path, "sweep", "tiny.cnn", "--offline", "--jobs", "1", *native)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "runs").glob("*/*/metrics.json"))) == 2


def test_the_memory_is_that_of_the_machine():
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    found = processes.memory()
    assert found is not None
    assert 2**26 < found <= total


def test_what_windows_fills_has_the_size_of_its_structure():
    class MemoryStatus(ctypes.Structure):
        """MEMORYSTATUSEX of sysinfoapi.h."""

        _fields_ = (
            ("dwLength", ctypes.c_uint32),
            ("dwMemoryLoad", ctypes.c_uint32),
            *((name, ctypes.c_uint64) for name in (
                "ullTotalPhys", "ullAvailPhys", "ullTotalPageFile", "ullAvailPageFile",
                "ullTotalVirtual", "ullAvailVirtual", "ullAvailExtendedVirtual")),
        )  # fmt: skip

    assert ctypes.sizeof(MemoryStatus) == 64
    assert MemoryStatus.ullTotalPhys.offset == 8
    # As `processes` writes it: the length in the low half of the first number.
    first = (ctypes.c_uint64 * 8)(64)
    assert MemoryStatus.from_buffer(first).dwLength == 64


SAID = (
    "check a.cnn",
    "--help",
    "train --help",
    "explain CNN201",
    "fmt --diff a.cnn",
    "check --format github a.cnn",
)


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
def test_a_console_that_knows_few_signs_gets_all_of_them(encoding, tmp_path):
    (tmp_path / "a.cnn").write_text("model größe日本\ndata mnist\ngap\ndense 9 softmax", "utf-8")
    for command in map(shlex.split, SAID):
        done = subprocess.run(
            [sys.executable, "-m", "cnnspec", *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        assert b"Traceback" not in done.stderr


def test_files_are_read_and_written_in_utf_8(tmp_path):
    command = [sys.executable, "-X", "warn_default_encoding", "-W", "error::EncodingWarning"]
    for arguments in (["check", LENET], ["new", "mlp"], ["fmt", "--check", LENET], ["data"]):
        done = subprocess.run(
            [*command, "-m", "cnnspec", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
