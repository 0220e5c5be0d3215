"""A program with its weights as C99 for one image: a header and a source without a library.

The source takes nothing but `stdint.h` and `string.h`, no heap, no recursion; its
constants are `const`, and every value lies in one arena, where the memory plan says.
"""

from collections.abc import Mapping

import numpy as np

from cnnspec.core.record import Record
from cnnspec.program.build import Program, Step
from cnnspec.program.memory_plan import MemoryPlan, memory_plan
from cnnspec.program.recipes import with_recipes
from cnnspec.targets.c.text import block, comment, sizes
from cnnspec.targets.device.functions import used_functions
from cnnspec.targets.device.integers import Scaled, shared_functions
from cnnspec.targets.device.lanes import used_lanes
from cnnspec.targets.device.schedule import Schedule
from cnnspec.targets.device.site import FLOAT, INT8, Arithmetic, Kernel, Site, Table
from cnnspec.targets.device.table import INTEGER_TEMPLATES, TEMPLATES
from cnnspec.targets.device.text import table_text
from cnnspec.targets.quantize.run import IntegerProgram
from cnnspec.version import __version__


class Written(Record):
    """A network as C: the two texts, and what they take on a device, in bytes.

    `tables` are the constants, weights included; the code comes on top of it and depends
    on the processor.
    """

    name: str
    header: str
    source: str
    arena: int
    tables: int
    inputs: int
    """Bytes of an image."""
    classes: int
    element: str


class Named(Record):
    """A step with its C: the function `name` with its parameters, and the tables it reads."""

    step: Step
    name: str
    parameters: list[str]
    kernel: Kernel


def write_network(
    program: Program, weights: Mapping[str, np.ndarray], name: str, about: str
) -> Written:
    """Returns the C of an inference program in float32.

    `weights` are those of a run, by their keys, and `about` is what the header says of
    where the network comes from.
    """
    double = {key: np.asarray(array, np.float64) for key, array in weights.items()}
    made = with_recipes(program.recipes, double)
    shaped = {key: made[key].reshape(shape) for key, shape in program.weights.items()}
    steps, plan = {}, memory_plan(program, "float32")
    schedule = Schedule(plan)
    for index, step in enumerate(program.steps):
        template = TEMPLATES.get(type(step.operation))
        if template is not None:
            keys = {role: getattr(step.operation, role) for role in step.operation.roles}
            own = {role: shaped[key] for role, key in keys.items() if key}
            site = Site(
                step.operation,
                program.input_shapes(step),
                step.value.shape,
                FLOAT,
                own,
                order=schedule.order(index),
            )
            steps[index] = template(site)
    reading = "a[n] = (float)pixels[n] / 255.0f;"
    return assemble(plan, steps, name, about, FLOAT, reading)


def write_integers(integer: IntegerProgram, name: str, about: str) -> Written:
    """Returns the C of a program in int8."""
    program = integer.program
    steps, plan = {}, memory_plan(program, "int8")
    schedule = Schedule(plan)
    for index, step in enumerate(program.steps):
        template, constants = INTEGER_TEMPLATES.get(type(step.operation)), integer.constants[index]
        if template is not None and constants is not None:
            # Templates read the kernel where those in float32 do.
            kernel = getattr(constants.more, "kernel", None)
            site = Site(
                step.operation,
                program.input_shapes(step),
                step.value.shape,
                INT8,
                {} if kernel is None else {"kernel": kernel},
                Scaled(constants),
                schedule.order(index),
            )
            steps[index] = template(site)
    shared = shared_functions("\n".join(kernel.text for kernel in steps.values()))
    return assemble(plan, steps, name, about, INT8, "a[n] = (int8_t)(pixels[n] - 128);", shared)


def assemble(
    plan: MemoryPlan,
    steps: Mapping[int, Kernel],
    name: str,
    about: str,
    arithmetic: Arithmetic,
    reading: str,
    prelude: str = "",
) -> Written:
    """Returns the texts of a network whose steps are written.

    `reading` makes a value `a[n]` of the pixel `pixels[n]`, and `prelude` has the
    functions that steps share.
    """
    program = plan.program
    element = arithmetic.element
    width = 4 if element == "float" else 1
    offsets = [plan.buffers[place].offset // width for place in plan.places]
    texts, calls, tables = [], [], 0
    shared: dict[str, tuple[str, Table]] = {}
    schedule = Schedule(plan)
    for index, kernel in steps.items():
        step = program.steps[index]
        named = Named(step, schedule.name(index), schedule.parameters(index, element), kernel)
        text, used = _definition(named, program.input_shapes(step), shared)
        texts.append(text)
        tables += used
        if index not in plan.lines:
            places = [f"a + {offsets[value]}" for value in (*schedule.values(index), index)]
            calls.append(f"{named.name}({', '.join(places)});")
    source = program.steps[0].value.shape
    output = program.steps[program.output].value.shape.size
    functions = "\n\n".join(used_functions("\n".join(texts)))
    upper = name.upper()
    body = "\n\n".join(
        part
        for part in (
            comment(f"{name}: {about}", f"Written by cnnspec {__version__}; see {name}.h."),
            f'#include "{name}.h"\n\n#include <string.h>',
            _PRAGMA,
            _CHECK,
            _ALONE,
            prelude,
            used_lanes("\n".join(texts)),
            functions,
            *texts,
            f"#ifdef {upper}_STATIC_ARENA\nstatic {name}_arena own;\n#endif",
            block(
                f"const {element} *{name}_run({name}_arena *arena, const uint8_t *pixels)",
                f"#ifdef {upper}_STATIC_ARENA",
                "if (!arena) arena = &own;",
                "#endif",
                f"{element} *const a = arena->values;",
                f"for (int n = 0; n < {source.size}; n++) {reading}".replace(
                    "a[n]", f"a[{offsets[0]} + n]" if offsets[0] else "a[n]"
                ),
                *calls,
                f"return a + {offsets[program.output]};",
            ),
            block(
                f"int {name}_class({name}_arena *arena, const uint8_t *pixels)",
                f"const {element} *const scores = {name}_run(arena, pixels);",
                "int best = 0;",
                f"for (int n = 1; n < {output}; n++) if (scores[n] > scores[best]) best = n;",
                "return best;",
            ),
        )
        if part
    )
    header = _header(name, about, plan, tables, element, sizes(source), source.size, output)
    return Written(name, header, body + "\n", plan.peak, tables, source.size, output, element)


_PRAGMA = """\
#if defined(__clang__)
/* Products and sums are rounded one by one, so that every processor gives the same bits. */
#pragma STDC FP_CONTRACT OFF
#endif"""

_ALONE = """\
/* Each step by itself: all in one function would want more registers than there are. */
#if defined(__GNUC__)
#define ALONE static __attribute__((noinline))
#else
#define ALONE static
#endif"""

_CHECK = """\
/* Places are counted in int, which has 32 bits here or more. */
typedef char int_has_32_bits[sizeof(int) >= 4 ? 1 : -1];"""


def _definition(
    named: Named, inputs: tuple[object, ...], shared: dict[str, tuple[str, Table]]
) -> tuple[str, int]:
    """The tables and the function of a step, and the bytes of tables that no step had before.

    Calls of a layer that share its weights share its tables.
    """
    step, kernel = named.step, named.kernel
    text, parts, used = kernel.text, [], 0
    names = {}
    for table in kernel.tables:
        known, same = shared.get(table.key, ("", table))
        if not known or not np.array_equal(same.values, table.values):
            known = f"{named.name.replace('step_', 'of_')}_{table.name}"
            parts.append(table_text(_renamed(table, known, step)))
            used += table.size
            if table.key:
                shared[table.key] = known, table
        names[table.name] = known
    aliases = [f"const {t.kind} *const {t.name} = {names[t.name]};" for t in kernel.tables]
    shapes = " and ".join(str(shape) for shape in inputs)
    head = comment(
        f"{', '.join(step.layers)}: {step.operation}, {shapes} -> {sizes(step.value.shape)}",
        *kernel.formula.splitlines(),
    )
    signature = f"ALONE void {named.name}({', '.join(named.parameters)})"
    return "\n\n".join([*parts, f"{head}\n{block(signature, *aliases, text)}"]), used


def _renamed(table: Table, name: str, step: Step) -> Table:
    return table.replace(name=name, about=f"{step.name}: {table.about}")


def _header(
    name: str,
    about: str,
    plan: MemoryPlan,
    tables: int,
    element: str,
    shape: str,
    pixels: int,
    classes: int,
) -> str:
    upper = name.upper()
    scores = (
        "a score for each class: the output of the network"
        if element == "float"
        else "a score for each class, from -128 to 127"
    )
    return f"""\
{
        comment(
            f"{name}: {about}",
            f"Written by cnnspec {__version__}.",
            "",
            f"Constants: {tables:,} bytes. Arena: {plan.peak:,} bytes.",
            "No heap, no recursion, no library.",
        )
    }
#ifndef {upper}_H
#define {upper}_H

#include <stdint.h>

#define {upper}_PIXELS {pixels}
#define {upper}_CLASSES {classes}
#define {upper}_ARENA_BYTES {plan.peak}

#ifdef __cplusplus
extern "C" {{
#endif

/* The memory that one image needs while it is computed; what is in it before does not matter.
   Give one to each call, or compile with {upper}_STATIC_ARENA and give a null pointer. */
typedef struct {{
    {element} values[{plan.peak // (4 if element == "float" else 1)}];
}} {name}_arena;

/* `pixels` is an image of {shape} (rows, columns, channels), 0 to 255, as in the data that
   the network was trained on. Returns {scores}.
   They lie in the arena until the next call. */
const {element} *{name}_run({name}_arena *arena, const uint8_t *pixels);

/* Returns the class with the highest score, from 0 on. */
int {name}_class({name}_arena *arena, const uint8_t *pixels);

#ifdef __cplusplus
}}
#endif

#endif
"""
