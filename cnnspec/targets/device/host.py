"""A network as C, compiled for this machine and run: what is exported is what is tested."""

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import CannotLoad, CompilerFailed, ExportFailed
from cnnspec.targets.c.compiler import Compiler, find_compiler
from cnnspec.targets.device.network import Written

STANDARD = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic")
"""Of every compiler; ISO C also keeps them from fusing products."""
FAST = "-O3"
"""As the Makefile of an export compiles, with what the processor at hand has."""
_SECONDS = 600


def native(compiler: Compiler) -> tuple[str, ...]:
    """Returns the flags for the processor at hand; none where a compiler does not know them."""
    command = [*compiler.command, *compiler.native, "-E", "-x", "c", os.devnull]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return ()
    return () if done.returncode else compiler.native


class HostNetwork:
    """A network in a shared object of its own, in a temporary folder that goes with it."""

    def __init__(
        self,
        written: Written,
        files: Mapping[str, str | bytes],
        compiler: Compiler | None = None,
        flags: tuple[str, ...] = (),
    ) -> None:
        """Compiles the files. Raises `CnnspecError` where that fails."""
        self._flags = flags
        self.compiler = compiler or find_compiler()
        self._written = written
        self._folder = Path(tempfile.mkdtemp(prefix="cnnspec-export-"))
        self._native = native(self.compiler)
        try:
            for name, data in files.items():
                content = data.encode() if isinstance(data, str) else data
                (self._folder / name).write_bytes(content)
            self.warnings = self._compile("network.so", "-shared", "-fPIC", f"{written.name}.c")
            self._load()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Removes the folder; the object stays loaded as long as the process."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _compile(self, made: str, *more: str) -> str:
        """Compiles into a file of the folder and returns what the compiler says."""
        flags = (*STANDARD, FAST, *self._native, *self._flags)
        command = [*self.compiler.command, *flags, "-o", made, *more]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                cwd=self._folder,
                timeout=_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise CnnspecError(CompilerFailed(None, f"{command[0]} failed: {error}")) from None
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line] or ["no reason"]
            cause = f"{' '.join(self.compiler.command)} failed: {lines[0]}"
            raise CnnspecError(CompilerFailed(None, cause, "name another one with `CNNSPEC_CC`"))
        return done.stderr

    def _load(self) -> None:
        try:
            library = ctypes.CDLL(str(self._folder / "network.so"))
            self._run = getattr(library, f"{self._written.name}_run")
        except (OSError, AttributeError) as error:
            cause = f"the system does not load the compiled network: {error}"
            raise CnnspecError(CannotLoad(None, cause)) from None
        self._run.restype = ctypes.c_void_p
        self._run.argtypes = [ctypes.c_void_p, ctypes.c_void_p]

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Returns what the network gives for uint8 images: (n, classes), float32 or int8."""
        written = self._written
        kind = np.dtype(np.float32 if written.element == "float" else np.int8)
        given = np.ascontiguousarray(images, np.uint8).reshape(len(images), -1)
        if given.size and given.shape[1] != written.inputs:
            raise ValueError(f"images of {given.shape[1]} pixels, not {written.inputs}")
        # Garbage at first, as on a device.
        arena = np.full(-(-written.arena // 4), 0xA5A5A5A5, np.uint32)
        found = np.empty((len(images), written.classes), kind)
        for n, image in enumerate(given):
            at = self._run(arena.ctypes.data, image.ctypes.data)
            ctypes.memmove(found[n].ctypes.data, at, found[n].nbytes)
        return found

    def run_tests(self) -> str:
        """Compiles and runs `main.c` and returns what it prints; raises `CnnspecError`."""
        self._compile("tests", "main.c", f"{self._written.name}.c")
        try:
            done = subprocess.run(
                [str(self._folder / "tests")],
                capture_output=True,
                text=True,
                check=False,
                timeout=_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise CnnspecError(
                CannotLoad(None, f"the test program does not run: {error}")
            ) from None
        if done.returncode:
            cause = f"the test images of the export fail: {done.stdout.strip()}"
            raise CnnspecError(ExportFailed(None, cause, "report it with the run folder"))
        return done.stdout
