"""Every schedule against hand-worked rates, and against Keras's own where there is one."""

from math import cos, pi

import pytest

from cnnspec.ir.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    Plateau,
    Schedule,
    Step,
)


def every(schedule: Schedule, steps: int, epochs: int, base: float) -> list[float]:
    """The rates of a whole training."""
    return [r for epoch in range(1, epochs + 1) for r in schedule.rates(epoch, steps, epochs, base)]


@pytest.mark.parametrize("cls", SCHEDULES.values(), ids=lambda cls: cls.word)
@pytest.mark.parametrize(("steps", "epochs"), [(1, 1), (1, 2), (7, 1), (5, 12)])
def test_there_is_a_rate_for_every_step_and_none_above_the_learning_rate(cls, steps, epochs):
    rates = every(cls(), steps, epochs, 0.1)
    assert len(rates) == steps * epochs
    assert all(0 <= rate <= 0.1 for rate in rates)


@pytest.mark.parametrize("schedule", [Constant(), Plateau()], ids=str)
def test_a_constant_rate_is_the_very_number_of_the_spec(schedule):
    assert set(every(schedule, 3, 4, 1e-3)) == {1e-3}


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        # (1 + cos(pi * t / 4)) / 2 for t = 0..3
        (Cosine(), [1, 0.853553, 0.5, 0.146447]),
        # 1/2 and 2/2, then the cosine over the two steps that are left
        (Cosine(warmup=1), [0.5, 1, 1, 0.5]),
        (Cosine(warmup=0.5), [1, 1, 0.75, 0.25]),
        (Cosine(floor=0.2), [1, 0.882843, 0.6, 0.317157]),
        (Step(every=1, factor=0.1), [1, 1, 0.1, 0.1]),
        (Step(every=2, factor=0.1), [1, 1, 1, 1]),
        (Exponential(rate=0.25), [1, 0.5, 0.25, 0.125]),
    ],
    ids=str,
)
def test_two_epochs_of_two_steps(schedule, expected):
    assert every(schedule, 2, 2, 1.0) == pytest.approx(expected, abs=1e-6)


def test_one_cycle_rises_to_the_rate_and_falls_below_its_start():
    rates = every(OneCycle(), 10, 10, 0.5)
    assert rates[0] == pytest.approx(0.5 / 25)
    assert rates[29] == max(rates) == 0.5
    assert rates[-1] == pytest.approx(0.5 / 25 * 1e-4)
    assert rates[:30] == sorted(rates[:30])
    assert rates[29:] == sorted(rates[29:], reverse=True)


def test_one_cycle_is_the_formula_of_pytorch():
    """As in the source of `OneCycleLR(max_lr=1, total_steps=10)`.

    Up over 10 * 0.3 - 1 = 2 steps from 1/25, down over the 7 that are left to 1/25 * 1e-4.
    """
    up = [1 + (0.04 - 1) / 2 * (1 + cos(pi * t / 2)) for t in range(3)]
    down = [4e-6 + (1 - 4e-6) / 2 * (1 + cos(pi * t / 7)) for t in range(1, 8)]
    assert every(OneCycle(), 5, 2, 1.0) == pytest.approx(up + down, rel=1e-9)


@pytest.mark.parametrize("floor", [0, 0.05])
def test_cosine_is_that_of_keras(backend, floor):
    from keras.optimizers.schedules import CosineDecay

    theirs = CosineDecay(0.1, decay_steps=40, alpha=floor)
    ours = every(Cosine(floor=floor), 8, 5, 0.1)
    assert ours == pytest.approx([float(theirs(t)) for t in range(40)], abs=1e-7)


def test_cosine_after_a_warm_up_is_that_of_keras(backend):
    from keras.optimizers.schedules import CosineDecay

    theirs = CosineDecay(0.0, decay_steps=24, warmup_target=0.1, warmup_steps=16)
    ours = every(Cosine(warmup=2), 8, 5, 0.1)
    # Theirs begins with a rate of 0 and is a step behind while it rises.
    assert ours[:15] == pytest.approx([float(theirs(t)) for t in range(1, 16)], abs=1e-7)
    assert ours[16:] == pytest.approx([float(theirs(t)) for t in range(16, 40)], abs=1e-7)


def test_exponential_and_step_are_those_of_keras(backend):
    from keras.optimizers.schedules import ExponentialDecay

    smooth = ExponentialDecay(0.1, decay_steps=8, decay_rate=0.9)
    ours = every(Exponential(rate=0.9), 8, 5, 0.1)
    assert ours == pytest.approx([float(smooth(t)) for t in range(40)], rel=1e-6)
    stairs = ExponentialDecay(0.1, decay_steps=16, decay_rate=0.5, staircase=True)
    ours = every(Step(every=2, factor=0.5), 8, 5, 0.1)
    assert ours == pytest.approx([float(stairs(t)) for t in range(40)], rel=1e-6)
