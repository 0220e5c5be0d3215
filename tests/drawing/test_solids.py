"""Blocks follow the shapes, and every one can be seen."""

import pytest

from cnnspec.core.shapes import Image, Vector
from cnnspec.drawing.solids import Scale

SCALE = Scale([Image(28, 28, 1), Vector(1024)])


def test_height_follows_rows_depth_columns_and_length_channels():
    small, tall, wide, long = (
        SCALE.solid(image)
        for image in (Image(7, 7, 8), Image(14, 7, 8), Image(7, 14, 8), Image(7, 7, 16))
    )
    assert tall.height > small.height
    assert (tall.up, tall.length) == (small.up, small.length)
    assert wide.right > small.right
    assert (wide.height, wide.length) == (small.height, small.length)
    assert long.length > small.length
    assert (long.height, long.up) == (small.height, small.up)


def test_a_bar_is_as_high_as_its_vector_is_long():
    heights = [SCALE.solid(Vector(units)).height for units in (1, 10, 84, 120, 1024)]
    assert heights == sorted(set(heights))


@pytest.mark.parametrize(
    "shape", [Image(1, 1, 1), Image(1, 10**9, 1), Vector(1), Image(1, 1, 10**6)]
)
def test_everything_can_be_seen_and_fits(shape):
    solid = Scale([shape, Image(1, 10**9, 10**6), Vector(10**9)]).solid(shape)
    assert 5 <= solid.height <= 100
    assert 5 <= solid.length <= 70
    assert 2 <= solid.right <= 40
    assert 2 <= solid.up <= solid.height


def test_few_channels_are_planes_and_a_concatenation_shows_its_branches():
    assert len(SCALE.solid(Image(28, 28, 6)).planes) == 5
    assert SCALE.solid(Image(28, 28, 64)).planes == ()
    assert SCALE.solid(Image(7, 7, 64), (16, 48)).planes == (0.25,)
    assert SCALE.solid(Image(7, 7, 64), (1,) * 64).planes == ()


def test_a_layer_that_changes_values_only_is_thin():
    image = Image(14, 14, 64)
    assert SCALE.slab(image).length < SCALE.solid(image).length
    assert SCALE.slab(image).height == SCALE.solid(image).height
