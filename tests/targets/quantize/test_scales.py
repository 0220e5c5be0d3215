"""Scales, fixed-point factors and single operations in int8, by hand."""

import numpy as np
import pytest

from cnnspec.program.build import Scale, build_program
from cnnspec.program.inference import integer_program
from cnnspec.targets.quantize.calibrate import calibrate
from cnnspec.targets.quantize.fixed import integer_shares, multipliers, narrow_shift, rescale
from cnnspec.targets.quantize.ranges import Seen, least_squares, percentile, whole
from cnnspec.targets.quantize.run import quantized
from cnnspec.targets.quantize.scales import PIXELS, SHARES, scale_of, scales_of
from tests.program.networks import checked, weights


@pytest.mark.parametrize(
    ("low", "high", "zero"),
    [(0, 255, -128), (-255, 0, 127), (-128, 127, 0), (3, 255, -128), (-1, -0.5, 127)],
)
def test_zero_is_an_integer_whatever_the_range(low, high, zero):
    scale = scale_of(low, high)
    assert scale.zero_point == zero
    assert scale.factor == pytest.approx((max(high, 0) - min(low, 0)) / 255)


def test_range_without_width_gives_a_scale():
    assert scale_of(0.0, 0.0) == Scale(1.0, -128)


@pytest.mark.parametrize("factor", [0.75, 0.001, 1e-7, 3.0, 1000.0])
def test_factors_are_right_to_thirty_bits(factor):
    (whole_number,), shift = multipliers(np.array([factor]))
    assert whole_number < 2**31
    assert whole_number / 2.0**shift == pytest.approx(factor, rel=1e-6)


def test_factors_of_channels_share_a_power_of_two():
    found, shift = multipliers(np.array([0.5, 0.001]))
    assert found[0] == 2**30
    assert shift == 31
    assert found[1] / 2.0**shift == pytest.approx(0.001, rel=1e-6)


def test_rescale_rounds_to_the_nearest_halves_up():
    sums = np.array([-3, -2, -1, 0, 1, 2, 3])
    assert rescale(sums, 1, 1).tolist() == [-1, -1, 0, 0, 1, 1, 2]


def test_narrow_shift_keeps_within_32_bits():
    for bound in (1.0, 255.0, 1e5):
        assert bound * 2 ** narrow_shift(bound) < 2**30


def test_shares_sum_to_their_power_of_two():
    found = integer_shares(np.array([[1 / 3, 1 / 3, 1 / 3], [-0.1, 0.6, 0.5]]))
    assert found.sum(1).tolist() == [2048, 2048]


def test_image_and_softmax_have_scales_of_their_own():
    program = integer_program(checked("pool 2; conv 4x3; dense 10 softmax").graph)
    scales = scales_of(program, [(-5.0, 7.0)] * len(program.steps))
    kinds = [type(step.operation).__name__ for step in program.steps]
    # Pooling takes the scale of the pixels over.
    assert scales[kinds.index("Pool")] == scales[0] == PIXELS
    assert scales[program.output] == SHARES


def test_branches_of_a_concatenation_have_one_scale():
    program = integer_program(
        checked(
            "conv 4x3; concat { branch { conv 4x1 }\n branch { conv 4x1; pool 3 same stride=1 } }\n"
            "dense 10"
        ).graph
    )
    ranges = [(0.0, float(n + 1)) for n in range(len(program.steps))]
    scales = scales_of(program, ranges)
    (joined,) = (step for step in program.steps if type(step.operation).__name__ == "Concatenate")
    sources = {scales[source] for source in joined.inputs}
    assert sources == {scales[program.steps.index(joined)]}


def seen(values, bins=2048):
    counts, _ = np.histogram(values, bins)
    return Seen(float(values.min()), float(values.max()), counts)


def test_ways_to_choose_a_range():
    values = np.concatenate([np.random.default_rng(1).normal(0, 1, 100_000), [40.0]])
    given = seen(values)
    assert whole(given) == (values.min(), 40.0)
    low, high = percentile(0.999)(given)
    # 99.9 % of a normal distribution are within 3.29 deviations; a bin is 0.022 wide.
    assert (low, high) == (pytest.approx(-3.29, abs=0.15), pytest.approx(3.29, abs=0.15))
    # One number in a million is not worth a grain ten times as wide: the error of rounding is
    # grain^2 / 12 each, 2,500 in all, and that of cutting 40 off at 20 is 400.
    rare = given.replace(counts=np.where(given.counts > 1, given.counts * 10, given.counts))
    assert least_squares(rare)[1] < 25


def test_a_dense_layer_by_hand():
    # Two pixels and two units; every scale is exact in binary.
    spec = checked("input 1x2x1; classes 2; flatten; dense 2")
    program = integer_program(spec.graph)
    kernel = np.array([[127 / 64, 0.0], [-127 / 64, 1.0]])
    given = {"dense/kernel": kernel, "dense/bias": np.array([0.5, 0.0])}
    integer = quantized(program, given, [(0, 1), (0, 1), (-2.0, 1.984375)])
    assert integer.scales[-1] == Scale(1 / 64, 0)
    images = np.array([[255, 0], [0, 255], [255, 255], [128, 0]], np.uint8).reshape(4, 1, 2, 1)
    # In 64ths: 127 x0 - 127 x1 + 32 and 64 x1, limited to -128 and 127.
    right = [[127, 0], [-95, 64], [32, 64], [round(127 * 128 / 255 + 32), 0]]
    assert integer.predict(images).tolist() == right


def test_calibration_chooses_the_nearest_and_says_how():
    spec = checked("conv 4x3 relu; pool 4; dense 10 softmax")
    images = np.random.default_rng(1).integers(0, 256, (80, 28, 28, 1), np.uint8)
    given = weights(build_program(spec.graph), 1)
    found = calibrate(integer_program(spec.graph), given, images[:40], images[40:])
    assert found.errors[found.method] == min(found.errors.values())
    assert found.errors[found.method] < 1e-3
