"""Averaged weights: by hand, in use while figures are measured, and the model's at the end."""

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.datasets.arrays import load

pytestmark = pytest.mark.usefixtures("backend")


def compiled(optimizer):
    from cnnspec.targets.keras.build import build, compile_model

    text = f"pool 4; bn; dense 10 softmax; train {{ optimizer {optimizer}; epochs 100 }}"
    checked = check(Source("x", text))
    assert checked.ok
    model = build(checked, 1)
    compile_model(model, checked.spec.train)
    return model


def trained(model):
    return [variable.numpy() for variable in model.trainable_variables]


def steps(model, count):
    """Takes steps and gives the weights after each."""
    from cnnspec.training.loops import Feed
    from cnnspec.training.steps import steps as runner_for

    split = load("fashion_mnist_mini").train
    runner = runner_for(model, Feed(split))
    after = []
    for step in range(count):
        rows = np.arange(50, dtype=np.int32)[None] + 50 * step
        runner.run(rows, np.array([0.1], np.float32))
        after.append(trained(model))
    return after


def test_average_is_the_one_worked_out_by_hand():
    from cnnspec.training.averages import averaged

    model = compiled("sgd(0.1, ema=0.75)")
    seen = steps(model, 5)
    by_hand = seen[0]  # the first weights are the first average
    for weights in seen[1:]:
        by_hand = [0.75 * a + 0.25 * w for a, w in zip(by_hand, weights, strict=True)]
    statistics = [v.numpy() for v in model.non_trainable_variables]
    with averaged(model):
        for ours, theirs in zip(trained(model), by_hand, strict=True):
            assert np.allclose(ours, theirs, atol=1e-6)
        # Moving statistics are no weights.
        for ours, theirs in zip(model.non_trainable_variables, statistics, strict=True):
            assert np.array_equal(ours.numpy(), theirs)


def test_measuring_the_average_does_not_change_training():
    from cnnspec.training.averages import averaged

    model, other = compiled("sgd(0.1, ema=0.75)"), compiled("sgd(0.1, ema=0.75)")
    (_, last) = steps(model, 2)
    with pytest.raises(KeyError), averaged(model):  # noqa: PT012 - two managers, one exit
        assert not np.array_equal(trained(model)[-2], last[-2])
        raise KeyError
    assert all(np.array_equal(a, b) for a, b in zip(trained(model), last, strict=True))
    steps(other, 2)
    for one, two in zip(steps(model, 2)[-1], steps(other, 2)[-1], strict=True):
        assert np.array_equal(one, two)


def test_trained_model_has_the_averaged_weights():
    from cnnspec.training.averages import averaged, settle

    model = compiled("sgd(0.1, ema=0.75)")
    steps(model, 3)
    with averaged(model):
        kept = trained(model)
    settle(model)
    assert all(np.array_equal(a, b) for a, b in zip(trained(model), kept, strict=True))


def test_swap_without_ema_changes_nothing():
    from cnnspec.training.averages import averaged, settle

    model = compiled("sgd(0.1)")
    (last,) = steps(model, 1)
    with averaged(model):
        settle(model)
    assert all(np.array_equal(a, b) for a, b in zip(trained(model), last, strict=True))


def test_batch_norm_is_measured_anew_with_the_averaged_weights():
    import keras

    from cnnspec.training.averages import averaged

    model = compiled("sgd(0.1, ema=0.75)")
    steps(model, 3)
    batches = [
        load("fashion_mnist_mini").train.images[n : n + 60] / np.float32(255) for n in (0, 60)
    ]
    pooled = [keras.layers.MaxPooling2D(4)(batch) for batch in batches]
    before = [v.numpy() for v in model.non_trainable_variables]
    with averaged(model, lambda: batches):
        (norm,) = [each for each in model.layers if "norm" in each.name or each.name == "bn"]
        means = np.mean([np.mean(each, (0, 1, 2)) for each in pooled], 0)
        variances = np.mean([np.var(each, (0, 1, 2)) for each in pooled], 0)
        assert np.allclose(norm.moving_mean.numpy(), means, atol=1e-6)
        assert np.allclose(norm.moving_variance.numpy(), variances, atol=1e-6)
        assert norm.momentum == 0.99
    after = [v.numpy() for v in model.non_trainable_variables]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
