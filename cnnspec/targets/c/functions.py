"""The functions of a network in C: a template's text with its names bound to addresses."""

import re

from cnnspec.core.record import Record
from cnnspec.ir.training import Training
from cnnspec.targets.c.layout import Layout, Placed
from cnnspec.targets.c.losses import LossText, targets
from cnnspec.targets.c.rounding import ROLES
from cnnspec.targets.c.site import Stage
from cnnspec.targets.c.text import block, comment, identifier, number, sizes


class Call(Record):
    """A function of a phase: for one block, for a chunk, or once for a part."""

    name: str
    chunk: bool = False
    once: bool = False


_WRITTEN = ("mean", "variance")
"""Roles of weights that a step writes itself."""


def _pointers(layout: Layout, placed: Placed) -> dict[str, str]:
    """What each name that a template may use is: declarations by names."""
    site, kernel = placed.site, placed.kernel
    assert site is not None
    assert kernel is not None
    found = {
        "y": f"V *y = p->block + {placed.value};",
        "dy": f"const V *dy = p->block + {placed.gradient};",
        "kept": f"V *kept = p->block + {placed.kept};",
        "scratch": "V *scratch = p->scratch;",
        "prepared": f"float *prepared = p->prepared + {placed.prepared};",
        "shared": f"float *shared = p->shared + {placed.shared};",
        "images": "const int *images = p->images;",
        "part": "const int part = p->part;",
        "blocks": "const int blocks = p->blocks;",
        "number": "const int number = p->number;",
        "seed": "const uint64_t seed = p->seed;",
        "step": "const uint32_t step = p->step;",
    }
    for n, source in enumerate(placed.step.inputs):
        before = layout.steps[source]
        x, dx = site.x(n), site.dx(n)
        found[x] = f"const V *{x} = p->block + {before.value};"
        found[dx] = f"V *{dx} = p->block + {before.gradient};"
    places = layout.places
    for role in placed.step.operation.roles:
        key = getattr(placed.step.operation, role)
        if key:
            at = places[key].start
            kind = "float" if role in _WRITTEN else "const float"
            held = "used" if layout.rounded and role in ROLES else "weights"
            found[role] = f"{kind} *{role} = p->{held} + {at};"
            found[f"d_{role}"] = f"float *d_{role} = p->gradients + {at};"
    return found


def _bound(text: str, pointers: dict[str, str]) -> str:
    """The declarations of the names that a text uses."""
    # Longest first where one needs another: none does.
    used = set(re.findall(r"[A-Za-z_]\w*", text))
    return "\n".join(declared for name, declared in pointers.items() if name in used)


def _described(layout: Layout, index: int) -> list[str]:
    placed = layout.steps[index]
    assert placed.kernel is not None
    shapes = " and ".join(map(sizes, layout.program.input_shapes(placed.step)))
    layers = ", ".join(placed.step.layers)
    return [
        f"{layers}: {placed.step.operation}, {shapes} -> {sizes(placed.step.value.shape)}",
        placed.kernel.formula,
    ]


_WAYS = {
    "forward": "",
    "backward": "the gradients of ",
    "predict": "without training: ",
    "prepare": "made of the kernel before each step: ",
}


def functions(
    layout: Layout, index: int, way: str, number: int, stage: Stage
) -> tuple[list[str], list[Call]]:
    """Returns the functions of a stage of a step, and how they are called."""
    placed = layout.steps[index]
    name = f"{way}_{index}_{identifier(placed.step.name)}" + (f"_{number}" if number else "")
    first, *rest = _described(layout, index)
    about = comment(_WAYS[way] + first, *rest)
    found = [(Call(name, stage.chunk), stage.text)]
    if stage.before:
        found.insert(0, (Call(f"{name}_before", once=True), stage.before))
    texts = [
        block(
            f"ALONE void {call.name}(struct place *p)",
            _bound(text, _pointers(layout, placed)),
            text,
        )
        for call, text in found
    ]
    texts[0] = f"{about}\n{texts[0]}"
    return texts, [call for call, _ in found]


def prepare_function(layout: Layout, index: int) -> tuple[str, Call]:
    """Returns the function that makes what a step needs of its weights."""
    kernel = layout.steps[index].kernel
    assert kernel is not None
    (text,), (call,) = functions(layout, index, "prepare", 0, Stage(kernel.prepare))
    return text, call.replace(once=True)


def loss_function(layout: Layout, train: Training, loss: LossText) -> tuple[str, Call]:
    """Returns the function of the loss: what the images cost, their answers, the gradient."""
    output = layout.steps[layout.program.output]
    right, wrong = targets(train.loss, output.step.value.shape.size)
    to = output
    x = ""
    if loss.of_logits:
        to = layout.steps[output.step.inputs[0]]
        x = f"const V *x = p->block + {to.value};"
    answers = comment(f"The loss {train.loss}: what the images of a block cost, and its gradient.")
    body = block(
        "ALONE void loss(struct place *p)",
        f"const V *y = p->block + {output.value};",
        x,
        f"V *d = p->block + {to.gradient};",
        "const struct job *job = p->job;",
        "I label;\nV count, loss = fill(0);",
        block(
            "for (int l = 0; l < LANES; l++)",
            "int image = p->order[p->number * LANES + (l < p->count ? l : 0)];",
            "label[l] = job->labels[image];",
            "count[l] = l >= p->count ? 0 : job->counts ? job->counts[image] : 1;",
        ),
        "V by = count / fill((float)job->size);",
        "#define wanted(k) choose(equal_int(label, fill_int(k)), "
        f"fill({number(right)}), fill({number(wrong)}))",
        loss.text,
        "#undef wanted",
        # Lanes without an image count 0; what they hold is a number all the same.
        "p->job->loss[p->part] += sum16(keep(lanes_of(p, 0), loss * by));",
        "write_answers(p, y);",
    )
    return f"{answers}\n{body}", Call("loss")
