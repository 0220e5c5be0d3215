"""A program to C: the functions of its operations, the phases of a step, and the update.

`network_text` gives a whole file that needs no other. Read one as `cnnspec` writes it, from
the end: `cnnspec_train` runs phases, a phase calls the functions of the layers, and each
function begins with its formula.
"""

from importlib.resources import files

from cnnspec.core.record import Record
from cnnspec.ir.training import Training
from cnnspec.targets.c.functions import Call, functions, loss_function, prepare_function
from cnnspec.targets.c.layout import Layout
from cnnspec.targets.c.losses import loss_text
from cnnspec.targets.c.optimizers import rule
from cnnspec.targets.c.rounding import round_weights
from cnnspec.targets.c.text import block, comment, sizes
from cnnspec.targets.c.update import stages, update_text


class Written(Record):
    """A text of C and what a caller must know of it."""

    text: str
    slots: tuple[str, ...]
    """The names of what the optimizer keeps for every weight."""
    factors: int


def network_text(layout: Layout, train: Training) -> Written:
    """Returns the C text that trains and runs a network."""
    moving = rule(train.optimizer)
    texts, forward, backward, predict = _functions(layout, train)
    phases = _phases(forward, backward)
    return Written(
        "\n\n".join(
            (
                _head(layout, train),
                _runtime("vectors.h"),
                _runtime("functions.h"),
                _runtime("random.h"),
                _runtime("images.h"),
                _runtime("threads.h"),
                _constants(layout, train, len(phases)),
                _runtime("job.h"),
                _runtime("norms.h"),
                *_needed(layout),
                _runtime("rounding.h"),
                *texts,
                _runtime("places.h"),
                _train_phase(layout, phases),
                update_text(layout, train),
                *filter(None, (round_weights(layout),)),
                _runtime("training.h"),
                _predict_phase(layout, predict, "if (job->labels) loss(&q);"),
                _runtime("prediction.h"),
            )
        )
        + "\n",
        moving.slots,
        _factors(train),
    )


def function_text(layout: Layout) -> str:
    """Returns the C text that computes a program and does not train it."""
    texts, _, _, predict = _functions(layout, None)
    return (
        "\n\n".join(
            (
                _head(layout, None),
                *map(_runtime, ("vectors.h", "functions.h", "random.h", "threads.h")),
                _constants(layout, None, 0),
                *map(_runtime, ("job.h", "norms.h")),
                *_needed(layout),
                *texts,
                _runtime("places.h"),
                _predict_phase(layout, predict, ""),
                _runtime("prediction.h"),
            )
        )
        + "\n"
    )


def _factors(train: Training) -> int:
    import numpy as np

    one = np.ones(1)
    return 1 + len(rule(train.optimizer).factors(one, one))


def _runtime(name: str) -> str:
    """A part of the text that is the same for every network."""
    return files("cnnspec.targets.c").joinpath("runtime", name).read_text("utf-8").strip()


def _needed(layout: Layout) -> list[str]:
    """The parts of the text that only some operations need."""
    kernels = [placed.kernel for placed in layout.steps if placed.kernel]
    return [_runtime(name) for name in sorted({each.runtime for each in kernels} - {""})]


def _head(layout: Layout, train: Training | None) -> str:
    shapes = [
        f"  {index:>3}  {', '.join(step.layers)}: {step.operation} -> {sizes(step.value.shape)}"
        for index, step in enumerate(layout.program.steps)
    ]
    what = "A network that trains itself" if train else "A function of images"
    lines = [f"{what}, written by cnnspec. It needs a C compiler and pthreads.", "", *shapes]
    if train:
        # Not its learning rate, which each step is given: with another one nothing is compiled.
        lines += ["", f"optimizer {train.optimizer.word}, loss {train.loss}, batch {train.batch}"]
    return comment(*lines)


def _constants(layout: Layout, train: Training | None, phases: int) -> str:
    image = layout.program.steps[0].value.shape
    values = {
        "PARTS": (layout.parts, "parts of a batch, whose gradients are added in this order"),
        "CHUNK": (layout.chunk, "blocks of sixteen images in memory at once"),
        "STRIDE": (layout.stride, "vectors of a block"),
        "SCRATCH": (layout.scratch, "vectors for a moment"),
        "ARENA": (layout.arena, "vectors that a part or a thread works in"),
        "ARENAS_BY_PART": (int(layout.by_part), "whether parts wait for each other in a step"),
        "SHARED": (layout.shared, "numbers that a part leaves for the others"),
        "TRAINED": (layout.trained, "numbers that are trained"),
        "WEIGHTS": (layout.weights, "numbers of all weights"),
        "TENSORS": (max(len(layout.tensors), 1), "weights"),
        "SLICES": (len(layout.slices), "pieces in which they are updated"),
        "PIXELS": (image.size, "numbers of an image"),
        "CHANNELS": (image.dims[-1], "channels of an image"),
        "CLASSES": (layout.program.steps[layout.program.output].value.shape.size, "outputs"),
    }
    if rounded := layout.rounded:
        values["ROUNDED"] = rounded, "values that are rounded as in int8"
    if train:
        values |= {
            "PHASES": (phases, "phases of a step, between which all parts meet"),
            "UPDATES": (len(stages(train)), "phases of an update"),
            "FACTORS": (_factors(train), "numbers of a step that the optimizer takes"),
        }
    return "\n".join(
        f"#define {name} {value} /* {what} */" for name, (value, what) in values.items()
    )


Calls = list[Call | None]
"""Calls in order; `None` where all parts meet."""


def _functions(
    layout: Layout, train: Training | None
) -> tuple[list[str], Calls, Calls, list[Call]]:
    """The texts of all functions, and the calls of both directions and of inference."""
    texts: list[str] = []
    forward: Calls = []
    backward: Calls = []
    predict: list[Call] = []
    prepare: list[Call] = []
    output = layout.program.steps[layout.program.output]
    loss = loss_text(train.loss, output.value.shape.size, output.operation) if train else None
    backwards: list[list[Call | None]] = []
    for index, placed in enumerate(layout.steps):
        if placed.kernel is None:
            continue
        kernel = placed.kernel
        if kernel.prepare:
            text, call = prepare_function(layout, index)
            texts.append(text)
            prepare.append(call)
        ways: dict[str, Calls] = {"forward": [], "backward": []}
        for way in ways:
            for number, stage in enumerate(getattr(kernel, way)):
                skipped = way == "backward" and (
                    placed.gradient < 0
                    or (loss and loss.of_logits and index == layout.program.output)
                )
                if skipped:
                    continue
                made, calls = functions(layout, index, way, number, stage)
                texts += made
                ways[way] += [None, *calls] if number else calls
        forward += ways["forward"]
        backwards.append(ways["backward"])
        if kernel.predict:
            made, calls = functions(layout, index, "predict", 0, kernel.predict)
            texts += made
            predict += calls
        else:
            predict += [call for call in ways["forward"] if call]
    backward = [each for calls in reversed(backwards) for each in calls]
    if train and loss:
        text, call = loss_function(layout, train, loss)
        texts.append(text)
        backward.insert(0, call)
    return texts, [*prepare, *forward], backward, [*prepare, *predict]


def _phases(forward: Calls, backward: Calls) -> list[list[Call]]:
    """The calls between two meetings."""
    found: list[list[Call]] = [[]]
    for call in (*forward, *backward):
        if call is None:
            found.append([])
        else:
            found[-1].append(call)
    return found


def _run(calls: list[Call]) -> str:
    """Calls of a chunk: those that take one block at a time run through all of them together."""
    lines: list[str] = []
    together: list[str] = []

    def finish() -> None:
        if together:
            lines.append(
                block(
                    "for (int b = 0; b < p.blocks; b++)",
                    "struct place q = block_of(&p, b);",
                    *together,
                )
            )
            together.clear()

    for call in calls:
        if call.chunk:
            finish()
            lines.append(f"{call.name}(&p);")
        else:
            together.append(f"{call.name}(&q);")
    finish()
    return "\n".join(lines)


_BEGIN = "struct place all = place_of(job, task, thread), p = all;"


def _split(calls: list[Call]) -> tuple[list[str], list[Call]]:
    """What is done once for a part, and what for each chunk."""
    return [f"{call.name}(&all);" for call in calls if call.once], [c for c in calls if not c.once]


def _train_phase(layout: Layout, phases: list[list[Call]]) -> str:
    cases = []
    for number, calls in enumerate(phases):
        once, each = _split(calls)
        head = [] if number else ["memset(all.gradients, 0, TRAINED * sizeof(float));"]
        load = [] if number else [Call("load_images")]
        run = block("while (next_chunk(&p, &all))", _run([*load, *each]))
        cases.append(block(f"if (phase == {number})", *head, *once, run))
    return "\n".join(
        (
            "ALONE void update(struct job *job, int stage, int slice);",
            "",
            comment("A phase of a step for one part of the batch, or a piece of the update."),
            block(
                "static void train_phase(struct job *job, int phase, int task, int thread)",
                "if (phase >= PHASES) { update(job, phase - PHASES, task); return; }",
                _BEGIN,
                "if (!all.blocks && phase) return;",
                *cases,
            ),
        )
    )


def _predict_phase(layout: Layout, calls: list[Call], also: str) -> str:
    """The phase of a prediction; `also` is done with each block at its end."""
    once, each = _split(calls)
    value = layout.steps[layout.program.output].value
    write = f"write_outputs(&q, q.block + {value});"
    body = _run([Call("load_images"), *each])
    return "\n".join(
        (
            comment("The outputs of one part of a batch."),
            block(
                "static void predict_phase(struct job *job, int phase, int task, int thread)",
                "(void)phase;",
                _BEGIN,
                *once,
                block(
                    "while (next_chunk(&p, &all))",
                    body,
                    block(
                        "for (int b = 0; b < p.blocks; b++)",
                        "struct place q = block_of(&p, b);",
                        also,
                        write,
                    ),
                ),
            ),
        )
    )
