"""Mixed precision: refused where nothing would be faster, float32 weights and outputs else."""

import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.diagnostics.errors import CnnspecError

pytestmark = pytest.mark.usefixtures("backend")


def checked(precision):
    result = check(Source("x", f"pool 4; dense 10 softmax; train {{ precision {precision} }}"))
    assert result.ok
    return result


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_without_a_gpu_it_is_refused_before_training(precision):
    from cnnspec.targets.keras.precision import accelerated, require_accelerator

    if accelerated():
        pytest.skip("this machine has a GPU")
    with pytest.raises(CnnspecError) as raised:
        require_accelerator(checked(precision))
    (problem,) = raised.value.diagnostics
    assert raised.value.exit_code == 3
    assert problem.span.text == f"precision {precision}"
    require_accelerator(checked("float32"))


def test_without_a_gpu_such_a_model_is_measured_in_float32():
    import keras

    from cnnspec.targets.keras.build import build
    from cnnspec.targets.keras.precision import accelerated

    if accelerated():
        pytest.skip("this machine has a GPU")
    model = build(checked("mixed_float16"), 1)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


def test_weights_and_outputs_are_float32_and_the_loss_is_scaled(monkeypatch):
    """On a CPU float16 is slow and works, so that what is built for a GPU can be looked at."""
    import keras
    import numpy as np

    from cnnspec.targets.keras import precision
    from cnnspec.targets.keras.build import build, compile_model
    from cnnspec.training.loops import Feed
    from cnnspec.training.steps import steps

    monkeypatch.setattr(precision, "accelerated", lambda: True)
    spec = checked("mixed_float16")
    model = build(spec, 1)
    compile_model(model, spec.spec.train)
    assert [layer.compute_dtype for layer in model.layers][1:] == ["float16"] * 2 + ["float32"]
    assert {str(v.dtype) for v in model.trainable_variables} == {"float32"}
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    from cnnspec.datasets.arrays import load

    before = model.get_weights()
    runner = steps(model, Feed(load("fashion_mnist_mini").train))
    assert runner.run(np.arange(40, dtype=np.int32).reshape(2, 20), np.full(2, 0.01, np.float32))
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)
    assert not np.array_equal(before[0], model.get_weights()[0])
