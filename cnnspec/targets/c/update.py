"""The update of the weights as C: gradients of the parts added, clipped, and taken off."""

from cnnspec.ir.training import Training
from cnnspec.targets.c.layout import Layout
from cnnspec.targets.c.optimizers import rule
from cnnspec.targets.c.text import block, comment, indent, number


def stages(train: Training) -> list[str]:
    """Returns the phases of an update: what needs a norm has to wait until it is known."""
    found = ["sum"]
    if train.optimizer.clipnorm is not None or train.optimizer.global_clipnorm is not None:
        found.append("move")
    if rule(train.optimizer).by_norm:
        found.append("apply")
    return found


_SUM = """\
/* The parts in their order; then what the size of a weight adds to the loss. */
V g = *(V *)(job->gradients + at);
for (int part = 1; part < PARTS; part++) g += *(V *)(job->gradients + (int64_t)part * TRAINED + at);
if (tensor.l1 != 0 || tensor.l2 != 0) {
    V size = abs16(w);
    g += keep(above(w, fill(0)), fill(tensor.l1)) - keep(below(w, fill(0)), fill(tensor.l1));
    g = fma16(w, fill(2 * tensor.l2), g);
    penalty += size * fill(tensor.l1) + size * size * fill(tensor.l2);
}"""


def update_text(layout: Layout, train: Training) -> str:
    """Returns the tables of the weights, `find_scales` and `update`."""
    names = stages(train)
    return "\n\n".join(
        (
            _tables(layout),
            _find_scales(train, names),
            "\n".join(
                (
                    comment("A stage of the update for one slice of the weights."),
                    block(
                        "ALONE void update(struct job *job, int stage, int s)",
                        "const struct slice slice = slices[s];",
                        "const struct tensor tensor = tensors[slice.tensor];",
                        "const float *factor = job->factors + job->index * FACTORS;",
                        "V penalty = fill(0), squares = fill(0), of_weights = fill(0);",
                        block(
                            "for (int n = slice.first; n < slice.first + slice.count; n++)",
                            "const int at = n * LANES;",
                            "V w = *(V *)(job->weights + at);",
                            *(
                                block(f"if (stage == {n})", _stage(name, names, train))
                                for n, name in enumerate(names)
                            ),
                        ),
                        "if (stage == 0) job->by_slice[s] = sum16(penalty);",
                        "job->partial[s] = sum16(squares);",
                        "job->partial[SLICES + s] = sum16(of_weights);",
                        "(void)factor; (void)tensor;",
                    ),
                )
            ),
        )
    )


def _tables(layout: Layout) -> str:
    rows = [
        f"{{{int(tensor.decays)}, {number(tensor.l1)}, {number(tensor.l2)}}}, /* {tensor.key} */"
        for tensor in layout.tensors
    ] or ["{0, 0, 0},"]
    pieces = ", ".join(f"{{{n}, {first}, {count}}}" for n, first, count in layout.slices)
    return "\n".join(
        (
            comment("Weights: whether they decay, and what their size adds to the loss."),
            "static const struct tensor { int decays; float l1, l2; } tensors[TENSORS] = {",
            indent("\n".join(rows)),
            "};",
            comment("What a task updates: vectors of one weight."),
            "static const struct slice { int tensor, first, count; } slices[SLICES] =",
            f"    {{{pieces}}};",
        )
    )


def _find_scales(train: Training, names: list[str]) -> str:
    """The function between two stages: what the tensors are multiplied by, of their norms."""
    optimizer = train.optimizer
    bodies = {
        "move": _clip(optimizer.clipnorm, optimizer.global_clipnorm),
        "apply": (
            "double w = __builtin_sqrt(of_weights[t]), u = __builtin_sqrt(squares[t]);\n"
            "job->scale[t] = w > 0 && u > 0 ? (float)(w / u) : 1;"
        ),
    }
    cases = [
        block(
            f"if (stage == {n})",
            "for (int t = 0; t < TENSORS; t++) {",
            indent(bodies[name]),
            "}",
        )
        for n, name in enumerate(names)
        if n
    ]
    return "\n".join(
        (
            comment("Norms of the slices become factors of the tensors, before a stage."),
            block(
                "static void find_scales(struct job *job, int stage)",
                "double squares[TENSORS] = {0}, of_weights[TENSORS] = {0}, all = 0;",
                block(
                    "for (int s = 0; s < SLICES; s++)",
                    "squares[slices[s].tensor] += job->partial[s];",
                    "of_weights[slices[s].tensor] += job->partial[SLICES + s];",
                    "all += job->partial[s];",
                ),
                *cases,
                "(void)job; (void)stage; (void)all;",
            ),
        )
    )


def _clip(clipnorm: float | None, global_clipnorm: float | None) -> str:
    if global_clipnorm is not None:
        limit, norm = number(global_clipnorm), "__builtin_sqrt(all)"
    else:
        limit, norm = number(clipnorm or 1), "__builtin_sqrt(squares[t])"
    return f"double norm = {norm};\njob->scale[t] = norm > {limit} ? (float)({limit} / norm) : 1;"


def _stage(name: str, names: list[str], train: Training) -> str:
    """A stage: up to the next norm that has to be known."""
    last = names[-1] == name
    lines = []
    gradient = "*(V *)(job->gradients + at)"
    if name == "sum":
        lines.append(_SUM)
        if train.optimizer.clipvalue is not None:
            limit = number(train.optimizer.clipvalue)
            lines.append(f"g = min16(max16(g, fill(-{limit})), fill({limit}));")
        if "move" in names:
            lines.append(f"{gradient} = g;\nsquares = fma16(g, g, squares);")
            return "\n".join(lines)
    if name == "move":
        lines.append(f"V g = {gradient} * fill(job->scale[slice.tensor]);")
    if name == "apply":
        lines.append(f"V u = {gradient} * fill(job->scale[slice.tensor]) * fill(factor[0]);")
    else:
        lines.append(_move(train))
    if last:
        lines.append("w -= u;\n*(V *)(job->weights + at) = w;")
        lines.append(_average(train))
    else:
        lines.append(f"*(V *)(job->weights + at) = w;\n{gradient} = u;")
        lines.append("squares = fma16(u, u, squares);\nof_weights = fma16(w, w, of_weights);")
    return "\n".join(line for line in lines if line)


def _move(train: Training) -> str:
    """The optimizer's own text, with its slots read and written."""
    moving = rule(train.optimizer)
    lines = []
    if train.optimizer.weight_decay is not None:
        share = number(train.optimizer.weight_decay)
        # The last factor is the learning rate itself.
        lines.append(f"if (tensor.decays) w -= w * fill({share}) * fill(factor[FACTORS - 1]);")
    for n in range(len(moving.slots)):
        lines.append(f"V s{n} = *(V *)(job->slots + (int64_t){n} * TRAINED + at);")
    lines.append("V u;")
    lines.append(moving.text)
    for n in range(len(moving.slots)):
        lines.append(f"*(V *)(job->slots + (int64_t){n} * TRAINED + at) = s{n};")
    return "\n".join(lines)


def _average(train: Training) -> str:
    """The moving average of the weights, which begins with the first."""
    if train.optimizer.ema is None:
        return ""
    keep = train.optimizer.ema
    return block(
        "if (job->average)",
        "V *average = (V *)(job->average + at);",
        f"*average = job->step + job->index == 0 ? w : "
        f"fma16(w, fill({number(1 - keep)}), *average * fill({number(keep)}));",
    )
