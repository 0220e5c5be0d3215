"""Ink and ground, on pages made for the purpose."""

import numpy as np
import pytest

from cnnspec.datasets.ink import bright_ground, find_ink, grown, labelled

PAPER, INK = 235.0, 40.0


def page(paper: float = PAPER, ink: float = INK, size: tuple[int, int] = (300, 400)) -> np.ndarray:
    """A page with a bar of 20x120 pixels, float (h, w, 3)."""
    pixels = np.full((*size, 3), paper)
    pixels[140:160, 150:270] = ink
    return pixels


def grain(pixels: np.ndarray, by: float = 4) -> np.ndarray:
    return np.clip(pixels + np.random.default_rng(0).normal(0, by, pixels.shape), 0, 255)


@pytest.mark.parametrize(
    ("paper", "ink", "bright"),
    [(235, 40, True), (90, 20, True), (20, 230, False), (60, 200, False), (200, 250, False)],
)
def test_the_border_tells_the_ground_whatever_its_brightness(paper, ink, bright):
    pixels = grain(page(paper, ink))
    assert bright_ground(pixels) == bright
    found = find_ink(pixels)
    assert found is not None
    rows, columns = np.nonzero(found.mask)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (140, 159, 150, 269)


@pytest.mark.parametrize("slant", [0, 0.5, 1, 3])
def test_the_edge_of_a_shadow_across_the_drawing_is_no_ink(slant):
    y, x = np.mgrid[0:300, 0:400]
    shadow = np.where(x + slant * (y - 150) > 210, 0.5, 1)[..., None]
    found = find_ink(grain(page() * shadow, 2))
    assert found is not None
    assert found.bright_ground
    assert found.uneven
    assert found.sole
    bar = np.zeros((300, 400), bool)
    bar[140:160, 150:270] = True
    assert (found.mask & ~bar).mean() < 2e-3
    assert (found.mask & bar).sum() > 0.9 * bar.sum()


def test_lines_specks_and_the_table_beyond_the_sheet_are_no_ink():
    pixels = page()
    pixels[20::50] = (180, 200, 235)
    pixels[250:253, 60:63] = INK
    pixels[:, 385:] = 60
    found = find_ink(grain(pixels))
    assert found is not None
    rows, columns = np.nonzero(found.mask)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (140, 159, 150, 269)


def test_several_strokes_belong_together():
    pixels = page()
    pixels[90:102, 180:240] = INK
    found = find_ink(pixels)
    assert found is not None
    assert found.mask.sum() == 20 * 120 + 12 * 60


def test_blue_and_red_ink_are_ink():
    for ink in ((40, 60, 200), (210, 40, 40)):
        pixels = page()
        pixels[140:160, 150:270] = ink
        found = find_ink(pixels)
        assert found is not None
        assert found.mask.sum() == 20 * 120


def test_a_blank_page_has_none():
    assert find_ink(np.full((50, 60, 3), 200.0)) is None
    assert find_ink(grain(np.full((50, 60, 3), 200.0), 1)) is None


def test_a_scene_is_not_ground_and_ink_alone():
    y, x = np.mgrid[0:200, 0:300]
    waves = 128 + 100 * np.sin(x / 23) * np.cos(y / 17)
    found = find_ink(np.repeat(waves[..., None], 3, axis=2))
    assert found is None or not found.sole


def flooded(mask: np.ndarray) -> int:
    """How many parts a mask has, by filling one after another."""
    left = {tuple(place) for place in np.argwhere(mask).tolist()}
    count = 0
    while left:
        count += 1
        edge = [left.pop()]
        while edge:
            y, x = edge.pop()
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            edge += near
    return count


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
def test_parts_are_those_that_filling_finds(share):
    random = np.random.default_rng(0)
    for _ in range(5):
        mask = random.random((40, 50)) < share
        parts = labelled(mask)
        assert (parts > 0).tolist() == mask.tolist()
        assert parts.max() == flooded(mask)
        for part in range(1, parts.max() + 1):
            assert flooded(parts == part) == 1


def test_growing_is_nearly_a_disc():
    point = np.zeros((21, 21))
    point[10, 10] = 1
    disc = grown(point, 8) > 0
    y, x = np.mgrid[-10:11, -10:11]
    assert disc[np.hypot(x, y) <= 6].all()
    assert not disc[np.hypot(x, y) > 10].any()
