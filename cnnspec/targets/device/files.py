"""The files of an export beside the network: test images, a program for them, how to build."""

import numpy as np

from cnnspec.targets.c.text import comment
from cnnspec.targets.device.network import Written
from cnnspec.targets.device.site import Table
from cnnspec.targets.device.text import literal, table_text


def project(
    written: Written, images: np.ndarray, scores: np.ndarray, tolerance: float
) -> dict[str, str]:
    """Returns every file of an export by its name.

    `scores` are what the run gives for the uint8 `images`; the test program accepts
    outputs that differ by `tolerance` at most.
    """
    name = written.name
    return {
        f"{name}.h": written.header,
        f"{name}.c": written.source,
        f"{name}_vectors.h": _vectors(written, images, scores),
        "main.c": _main(written, tolerance),
        "Makefile": _MAKEFILE.replace("NAME", name),
        "CMakeLists.txt": _CMAKE.replace("NAME", name),
    }


def _vectors(written: Written, images: np.ndarray, scores: np.ndarray) -> str:
    count = len(images)
    tables = (
        Table("vector_pixels", "uint8_t", images, "test images, one after another"),
        Table("vector_scores", written.element, scores, "what the trained network gives for each"),
    )
    upper = f"{written.name.upper()}_VECTORS"
    text = "\n\n".join(table_text(table) for table in tables)
    return (
        f"{comment(f'Test images for {written.name}, and what the network gives for them.')}\n"
        f"#ifndef {upper}_H\n#define {upper}_H\n\n#include <stdint.h>\n\n"
        f"#define {upper} {count}\n\n{text}\n\n#endif\n"
    )


def _main(written: Written, tolerance: float) -> str:
    upper, name = written.name.upper(), written.name
    if written.element == "float":
        compare = f"""\
            const float d = scores[n] - expected[n];
            if (!(d <= {literal(tolerance)} && d >= -{literal(tolerance)})) wrong++;"""
    else:
        compare = "            if (scores[n] != expected[n]) wrong++;"
    return f"""\
{
        comment(
            f"Runs {name} on its test images. Ends with 0 if every score is as expected.",
            "Compile with -DQUIET where there is no stdio.",
        )
    }
#include "{name}.h"
#include "{name}_vectors.h"

#ifndef QUIET
#include <stdio.h>
#endif

static {name}_arena arena;

int main(void) {{
    int wrong = 0;
    for (int image = 0; image < {upper}_VECTORS; image++) {{
        const uint8_t *const pixels = vector_pixels + image * {upper}_PIXELS;
        const {written.element} *const expected = vector_scores + image * {upper}_CLASSES;
        const {written.element} *const scores = {name}_run(&arena, pixels);
        for (int n = 0; n < {upper}_CLASSES; n++) {{
{compare}
        }}
#ifndef QUIET
        printf("image %d: class %d\\n", image, {name}_class(&arena, pixels));
#endif
    }}
#ifndef QUIET
    printf("%d images, %d scores differ\\n", {upper}_VECTORS, wrong);
#endif
    return wrong != 0;
}}
"""


_MAKEFILE = """\
# `make test` runs the network on its test images. For a device name its compiler:
#   make NAME.o CC=arm-none-eabi-gcc CFLAGS="-std=c99 -O2 -mcpu=cortex-m4 -mthumb"
CC ?= cc
# The vectors of this machine's processor, which change the time and not the outputs.
NATIVE := $(shell $(CC) -march=native -E -x c /dev/null >/dev/null 2>&1 && echo -march=native)
CFLAGS ?= -std=c99 -O3 $(NATIVE) -Wall -Wextra -Wconversion -pedantic

tests: main.o NAME.o
\t$(CC) $(CFLAGS) -o $@ main.o NAME.o

main.o: main.c NAME.h NAME_vectors.h
NAME.o: NAME.c NAME.h

.PHONY: test clean
test: tests
\t./tests

clean:
\trm -f tests *.o
"""

_CMAKE = """\
# A library `NAME` for other projects, and its test: `cmake -B build && cmake --build build`,
# then `ctest --test-dir build`.
cmake_minimum_required(VERSION 3.13)
project(NAME C)

add_library(NAME STATIC NAME.c)
target_include_directories(NAME PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
# ISO C keeps compilers from fusing products and sums, so that outputs have the same bits.
set_target_properties(NAME PROPERTIES C_STANDARD 99 C_EXTENSIONS OFF)

# -DNAME_NATIVE=ON: the vectors of this machine's processor, which change the time and not the
# outputs.
option(NAME_NATIVE "compile NAME for the processor at hand" OFF)
if(NAME_NATIVE)
  target_compile_options(NAME PRIVATE -O3 -march=native)
endif()

if(CMAKE_SOURCE_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR AND NOT CMAKE_CROSSCOMPILING)
  enable_testing()
  add_executable(NAME_tests main.c)
  target_link_libraries(NAME_tests NAME)
  add_test(NAME NAME COMMAND NAME_tests)
endif()
"""
