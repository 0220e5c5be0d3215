"""The `augment` setting as Keras layers."""

from cnnspec.core.shapes import Image
from cnnspec.ir.augmentation import Augment
from cnnspec.targets.keras.objects import Keras

FILLS = {"background": "constant", "nearest": "nearest", "reflect": "reflect"}
"""What fills the area outside of an image, and Keras's word for it."""


def augmentation(augment: Augment, shape: Image) -> list[Keras]:
    """The Keras layers for images of a shape, in the order in which they work."""
    found: list[Keras] = []

    def add(name: str, **arguments: object) -> None:
        found.append(Keras(f"layers.{name}", arguments, seeded=True))

    filled = {"fill_mode": FILLS[augment.fill], "fill_value": 0.0}
    # Keras's `horizontal_and_vertical` does both or neither.
    for mode in ("horizontal", "vertical"):
        if augment.flip in (mode, "both"):
            add("RandomFlip", mode=mode)
    if augment.crop:
        # Keras's `RandomCrop` cuts all images of a batch alike. Moving each image to the nearest of
        # 2 * crop + 1 pixels makes an independent cut for each.
        sides = [(augment.crop + 0.49) / side for side in (shape.height, shape.width)]
        add("RandomTranslation", **_sides(sides), **filled, interpolation="nearest")
    if augment.shift:
        add("RandomTranslation", **_sides([augment.shift] * 2), **filled)
    if augment.rotate:
        add("RandomRotation", factor=augment.rotate / 360, **filled)
    if augment.shear:
        add("RandomShear", x_factor=augment.shear, y_factor=augment.shear, **filled)
    if augment.zoom:
        # With one factor the image keeps its proportions.
        add("RandomZoom", height_factor=augment.zoom, **filled)
    if augment.erase:
        # A single number would be drawn from 0 up to it.
        probability = (augment.erase, augment.erase)
        add("RandomErasing", factor=probability, fill_value=0.0, value_range=(0, 1))
    if augment.noise:
        add("GaussianNoise", stddev=augment.noise)
    return found


def _sides(factors: list[float]) -> dict[str, float]:
    return dict(zip(("height_factor", "width_factor"), factors, strict=True))
