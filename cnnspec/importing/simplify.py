"""Steps as a person would write them: no idle ones, no arithmetic, one word for two steps.

Every rewrite keeps what the network computes.
"""

import numpy as np

from cnnspec.core.record import Record
from cnnspec.core.shapes import Shape
from cnnspec.importing.learned import learned, whole_norm
from cnnspec.importing.steps import Affine, Step, Steps, alone, used
from cnnspec.layers.activations import ACTIVATION_LAYERS, Activation, LeakyRelu
from cnnspec.layers.geometry import Reshape
from cnnspec.layers.normalization import BatchNorm
from cnnspec.layers.pooling import GlobalPooling
from cnnspec.layers.weighted import ACTIVATIONS, Weighted

RAW = 255.0
"""White, of pixels as files have them; a spec's network gets them divided by it."""

_EPSILON = 1e-7
"""Added to the variances that stand for factors, which take it into account."""
_WIDEST = 50.0
"""How far black and white are apart at most behind the scaling that a model begins with.

A model that would take pixels up to 255 further apart than this takes them from 0 to 1.
"""


class Simplified(Record):
    """The steps that are left, the key of the output, and what the model takes pixels to be."""

    steps: Steps
    output: str
    pixels: tuple[float, float]


def simplify(
    steps: Steps,
    output: str,
    shapes: dict[str, Shape],
    pixels: tuple[float, float] | None = None,
) -> Simplified:
    """Returns the steps of a network without those that are not layers.

    `pixels` are black and white as the model takes them. By default they are 0 and 255 where it
    begins with a scaling of its own to small numbers, else 0 and 1, as a spec's network takes them.
    """
    steps, output = _without_idle(steps, output)
    steps = _hard_sigmoids(steps, output)
    steps = learned(steps, output)
    steps, output = _without_idle(steps, output)
    steps, pixels = _scaled_input(steps, output, shapes, pixels)
    steps, output = _without_idle(steps, output)
    steps = _normalized(steps, shapes)
    steps, output = _kept_pixels(steps, output)
    steps, output = _with_functions(steps, output)
    return Simplified(steps, output, pixels)


def _without_idle(steps: Steps, output: str) -> tuple[Steps, str]:
    """The steps but those that change nothing, whose users take what they take."""
    stands_for: dict[str, str] = {}
    found: Steps = {}
    for key, step in steps.items():
        inputs = tuple(stands_for.get(source, source) for source in step.inputs)
        if inputs and not step.layer and not step.affine:
            stands_for[key] = inputs[0]
        else:
            found[key] = step.replace(inputs=inputs)
    return found, stands_for.get(output, output)


def _hard_sigmoids(steps: Steps, output: str) -> Steps:
    """Writes relu6(x + 3) / 6 as the function that it is, as MobileNetV3 in Keras has it."""
    users = used(steps, output)
    found = dict(steps)
    for key, step in steps.items():
        clipped = alone(users, found, key) if _is_affine(step, 1, 3) else None
        if clipped is None or clipped.layer != ACTIVATION_LAYERS["relu6"]():
            continue
        divided = alone(users, found, clipped.key)
        if divided is not None and _is_affine(divided, 1 / 6, 0):
            found[key] = step.replace(affine=None)
            found[clipped.key] = clipped.replace(layer=None)
            sigmoid = ACTIVATION_LAYERS["hard_sigmoid"]()
            found[divided.key] = divided.replace(layer=sigmoid, affine=None)
    return _without_idle(found, output)[0]


def _is_affine(step: Step, factor: float, offset: float) -> bool:
    return step.affine is not None and step.affine.is_number(factor, offset)


def _scaled_input(
    steps: Steps, output: str, shapes: dict[str, Shape], pixels: tuple[float, float] | None
) -> tuple[Steps, tuple[float, float]]:
    """Makes the network take pixels from 0 to 1, whatever the model takes.

    Scalings that the input alone goes through are taken together with that; what is left of
    them, if anything, stays as one.
    """
    first = next(iter(steps))
    users = used(steps, output)
    found = dict(steps)
    at, whole = first, Affine(1.0, 0.0)
    while (step := alone(users, found, at)) is not None and step.affine:
        whole = whole.then(step.affine)
        found[step.key] = step.replace(affine=None)
        at = step.key
    raw = at != first and RAW * float(np.max(np.abs(whole.factor))) <= _WIDEST
    low, high = pixels or ((0.0, RAW) if raw else (0.0, 1.0))
    scaled = Affine(high - low, low).then(whole)
    if scaled.is_number(1, 0):
        return found, (low, high)
    if at != first:
        found[at] = found[at].replace(affine=scaled)
        return found, (low, high)
    key = f"{first}/scaled"
    shapes[key] = shapes[first]
    made = Step(key, "scaled", None, (first,), affine=scaled)
    rest = {
        other: step.replace(inputs=tuple(key if each == first else each for each in step.inputs))
        for other, step in steps.items()
        if other != first
    }
    return {first: steps[first], key: made, **rest}, (low, high)


def _normalized(steps: Steps, shapes: dict[str, Shape]) -> Steps:
    """Writes a factor and an offset as batch norm without either, by its mean and variance."""
    found = dict(steps)
    for key, step in steps.items():
        if step.affine is None:
            continue
        channels = shapes[key].dims[-1]
        factor = np.broadcast_to(step.affine.factor, (channels,)).astype(float)
        offset = np.broadcast_to(step.affine.offset, (channels,)).astype(float)
        if step.affine.learned or (factor <= 0).any():
            found[key] = whole_norm(step, factor, offset)
            continue
        variance = 1 / factor**2 - _EPSILON
        arrays = tuple(each.astype(np.float32) for each in (-offset / factor, variance))
        norm = BatchNorm(center=False, scale=False, epsilon=_EPSILON)
        found[key] = step.replace(layer=norm, affine=None, owner=key, arrays=arrays)
    return found


def _kept_pixels(steps: Steps, output: str) -> tuple[Steps, str]:
    """Writes a global pooling and a reshape to one pixel as `gap keep`."""
    users = used(steps, output)
    found = dict(steps)
    for key, step in steps.items():
        after = alone(users, found, key)
        if not isinstance(step.layer, GlobalPooling) or after is None:
            continue
        shape = after.layer.shape if isinstance(after.layer, Reshape) else ()
        if not step.layer.keep and shape[:2] == (1, 1):
            found[key] = step.replace(layer=step.layer.replace(keep=True))
            found[after.key] = after.replace(layer=None)
    return _without_idle(found, output)


def _function(step: Step) -> str:
    """The word that a layer with a kernel ends with in the place of an activation of its own."""
    layer = step.layer
    if isinstance(layer, Activation) and layer.word in ACTIVATIONS:
        plain = layer == type(layer)() if not isinstance(layer, LeakyRelu) else layer.slope == 0.2
        return layer.word if plain else ""
    return ""


def _with_functions(steps: Steps, output: str) -> tuple[Steps, str]:
    """Writes an activation after a layer with a kernel as the end of that layer."""
    users = used(steps, output)
    found = dict(steps)
    shared = [step.owner for step in steps.values() if step.owner]
    for key, step in steps.items():
        after = alone(users, found, key)
        layer = step.layer
        if not isinstance(layer, Weighted) or layer.activation != "linear" or after is None:
            continue
        if key == output or shared.count(step.owner) > 1 or not _function(after):
            continue
        found[key] = step.replace(layer=layer.replace(activation=_function(after)))
        found[after.key] = after.replace(layer=None)
    return _without_idle(found, output)
