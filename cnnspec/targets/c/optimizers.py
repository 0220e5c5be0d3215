"""Optimizers as C: what a step does to sixteen weights, with Keras's definitions.

What depends on the step alone (the learning rate, powers of the decays) comes from Python
as `factor[0]`, `factor[1]` and so on, so C needs no `pow`. A text has the gradient `g`, the
weights `w`, the moving values `s0`, `s1`, …, and gives `u`, which is taken off the weights.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cnnspec.core.record import Record
from cnnspec.ir.optimizers import (
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lamb,
    Lion,
    Nadam,
    Optimizer,
    RmsProp,
    Sgd,
)
from cnnspec.targets.c.text import number

if TYPE_CHECKING:
    # Light code asks which optimizers are here.
    import numpy as np

Factors = Callable[["np.ndarray", "np.ndarray"], "list[np.ndarray]"]


class Rule(Record):
    """How an optimizer moves a weight."""

    slots: tuple[str, ...]
    """What is kept for every weight, by Keras's names."""
    text: str
    factors: Factors = lambda step, rate: [rate]
    """The factors of steps, counted from 1, with their learning rates; float64."""
    start: float = 0.0
    """What the slots begin with."""
    by_norm: bool = False
    """Whether `u` is multiplied by the norm of the weights over its own."""


def _mean(slot: str, value: str, decay: float) -> str:
    """A moving mean as Keras's Adam has it: m += (value - m) * (1 - decay)."""
    return f"{slot} = fma16({value} - {slot}, fill({number(1 - decay)}), {slot});"


def _blend(slot: str, value: str, decay: float) -> str:
    """A moving mean as Keras's RMSprop has it: decay * m + (1 - decay) * value."""
    return f"{slot} = fma16({value}, fill({number(1 - decay)}), {slot} * fill({number(decay)}));"


def _sgd(o: Sgd) -> Rule:
    if not o.momentum:
        return Rule((), "u = g * fill(factor[0]);")
    keep = f"fill({number(o.momentum)})"
    move = f"s0 = s0 * {keep} - g * fill(factor[0]);"
    ahead = f"u = g * fill(factor[0]) - s0 * {keep};" if o.nesterov else "u = -s0;"
    return Rule(("momentum",), f"{move}\n{ahead}")


def _adam(o: Adam) -> Rule:
    means = f"{_mean('s0', 'g', o.beta_1)}\n{_mean('s1', 'g * g', o.beta_2)}"
    slots: tuple[str, ...] = ("momentum", "velocity")
    last = "s1"
    if o.amsgrad:
        slots, last = (*slots, "velocity_hat"), "s2"
        means += "\ns2 = max16(s2, s1);"

    def factors(step: "np.ndarray", rate: "np.ndarray") -> "list[np.ndarray]":
        return [rate * (1 - o.beta_2**step) ** 0.5 / (1 - o.beta_1**step)]

    end = f"u = s0 * fill(factor[0]) / (root16({last}) + fill({number(o.epsilon)}));"
    return Rule(slots, f"{means}\n{end}", factors)


def _nadam(o: Nadam) -> Rule:
    def factors(step: "np.ndarray", rate: "np.ndarray") -> "list[np.ndarray]":
        import numpy as np

        counted = np.arange(1, step[-1] + 1, dtype=np.float64)
        product = np.cumprod(o.beta_1 * (1 - 0.5 * 0.96**counted))[-len(step) :]
        now, then = (o.beta_1 * (1 - 0.5 * 0.96 ** (step + n)) for n in (0, 1))
        ahead, by_gradient = then / (1 - product * then), (1 - now) / (1 - product)
        return [rate, ahead, by_gradient, 1 / (1 - o.beta_2**step)]

    text = (
        f"{_mean('s0', 'g', o.beta_1)}\n{_mean('s1', 'g * g', o.beta_2)}\n"
        "u = fma16(s0, fill(factor[1]), g * fill(factor[2])) * fill(factor[0])\n"
        f"    / (root16(s1 * fill(factor[3])) + fill({number(o.epsilon)}));"
    )
    return Rule(("momentum", "velocity"), text, factors)


def _adamax(o: Adamax) -> Rule:
    text = (
        f"{_mean('s0', 'g', o.beta_1)}\n"
        f"s1 = max16(s1 * fill({number(o.beta_2)}), abs16(g));\n"
        f"u = s0 * fill(factor[0]) / (s1 + fill({number(o.epsilon)}));"
    )
    return Rule(("momentum", "norm"), text, lambda step, rate: [rate / (1 - o.beta_1**step)])


def _lamb(o: Lamb) -> Rule:
    text = (
        f"{_mean('s0', 'g', o.beta_1)}\n{_mean('s1', 'g * g', o.beta_2)}\n"
        "u = s0 * fill(factor[1])\n"
        f"    / (root16(s1 * fill(factor[2])) + fill({number(o.epsilon)}));"
    )

    def factors(step: "np.ndarray", rate: "np.ndarray") -> "list[np.ndarray]":
        return [rate, 1 / (1 - o.beta_1**step), 1 / (1 - o.beta_2**step)]

    return Rule(("momentum", "velocity"), text, factors, by_norm=True)


def _rmsprop(o: RmsProp) -> Rule:
    lines, slots = [_blend("s0", "g * g", o.rho)], ["velocity"]
    under = f"s0 + fill({number(o.epsilon)})"
    if o.momentum > 0:
        slots.append("momentum")
    if o.centered:
        at = f"s{len(slots)}"
        slots.append("average_gradient")
        lines.append(_blend(at, "g", o.rho))
        under = f"s0 - {at} * {at} + fill({number(o.epsilon)})"
    lines.append(f"u = g * fill(factor[0]) / root16({under});")
    if o.momentum > 0:
        lines.append(f"s1 = fma16(s1, fill({number(o.momentum)}), u);\nu = s1;")
    return Rule(tuple(slots), "\n".join(lines))


def _adagrad(o: Adagrad) -> Rule:
    text = f"s0 = fma16(g, g, s0);\nu = g * fill(factor[0]) / root16(s0 + fill({_eps(o)}));"
    return Rule(("accumulator",), text, start=0.1)


def _adadelta(o: Adadelta) -> Rule:
    text = (
        f"{_blend('s0', 'g * g', o.rho)}\n"
        f"V d = root16(s1 + fill({_eps(o)})) * g / root16(s0 + fill({_eps(o)}));\n"
        f"{_blend('s1', 'd * d', o.rho)}\n"
        "u = d * fill(factor[0]);"
    )
    return Rule(("accumulated_grad", "accumulated_delta_var"), text)


def _eps(o: Any) -> str:
    return number(o.epsilon)


def _lion(o: Lion) -> Rule:
    text = (
        f"V c = fma16(g, fill({number(1 - o.beta_1)}), s0 * fill({number(o.beta_1)}));\n"
        "u = keep(above(c, fill(0)), fill(factor[0])) - keep(below(c, fill(0)), fill(factor[0]));\n"
        f"{_blend('s0', 'g', o.beta_2)}"
    )
    return Rule(("momentum",), text)


RULES: dict[type[Optimizer], Callable[[Any], Rule]] = {
    Sgd: _sgd,
    Adam: _adam,
    AdamW: _adam,
    Nadam: _nadam,
    Adamax: _adamax,
    Lamb: _lamb,
    RmsProp: _rmsprop,
    Adagrad: _adagrad,
    Adadelta: _adadelta,
    Lion: _lion,
}
"""What makes the rule of each optimizer."""


def rule(optimizer: Optimizer) -> Rule:
    """Returns how an optimizer moves a weight."""
    return RULES[type(optimizer)](optimizer)
