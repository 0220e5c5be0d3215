"""How much code a network in C is on processors of devices, where a compiler for them is here.

Constants and the arena are the same everywhere and known before any training. Code depends on the
processor and its compiler, so it is measured: the bytes of the sections of an object that are
executed.
"""

import struct
import subprocess
import tempfile
from pathlib import Path

from cnnspec.core.record import Record
from cnnspec.targets.c.compiler import version_of
from cnnspec.targets.device.network import Written


class Processor(Record):
    """A processor: its flags, and the compilers that know it, the first choice first."""

    flags: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]


def _arm(architecture: str, *flags: str) -> Processor:
    clang = ("clang", f"--target={architecture}-none-eabi", "-ffreestanding")
    return Processor((*flags, "-mthumb"), (("arm-none-eabi-gcc",), clang))


PROCESSORS = {
    "Cortex-M0+": _arm("thumbv6m", "-mcpu=cortex-m0plus"),
    "Cortex-M4": _arm("thumbv7em", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
    "Cortex-M55": _arm("thumbv8.1m.main", "-mcpu=cortex-m55", "-mfloat-abi=hard"),
    "RISC-V 32": Processor(
        ("-march=rv32imac", "-mabi=ilp32"),
        (
            ("riscv64-unknown-elf-gcc",),
            ("clang", "--target=riscv32-unknown-elf", "-ffreestanding"),
        ),
    ),
}
"""Those that code is measured for, by their names."""

_FLAGS = ("-std=c99", "-O2", "-w")
_SECONDS = 600
_STRING_H = """\
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
"""
"""For compilers that come without a library."""


class Code(Record):
    """The bytes of code of a network on a processor, and the compiler that they are of."""

    size: int
    compiler: str


def measured_code(written: Written) -> dict[str, Code | None]:
    """Returns the code of a network on each processor; `None` where it could not be compiled."""
    with tempfile.TemporaryDirectory(prefix="cnnspec-code-") as place:
        folder = Path(place)
        (folder / f"{written.name}.h").write_text(written.header, "utf-8")
        (folder / f"{written.name}.c").write_text(written.source, "utf-8")
        (folder / "include").mkdir()
        (folder / "include" / "string.h").write_text(_STRING_H, "utf-8")
        return {name: _measured(each, written.name, folder) for name, each in PROCESSORS.items()}


def _measured(processor: Processor, name: str, folder: Path) -> Code | None:
    for command in processor.commands:
        version = version_of(command)
        if version:
            # Headers of the compiler come first, if it has them.
            more = (*processor.flags, *_FLAGS, "-idirafter", "include")
            files = ("-c", f"{name}.c", "-o", "code.o")
            try:
                done = subprocess.run(
                    [*command, *more, *files],
                    capture_output=True,
                    check=False,
                    cwd=folder,
                    timeout=_SECONDS,
                )
            except (OSError, subprocess.SubprocessError):
                continue
            if done.returncode == 0:
                return Code(executable_bytes((folder / "code.o").read_bytes()), version)
    return None


_EXECUTED = 4
"""The flag of a section with code: SHF_EXECINSTR."""


def executable_bytes(elf: bytes) -> int:
    """Returns the bytes of code in an object in ELF, 32 bits, the lowest byte first."""
    (sections,) = struct.unpack_from("<I", elf, 32)
    size, count = struct.unpack_from("<2H", elf, 46)
    found = 0
    for at in range(sections, sections + size * count, size):
        _, _, flags, _, _, length = struct.unpack_from("<6I", elf, at)
        found += length if flags & _EXECUTED else 0
    return found
