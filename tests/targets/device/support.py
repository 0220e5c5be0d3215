"""What tests of C for devices share: networks to write, and compilers for other processors."""

import shutil
import subprocess
from pathlib import Path

import numpy as np

from cnnspec.program.build import Program
from cnnspec.targets.device.host import STANDARD

PROCESSORS = {
    "cortex-m0plus": ("arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb"),
    "cortex-m3": ("arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb"),
    "cortex-m4": (
        *("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb"),
        *("-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
    ),
    "cortex-m33": ("arm-none-eabi-gcc", "-mcpu=cortex-m33", "-mthumb"),
    "cortex-m55": ("arm-none-eabi-gcc", "-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard"),
    "riscv32": ("clang", "--target=riscv32-unknown-elf", "-ffreestanding", "-I", "STRING"),
    "wasm32": ("clang", "--target=wasm32-unknown-unknown", "-ffreestanding", "-I", "STRING"),
    "gcc": ("gcc",),
    "clang": ("clang",),
}
"""Compilers by the processor they are for; those of clang have no `string.h` of their own."""

STRING_H = """\
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
"""


def missing(processor: str) -> str:
    """Why a processor cannot be compiled for; empty where it can."""
    name = PROCESSORS[processor][0]
    return "" if shutil.which(name) else f"{name} is not installed"


def compile_for(
    processor: str, folder: Path, source: str, *more: str
) -> subprocess.CompletedProcess:
    """Compiles a file of a folder to an object; every warning is an error."""
    (folder / "include").mkdir(exist_ok=True)
    (folder / "include" / "string.h").write_text(STRING_H)
    command = [part.replace("STRING", str(folder / "include")) for part in PROCESSORS[processor]]
    command += [*STANDARD, "-O2", "-Werror", *more, "-c", source, "-o", f"{processor}.o"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def pixels(program: Program, count: int, seed: int = 0) -> np.ndarray:
    """Random images for a program, uint8."""
    shape = program.steps[0].value.shape.dims
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


def as_floats(images: np.ndarray) -> np.ndarray:
    """Pixels as the network takes them."""
    return images.astype(np.float32) / np.float32(255)
