"""Cortex-M boards under QEMU: an exported network runs bare, and its scores come back as text.

Boards are Arm's MPS2 and MPS3 FPGA images. Instructions are counted by SysTick with
`-icount shift=0`, where an instruction takes a nanosecond and a tick of the 25 MHz timer
forty; QEMU counts instructions and not cycles.
"""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np

from cnnspec.core.record import Record
from cnnspec.targets.device.network import Written
from tests.targets.device.support import PROCESSORS

BOARDS = {"cortex-m3": "mps2-an385", "cortex-m4": "mps2-an386", "cortex-m55": "mps3-an547"}
"""The board of each processor."""
PER_TICK = 40
STACK = 4096
"""Bytes that are painted to see how many are used."""


class Emulated(Record):
    """What a board said: scores by images, instructions for one image, and what lies where."""

    scores: np.ndarray
    instructions: int
    stack: int
    code: int
    """Bytes of `.text` of the network alone."""
    constants: int
    arena: int


def missing() -> str:
    """Why nothing can be emulated; empty where everything is installed."""
    for name in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if not shutil.which(name):
            return f"{name} is not installed"
    return ""


def emulate(processor: str, folder: Path, written: Written, images: np.ndarray) -> Emulated:
    """Compiles a network for a processor and runs it on uint8 images."""
    name = written.name
    files = {
        f"{name}.h": written.header,
        f"{name}.c": written.source,
        "start.c": _START,
        "run.c": _main(written, images),
        "board.ld": _LINK,
    }
    for file, text in files.items():
        (folder / file).write_text(text)
    flags = [*PROCESSORS[processor], "-std=c99", "-O2", "-g0"]
    _call(folder, *flags, "-c", f"{name}.c")
    _call(folder, *flags, "-c", "run.c")
    _call(folder, *flags, "-std=gnu99", "-c", "start.c")
    objects = ["start.o", "run.o", f"{name}.o"]
    link = ["-nostartfiles", "-T", "board.ld", "-Wl,--no-warn-rwx-segments"]
    _call(folder, *PROCESSORS[processor], *objects, *link, "-o", "run.elf")
    command = ["qemu-system-arm", "-M", BOARDS[processor], "-nographic", "-icount", "shift=0"]
    command += ["-semihosting-config", "enable=on,target=native", "-kernel", "run.elf"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, timeout=300, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # Semihosting writes to standard error.
    return _read(folder, done.stdout + done.stderr, processor, written)


def _call(folder: Path, *command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _read(folder: Path, said: str, processor: str, written: Written) -> Emulated:
    lines = dict(re.findall(r"^(\w+) ([0-9a-f]+)$", said, re.M))
    scores = bytes.fromhex("".join(re.findall(r"^score ([0-9a-f]+)$", said, re.M)))
    kind = "<f4" if written.element == "float" else "i1"
    # Optimized, a compiler writes small tables into the code that reads them.
    _call(folder, *PROCESSORS[processor], "-std=c99", "-O0", "-c", f"{written.name}.c", "-o", "0.o")
    sizes = _sizes(folder, "run.elf") | _sizes(folder, "0.o")
    sections = _call(folder, "arm-none-eabi-size", "-A", f"{written.name}.o")
    text = re.findall(r"^\.text\S*\s+(\d+)", sections, re.M)
    return Emulated(
        np.frombuffer(scores, kind).reshape(-1, written.classes),
        int(lines["ticks"], 16) * PER_TICK,
        int(lines["stack"], 16),
        sum(map(int, text)),
        sum(size for symbol, size in sizes.items() if symbol.startswith("of_")),
        sizes["arena"],
    )


def _sizes(folder: Path, file: str) -> dict[str, int]:
    """The bytes of each symbol."""
    found = re.findall(r"^\w+ (\w+) \w (\S+)$", _call(folder, "arm-none-eabi-nm", "-S", file), re.M)
    return {name: int(size, 16) for size, name in found}


def _main(written: Written, images: np.ndarray) -> str:
    pixels = ", ".join(map(str, images.reshape(-1).tolist()))
    name, width = written.name, 4 if written.element == "float" else 1
    return f"""\
#include "{name}.h"
#include <string.h>
void say(const char *text);
void say_hex(const char *word, const void *bytes, int size);
void say_number(const char *word, uint32_t number);
uint32_t ticks(void);
void paint(void);
uint32_t used(void);

{name}_arena arena;
static const uint8_t images[] = {{{pixels}}};

int main(void) {{
    memset(&arena, 0xa5, sizeof arena);
    for (int n = 0; n < {len(images)}; n++) {{
        say_hex("score", {name}_run(&arena, images + n * {written.inputs}), \
{written.classes * width});
    }}
    paint();
    const uint32_t before = ticks();
    {name}_run(&arena, images);
    const uint32_t after = ticks();
    say_number("ticks", (before - after) & 0xffffff);
    say_number("stack", used());
    return 0;
}}
"""


_LINK = """\
ENTRY(reset)
SECTIONS {
  .text 0 : { KEEP(*(.vectors)) *(.text*) *(.rodata*) *(.ARM.exidx*) }
  .data 0x20000000 : { *(.data*) }
  .bss : { __bss_start = . ; *(.bss*) *(COMMON) __bss_end = . ; }
  top = 0x20040000;
}
"""

_START = (
    """\
#include <stdint.h>
#define STACK_BYTES """
    + str(STACK)
    + """
extern uint32_t top, __bss_start, __bss_end;
int main(void);

static uint32_t call(uint32_t what, const void *with) {
    register uint32_t r0 __asm__("r0") = what;
    register const void *r1 __asm__("r1") = with;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void say(const char *text) { call(4, text); }

static void digits(const uint8_t *bytes, int size) {
    static const char hex[] = "0123456789abcdef";
    for (int n = 0; n < size; n++) {
        char two[3] = {hex[bytes[n] >> 4], hex[bytes[n] & 15], 0};
        say(two);
    }
    say("\\n");
}

void say_hex(const char *word, const void *bytes, int size) {
    say(word);
    say(" ");
    digits(bytes, size);
}

void say_number(const char *word, uint32_t number) {
    const uint8_t bytes[4] = {number >> 24, number >> 16, number >> 8, number};
    say_hex(word, bytes, 4);
}

#define SYSTICK ((volatile uint32_t *)0xe000e010)
uint32_t ticks(void) { return SYSTICK[2]; }

/* What lies below the stack that is in use now is painted, and looked at again. */
__attribute__((noinline)) void paint(void) {
    volatile uint8_t *now = __builtin_frame_address(0);
    for (int n = 64; n < STACK_BYTES; n++) now[-n] = 0x5a;
}
__attribute__((noinline)) uint32_t used(void) {
    volatile uint8_t *now = __builtin_frame_address(0);
    int n = STACK_BYTES - 1;
    while (n > 64 && now[-n] == 0x5a) n--;
    return n;
}

void reset(void) {
    *(volatile uint32_t *)0xe000ed88 |= 0xf << 20; /* CPACR: the floating-point unit. */
    for (uint32_t *at = &__bss_start; at < &__bss_end; at++) *at = 0;
    SYSTICK[1] = 0xffffff;
    SYSTICK[2] = 0;
    SYSTICK[0] = 5; /* The clock of the processor, no interrupt. */
    const uint32_t ended[2] = {0x20026, main()};
    call(0x20, ended);
    for (;;) {}
}

static void stop(void) {
    const uint32_t failed[2] = {0x20026, 99};
    call(0x20, failed);
    for (;;) {}
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    &top, reset, stop, stop, stop, stop, stop, stop, 0, 0, 0, stop, stop, 0, stop, stop};
"""
)
