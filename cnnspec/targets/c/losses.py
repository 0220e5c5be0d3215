"""Losses as C: what an image's outputs cost, and the gradient, with Keras's definitions.

The texts have the outputs `y` of one block (`classes` of them, from the last operation),
the wanted share `wanted(k)` of each class, and `by`, what an image counts divided by the
images of the batch. They set `loss` of each image and the gradient `d`.

Behind a softmax the crossentropy is that of the logits `x`, and behind a sigmoid the binary
one is, as Keras does in a compiled step: nothing is lost where a probability is near 0.
"""

from collections.abc import Callable
from typing import Any

from cnnspec.core.record import Record
from cnnspec.ir.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Focal,
    Loss,
    MeanSquaredError,
    Poisson,
)
from cnnspec.operations.base import Operation
from cnnspec.operations.values import Map, Softmax
from cnnspec.targets.c.text import loop, number

_EPSILON = f"fill({number(1e-7)})"
_INSIDE = f"at_least({{0}}, {_EPSILON}) & at_most({{0}}, fill({number(1 - 1e-7)}))"
_CLIP = f"min16(max16({{}}, {_EPSILON}), fill({number(1 - 1e-7)}))"


class LossText(Record):
    """A loss as text. `of_logits` says that `d` is that of what the last operation takes."""

    text: str
    of_logits: bool = False


def _of_softmax(classes: int) -> str:
    return "\n".join(
        (
            "V most = x[0], sum = fill(0);",
            loop("k", classes, "most = max16(most, x[k]);"),
            loop("k", classes, "sum += exp16(x[k] - most);"),
            "V whole = most + log16(sum);",
            loop(
                "k",
                classes,
                "V t = wanted(k);",
                "loss = fma16(t, whole - x[k], loss);",
                "d[k] = (y[k] - t) * by;",
            ),
        )
    )


def _of_sigmoid(classes: int) -> str:
    share = f"fill({number(1 / classes)})"
    return loop(
        "k",
        classes,
        "V t = wanted(k), near = log16(fill(1) + exp16((V)((I)x[k] | fill_int(INT32_MIN))));",
        f"loss = fma16(max16(x[k], fill(0)) - x[k] * t + near, {share}, loss);",
        f"d[k] = (y[k] - t) * by * {share};",
    )


def _normalized(classes: int, cost: str, slope: str) -> str:
    """A loss of probabilities that are divided by their sum first, then kept from 0 and 1."""
    clipped = f"V s = y[k] / sum, q = {_CLIP.format('s')}, t = wanted(k);"
    return "\n".join(
        (
            "V sum = fill(0), along = fill(0);",
            loop("k", classes, "sum += y[k];"),
            loop(
                "k",
                classes,
                clipped,
                f"loss += {cost};",
                f"V g = keep({_INSIDE.format('s')}, {slope});",
                "along = fma16(g, s, along);",
                "d[k] = g;",
            ),
            loop("k", classes, "d[k] = (d[k] - along) / sum * by;"),
        )
    )


def _categorical(loss: CategoricalCrossentropy, classes: int, last: Operation) -> LossText:
    if isinstance(last, Softmax):
        return LossText(_of_softmax(classes), True)
    return LossText(_normalized(classes, "-t * log16(q)", "-t / q"))


def _binary(loss: BinaryCrossentropy, classes: int, last: Operation) -> LossText:
    if isinstance(last, Map) and last.function.name == "sigmoid":
        return LossText(_of_sigmoid(classes), True)
    share = f"fill({number(1 / classes)})"
    return LossText(
        loop(
            "k",
            classes,
            f"V p = y[k], q = {_CLIP.format('p')}, t = wanted(k), rest = fill(1) - q;",
            f"loss -= (t * log16(q) + (fill(1) - t) * log16(rest)) * {share};",
            "V g = (fill(1) - t) / rest - t / q;",
            f"d[k] = keep({_INSIDE.format('p')}, g) * by * {share};",
        )
    )


def _focal(loss: Focal, classes: int, last: Operation) -> LossText:
    alpha, gamma = f"fill({number(loss.alpha)})", loss.gamma
    power = f"power16(fill(1) - q, {number(gamma)})"
    cost = f"-t * log16(q) * {alpha} * {power}"
    lower = f"fill({number(gamma)}) * power16(fill(1) - q, {number(gamma - 1)}) * log16(q)"
    slope = f"t * {alpha} * ({lower} - {power} / q)" if gamma else f"-t * {alpha} / q"
    return LossText(_normalized(classes, cost, slope))


def _poisson(loss: Poisson, classes: int, last: Operation) -> LossText:
    share = f"fill({number(1 / classes)})"
    return LossText(
        loop(
            "k",
            classes,
            f"V t = wanted(k), p = y[k] + {_EPSILON};",
            f"loss += (y[k] - t * log16(p)) * {share};",
            f"d[k] = (fill(1) - t / p) * by * {share};",
        )
    )


def _squared(loss: MeanSquaredError, classes: int, last: Operation) -> LossText:
    return LossText(
        loop(
            "k",
            classes,
            "V away = y[k] - wanted(k);",
            f"loss = fma16(away * away, fill({number(1 / classes)}), loss);",
            f"d[k] = away * by * fill({number(2 / classes)});",
        )
    )


TEXTS: dict[type[Loss], Callable[[Any, int, Operation], LossText]] = {
    CategoricalCrossentropy: _categorical,
    BinaryCrossentropy: _binary,
    Focal: _focal,
    Poisson: _poisson,
    MeanSquaredError: _squared,
}
"""What makes the text of each loss."""


def loss_text(loss: Loss, classes: int, last: Operation) -> LossText:
    """Returns the text of a loss behind the operation that gives the outputs."""
    return TEXTS[type(loss)](loss, classes, last)


def targets(loss: Loss, classes: int) -> tuple[float, float]:
    """Returns what is wanted of the class of an image and of any other one."""
    smooth = getattr(loss, "label_smoothing", 0.0)
    # Keras smooths towards a half for the binary crossentropy.
    rest = smooth / 2 if isinstance(loss, BinaryCrossentropy) else smooth / classes
    return 1 - smooth + rest, rest
