"""Passes: the same outputs by fewer operations, and nothing where they must not."""

import numpy as np
import pytest

from cnnspec.operations.values import Affine, BatchNormalization, Concatenate
from cnnspec.program.build import Program, build_program, validate
from cnnspec.program.passes import (
    INFERENCE,
    drop_identities,
    fold_batch_norm,
    for_inference,
    for_integers,
    fuse_functions,
)
from cnnspec.program.pooling import fuse_pool, pool_before_concatenation, relu_after_pool
from cnnspec.program.rewrite import Pass
from cnnspec.targets.interpreter.run import Interpreter
from tests.program.networks import drawn, program_of, weights


def lines(program: Program) -> list[str]:
    """The operations after the input, without what they take."""
    return [str(step.operation) for step in program.steps[1:]]


@pytest.mark.parametrize("rewrite", [*INFERENCE, for_inference], ids=lambda p: p.__name__)
def test_pass_keeps_the_outputs_of_drawn_networks(rewrite: Pass) -> None:
    changed = 0
    for seed in range(60):
        result = drawn(seed)
        before = build_program(result.graph)
        if max(step.value.shape.size for step in before.steps) > 20_000:
            continue
        after = rewrite(before)
        validate(after)
        changed += after != before
        images = np.random.default_rng(seed).random((2, *result.spec.shape.dims))
        stored = weights(before, seed)
        wanted, given = (Interpreter(p, stored, "float64").predict(images) for p in (before, after))
        if np.isfinite(wanted).all():
            assert np.abs(given - wanted).max() <= 1e-9 * max(1, np.abs(wanted).max()), seed
    # Few drawn networks have a function, a convolution or a `concat` right before a pooling.
    assert changed or rewrite in (relu_after_pool, fuse_pool, pool_before_concatenation)


def test_pool_goes_into_the_convolution_before() -> None:
    text = "conv 4x3; bn; relu; relu6; pool 2 ceil; conv 4x3 tanh; pool 3 stride=2; dense 10"
    left = [
        "convolution 3 and max pool 2, relu",
        "relu(max=6)",
        "convolution 3",
        "max pool 3 stride=2, tanh",
    ]
    before = program_of(text)
    after = for_inference(before)
    assert lines(after)[:4] == left
    assert after.macs == before.macs
    images = np.random.default_rng(1).random((3, 28, 28, 1))
    stored = weights(before, 1)
    wanted, given = (Interpreter(p, stored, "float64").predict(images) for p in (before, after))
    assert np.abs(given - wanted).max() < 1e-12
    # Integers have other passes, and the same steps but for functions that are not limits.
    assert lines(for_integers(before))[:4] == [*left[:3], "max pool 3 stride=2"]


@pytest.mark.parametrize(
    "text",
    [
        "conv 4x3; pool 3 stride=2; dense 10",
        "conv 4x3; pool 4 same; dense 10",
        "conv 4x3; avgpool 2; dense 10",
        "conv 4x3; gelu; pool 2; dense 10",
        "conv 4x3; relu; bn; pool 2; dense 10",
        "conv 4x3; concat { branch { pool 2 }\n branch { pool 2 } }; dense 10",
        "tconv 4x3; pool 2; dense 10",
    ],
)
def test_pool_stays_where_it_must(text: str) -> None:
    assert not any("and max pool" in line for line in lines(for_inference(program_of(text))))


def test_pool_goes_before_the_concatenations_that_it_takes() -> None:
    text = """
    concat {
      branch { conv 4x3 same relu }
      branch { concat { branch { conv 2x3 same }; branch { avgpool 3 same stride=1 } } }
      branch { }
    }
    pool 2; gap; dense 10
    """
    before = program_of(text)
    after = for_inference(before)
    validate(after)
    joins = [step for step in after.steps if isinstance(step.operation, Concatenate)]
    # Nothing but three and eight numbers is joined: the images before were 28x28 of them.
    assert [str(step.value.shape) for step in joins] == ["3", "8"]
    assert lines(after).count("convolution 3 and max pool 2, relu") == 1
    images = np.random.default_rng(1).random((3, 28, 28, 1))
    stored = weights(before, 1)
    wanted, given = (Interpreter(p, stored, "float64").predict(images) for p in (before, after))
    assert np.abs(given - wanted).max() < 1e-12


def test_batch_norm_goes_into_every_kind_of_kernel() -> None:
    text = (
        "conv 4x3; bn; dwconv 3 no_bias; bn no_scale; sepconv 4x3; bn no_center;"
        "tconv 3x2 stride=2; bn; conv 4x3 groups=1 no_bias; bn no_scale no_center;"
        "dense 5; bn; relu; dense 10"
    )
    before = program_of(text)
    after = fold_batch_norm(before)
    assert not any(isinstance(s.operation, BatchNormalization | Affine) for s in after.steps)
    # Only the weights of kernels are left to read, each once.
    assert len(after.weights) == 2 * 7 + 1
    stored = weights(before, 0)
    images = np.random.default_rng(1).random((3, 28, 28, 1))
    wanted = Interpreter(before, stored, "float64").predict(images)
    given = Interpreter(after, stored, "float64").predict(images)
    assert np.abs(given - wanted).max() < 1e-12


@pytest.mark.parametrize(
    "text",
    [
        "conv 4x3 relu; bn; gap; dense 10",
        "bn; conv 4x3; gap; dense 10",
        "conv 4x3 name=a; add { branch { bn }; branch { } }; gap; dense 10",
        "repeat 2 shared { conv 1x3 same; bn }; gap; dense 10",
        "conv 4x3; bn; bn; gap; dense 10",
    ],
    ids=["function between", "no kernel before", "taken twice", "kernel is shared", "second one"],
)
def test_batch_norm_that_cannot_be_folded_is_a_factor_and_an_offset(text: str) -> None:
    before = program_of(text)
    after = fold_batch_norm(before)
    kinds = [type(step.operation) for step in after.steps]
    assert BatchNormalization not in kinds
    assert Affine in kinds
    images = np.random.default_rng(1).random((3, 28, 28, 1))
    stored = weights(before, 0)
    wanted = Interpreter(before, stored, "float64").predict(images)
    given = Interpreter(after, stored, "float64").predict(images)
    assert np.abs(given - wanted).max() < 1e-12


def test_recipes_are_what_batch_norm_says() -> None:
    # Ioffe and Szegedy, "Batch normalization" (2015), algorithm 2, by hand.
    program = fold_batch_norm(program_of("dense 1; bn epsilon=1; dense 10"))
    stored = {"gamma": 2.0, "beta": 5.0, "moving_mean": 4.0, "moving_variance": 3.0}
    arrays = {f"bn/{name}": np.array([value]) for name, value in stored.items()}
    arrays |= {"dense/kernel": np.full((784, 1), 3.0), "dense/bias": np.array([6.0])}
    arrays |= {"dense_2/kernel": np.ones((1, 10)), "dense_2/bias": np.zeros(10)}
    image = np.full((1, 28, 28, 1), 1 / 784)
    # (3 + 6 - 4) * 2 / sqrt(3 + 1) + 5
    out = Interpreter(program, arrays, "float64").predict(image)
    assert np.allclose(out, np.full((1, 10), 10.0), rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("dropout 0.5; sdropout 0.1; noise 0.2; linear; dense 10", 2),
        ("pad 0; crop 0; pool 1; resize 28x28; reshape 28x28x1; dense 10", 2),
        ("flatten; flatten; dense 10; dropout 0.5", 2),
    ],
)
def test_what_does_nothing_is_dropped(text: str, left: int) -> None:
    program = drop_identities(program_of(text))
    validate(program)
    assert len(program.steps) == 1 + left
    assert program.output == left


def test_function_follows_the_pools_behind_it() -> None:
    program = relu_after_pool(program_of("relu; pool 2; pool 3 stride=2 same; dense 10"))
    assert lines(program)[:3] == ["max pool 2", "max pool 3 stride=2", "relu"]


@pytest.mark.parametrize(
    "text",
    [
        "gelu; pool 2; dense 10",
        "relu slope=0.3; avgpool 2; dense 10",
        "relu; add { branch { pool 1 }; branch { } }; dense 10",
    ],
    ids=["turns an order round", "an average", "taken twice"],
)
def test_function_stays_before_a_pool_where_it_must(text: str) -> None:
    program = program_of(text)
    assert relu_after_pool(program) == program


def test_functions_go_into_the_operation_before() -> None:
    text = "conv 4x3 relu6; bn; silu; residual { linear }; relu; gap; tanh; dense 10 softmax"
    assert lines(for_inference(program_of(text))) == [
        "convolution 3, relu(max=6)",
        "affine, silu",
        "add, relu",
        "average of each channel, tanh",
        "matrix product",
        "softmax",
    ]
    # The second function stays, for there is room for one.
    assert lines(fuse_functions(program_of("conv 4x3 relu; tanh; dense 10")))[:2] == [
        "convolution 3, relu",
        "tanh",
    ]
