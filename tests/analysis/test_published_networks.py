"""Networks in their published form: `tests/published/` against the counts of their papers.

Parameters are those of keras.applications and torchvision; the specs say where the two differ.
Multiply-accumulates are worked out here from the tables of the papers, layer by layer.
"""

from collections.abc import Iterator

import pytest

from cnnspec.analysis.check import CheckedSpec, check
from cnnspec.core.source import Source
from tests.support.paths import ROOT

FOLDER = ROOT / "tests" / "published"
PUBLISHED = sorted(FOLDER.glob("*.cnn"))


def checked(name: str) -> CheckedSpec:
    path = FOLDER / f"{name}.cnn"
    return check(Source(path.name, path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_network_is_right_without_a_warning(path) -> None:
    result = checked(path.stem)
    assert [problem.message for problem in result.problems] == []
    assert str(check(Source("again", str(result.spec))).spec) == str(result.spec)


# keras.applications 3.15 (`count_params` and its trainable part) and torchvision 0.24.
# EfficientNet-B0 has seven more there: see its spec.
@pytest.mark.parametrize(
    ("name", "params", "trainable"),
    [
        ("resnet50_keras", 25_636_712, 25_583_592),
        ("resnet50", 25_557_032 + 2 * 26_560, 25_557_032),
        ("densenet121", 8_062_504, 7_978_856),
        ("mobilenetv2", 3_538_984, 3_504_872),
        ("efficientnetb0", 5_330_571 - 7, 5_288_548),
        ("shufflenetv2", 2_278_604 + 2 * 8_090, 2_278_604),
    ],
)
def test_parameters_are_those_of_the_implementation(name, params, trainable) -> None:
    totals = checked(name).totals
    assert totals is not None
    assert (totals.params, totals.trainable) == (params, trainable)


def bottlenecks(strided_first: bool) -> Iterator[int]:
    """The convolutions of ResNet-50 (He et al. 2016, table 1)."""
    yield 112 * 112 * 49 * 3 * 64
    side, channels = 56, 64
    for filters, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(blocks):
            before, side = side, side // 2 if block == 0 and filters > 64 else side
            yield (side if strided_first else before) ** 2 * channels * filters
            yield side**2 * 9 * filters**2
            yield side**2 * filters * 4 * filters
            if block == 0:
                yield side**2 * channels * 4 * filters
            channels = 4 * filters
    yield 2048 * 1000


def dense_blocks() -> Iterator[int]:
    """The convolutions of DenseNet-121 (Huang et al. 2017, table 1)."""
    yield 112 * 112 * 49 * 3 * 64
    side, channels = 56, 64
    for layers in (6, 12, 24, 16):
        for _ in range(layers):
            yield side**2 * (channels * 128 + 9 * 128 * 32)
            channels += 32
        if layers != 16:
            yield side**2 * channels * channels // 2
            side, channels = side // 2, channels // 2
    yield 1024 * 1000


def inverted(
    rows: tuple[tuple[int, ...], ...], first: int, last: int, excite: bool
) -> Iterator[int]:
    """Inverted residuals: (expansion, kernel, channels, blocks, stride) of each row."""
    side, channels = 112, first
    yield side**2 * 27 * first
    for expansion, kernel, filters, blocks, stride in rows:
        for block in range(blocks):
            inner = expansion * channels
            if expansion > 1:
                yield side**2 * channels * inner
            side //= stride if block == 0 else 1
            yield side**2 * kernel**2 * inner
            if excite:
                yield 2 * inner * (channels // 4)
            yield side**2 * inner * filters
            channels = filters
    yield side**2 * channels * last + last * 1000


# Sandler et al. 2018, table 2; Tan and Le 2019, table 1.
MOBILE = (
    *((1, 3, 16, 1, 1), (6, 3, 24, 2, 2), (6, 3, 32, 3, 2), (6, 3, 64, 4, 2)),
    *((6, 3, 96, 3, 1), (6, 3, 160, 3, 2), (6, 3, 320, 1, 1)),
)
EFFICIENT = (
    *((1, 3, 16, 1, 1), (6, 3, 24, 2, 2), (6, 5, 40, 2, 2), (6, 3, 80, 3, 2)),
    *((6, 5, 112, 3, 1), (6, 5, 192, 4, 2), (6, 3, 320, 1, 1)),
)


def shuffled() -> Iterator[int]:
    """ShuffleNetV2 x1.0 (Ma et al. 2018, table 5)."""
    yield 112 * 112 * 27 * 24
    side, channels = 56, 24
    for half, units in ((58, 4), (116, 8), (232, 4)):
        yield side**2 * channels * half
        side //= 2
        yield side**2 * (9 * channels + channels * half + 9 * half + half * half)
        for _ in range(units - 1):
            yield side**2 * (2 * half * half + 9 * half)
        channels = 2 * half
    yield side**2 * channels * 1024 + 1024 * 1000


# The last number is what others print of these implementations.
@pytest.mark.parametrize(
    ("name", "layers", "rounded"),
    [
        ("resnet50_keras", bottlenecks(strided_first=True), 3.86e9),
        ("resnet50", bottlenecks(strided_first=False), 4.09e9),
        ("densenet121", dense_blocks(), 2.83e9),
        ("mobilenetv2", inverted(MOBILE, 32, 1280, excite=False), 0.301e9),
        ("efficientnetb0", inverted(EFFICIENT, 32, 1280, excite=True), 0.386e9),
        ("shufflenetv2", shuffled(), 0.145e9),
    ],
)
def test_multiply_accumulates_are_those_of_the_tables(name, layers, rounded) -> None:
    totals = checked(name).totals
    assert totals is not None
    assert totals.macs == sum(layers)
    assert totals.macs == pytest.approx(rounded, rel=0.005)


def test_resnet_50_ends_in_49_places_of_2048_channels() -> None:
    calls = {call.name: call for call in checked("resnet50").layers}
    assert calls["conv"].output_shape.dims == (112, 112, 64)
    assert calls["pool"].output_shape.dims == (56, 56, 64)
    assert calls["gap"].input_shape.dims == (7, 7, 2048)
