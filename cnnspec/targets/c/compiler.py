"""The C compiler of this machine, and objects that are compiled once.

An object goes by the hash of its source, the flags, the compiler and the processor, so none
is taken for another, nor on another machine with the same home. It is kept in a folder that
only its owner may use, written whole or not at all, and compared with its hash before it is
loaded.
"""

import atexit
import hashlib
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from cnnspec.core.record import Record
from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CompilerFailed, NoCache, NoCompiler
from cnnspec.diagnostics.render import tell
from cnnspec.files.atomic import write_atomically

_NAMES = ("clang", "cc", "gcc")
"""In this order: with clang 14 a network is compiled in half the time of gcc 12, and a step takes
0.65 to 1.05 of its time on AVX-512, 0.7 to 0.8 on AVX2."""
FULL, QUICK = "-O2", "-O1"
"""How much is optimized. With the second a compiler unrolls no loops: it takes half of the time,
and a step 1.05 (`lenet5`, `budget`) to 1.15 (`grid_2`) of its own. No bit differs."""
FLAGS = (
    "-std=gnu11",
    # A multiplication and an addition are fused where the text says so and nowhere else.
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-strict-aliasing",
    # Without a frame pointer clang puts vectors that find no register where the stack happens to
    # lie. With 64 bytes of AVX-512 each then crosses a line of the cache, and an epoch took 1.35 s
    # or 2.25 s by the thread that it ran on.
    "-fno-omit-frame-pointer",
    "-ftree-slp-vectorize",
    "-fPIC",
    "-shared",
    "-pthread",
    "-w",
)
"""Of every object. Never `-ffast-math`: each level of optimization would give other bits."""


class Compiler(Record):
    """A compiler: how it is called, and what it says of itself."""

    command: tuple[str, ...]
    version: str

    @property
    def native(self) -> tuple[str, ...]:
        """The flags for the processor at hand.

        For most processors with AVX-512 gcc prefers vectors of half the length, and then makes
        sixteen scalar operations of a whole one: a step took twenty times as long.
        """
        if platform.machine() in ("aarch64", "arm64"):
            return ("-mcpu=native",)
        return ("-march=native", "-mprefer-vector-width=512")


def find_compiler(
    purpose: str = "the native backend", otherwise: str = "; or use `--backend tensorflow`"
) -> Compiler:
    """Returns the system's compiler, else that of the package `ziglang`.

    `CNNSPEC_CC` names another one. Raises `CnnspecError` where there is none that works:
    `purpose` is what needs one, and `otherwise` what can be done without.
    """
    given = os.environ.get("CNNSPEC_CC")
    commands: list[tuple[str, ...]]
    commands = [tuple(given.split())] if given else [(name,) for name in _NAMES]
    if not given and find_spec("ziglang"):
        commands.append((sys.executable, "-m", "ziglang", "cc"))
    tried = []
    for command in commands:
        version = version_of(command)
        if version:
            return Compiler(command, version)
        if shutil.which(command[0]):
            tried.append(" ".join(command))
    cause = f"{purpose} needs a C compiler, and none is installed"
    if tried or given:
        cause = f"the C compiler does not run: {', '.join(tried) or given}"
    remedy = "set CNNSPEC_CC to a C compiler that runs, or unset it" if given else _INSTALL
    raise CnnspecError(NoCompiler(None, cause, remedy + otherwise))


_INSTALL = (
    "install gcc or clang with the package manager of the system, or run "
    "`pip install 'cnnspec[native-zig]'`"
)


def version_of(command: tuple[str, ...]) -> str:
    """Returns the first line of `--version`; empty where the compiler does not run."""
    found = shutil.which(command[0])
    return _version_of(command, found, Path(found).stat().st_mtime_ns) if found else ""


@cache
def _version_of(command: tuple[str, ...], found: str, changed: int) -> str:
    """Asks a compiler, once for each that is found and did not change."""
    try:
        done = subprocess.run(
            [*command, "--version"], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    lines = done.stdout.splitlines()
    return lines[0].strip() if lines else ""


def processor() -> str:
    """Returns what tells processors apart for which other instructions are made."""
    try:
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    kept = [n for n in lines if n.startswith(("model name", "flags", "Features", "CPU"))]
    return f"{platform.machine()} {' '.join(kept)}"


def cache_folder() -> Path:
    """Returns the folder of compiled objects: that of the user, else one for this process.

    Never one that others can write to; a warning says so.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "cnnspec" / "native"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _private(folder):
            return _temporary(folder, "others can write to it")
        if os.access(folder, os.W_OK):
            return folder
        return _temporary(folder, "it cannot be written to")
    except OSError as error:
        return _temporary(folder, str(error.strerror or error))


@cache
def _temporary(unusable: Path, why: str) -> Path:
    """A folder that goes with this process."""
    made = Path(tempfile.mkdtemp(prefix="cnnspec-native-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    cause = f"compiled networks cannot be kept in {unusable}: {why}"
    remedy = f"`chmod 700 {unusable}`, or name another folder in XDG_CACHE_HOME"
    tell(NoCache(None, f"{cause}; this process keeps them in {made}", remedy))
    return made


def _private(folder: Path) -> bool:
    """Whether a folder is our own, and others cannot write to it."""
    found = folder.lstat()
    ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    open_to = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and ours and not open_to


def compiled(
    text: str,
    compiler: Compiler | None = None,
    extra: tuple[str, ...] = (),
    *,
    quick: bool = False,
) -> Path:
    """Returns the shared object of a text, compiled now or before.

    If it is wanted `quick`, it is compiled so, for work that takes seconds; one that was compiled
    in full is taken as well. Raises `CnnspecError` where no compiler is there or the one there is
    fails; the source then stays in the folder.
    """
    compiler = compiler or find_compiler()
    folder = cache_folder()
    for level in (FULL, QUICK) if quick else (FULL,):
        flags = (level, *FLAGS, *compiler.native, *extra)
        parts = (text, " ".join(flags), " ".join(compiler.command), compiler.version, processor())
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
        made, seal = folder / f"{key}.so", folder / f"{key}.sha256"
        if _sealed(made, seal):
            return made
    _compile(text, compiler, flags, made, seal)
    return made


def _sealed(made: Path, seal: Path) -> bool:
    """Whether an object is there as it was written, and is our own."""
    try:
        if not _private(made.parent) or made.is_symlink():
            return False
        return hashlib.sha256(made.read_bytes()).hexdigest() == seal.read_text()
    except OSError:
        return False


def _compile(text: str, compiler: Compiler, flags: tuple[str, ...], made: Path, seal: Path) -> None:
    with tempfile.TemporaryDirectory(dir=made.parent, prefix=".making-") as work:
        source, target = Path(work) / "network.c", Path(work) / "network.so"
        source.write_text(text, "utf-8")
        command = [*compiler.command, *flags, "-o", str(target), str(source)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            done = subprocess.CompletedProcess(command, 1, "", str(error))
        if done.returncode or not target.is_file():
            kept = made.with_suffix(".c")
            write_atomically(kept, text, mode=0o600)
            cause = f"{' '.join(compiler.command)} failed: {_first(done.stderr)}"
            remedy = f"install a newer compiler; if it is new, report this error with {kept}"
            raise CnnspecError(CompilerFailed(None, cause, remedy))
        content = target.read_bytes()
    # The object first: a seal without its object is none.
    write_atomically(made, content, mode=0o700)
    write_atomically(seal, hashlib.sha256(content).hexdigest(), mode=0o600)


def _first(message: str) -> str:
    """The line of a compiler's message that says what is wrong."""
    lines = [line for line in message.splitlines() if line.strip()]
    wrong = [line for line in lines if "error" in line.lower()]
    return (wrong or lines or ["it said nothing"])[0].strip()
