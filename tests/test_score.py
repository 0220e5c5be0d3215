import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("backend")


def test_a_confusion_matrix_counts_truth_by_row():
    from cnnspec.training.score import confusion

    counts = confusion(np.array([0, 0, 1, 2], np.uint8), np.array([0, 1, 1, 0]), 3)
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_macro_f1_worked_by_hand():
    from cnnspec.training.score import macro_f1

    # Class 0: P = 1/2, R = 1/2; class 1: P = 1/2, R = 1; class 2: never right.
    assert macro_f1(np.array([[1, 1, 0], [0, 1, 0], [1, 0, 0]])) == pytest.approx(
        (1 / 2 + 2 / 3 + 0) / 3
    )


def test_macro_f1_is_that_of_keras():
    import keras

    from cnnspec.training.score import confusion, macro_f1

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 200)
    outputs = rng.random((200, 5)).astype(np.float32)
    metric = keras.metrics.F1Score(average="macro")
    metric.update_state(np.eye(5, dtype=np.float32)[labels], outputs)
    counts = confusion(labels, outputs.argmax(axis=1), 5)
    assert macro_f1(counts) == pytest.approx(float(metric.result()), abs=1e-6)


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "binary_crossentropy", "poisson"])
def test_a_score_is_what_keras_evaluates(loss):
    from cnnspec.check import check
    from cnnspec.datasets.arrays import load
    from cnnspec.source import Source
    from cnnspec.training.build import build, compile_model
    from cnnspec.training.score import Scorer

    text = f"pool 4; dense 10 softmax l2=0.01; train {{ loss {loss}; metrics accuracy f1 }}"
    checked = check(Source("x", text))
    model = build(checked, 1)
    compile_model(model, checked.spec.train)
    split = load("fashion_mnist_mini").test
    mine = Scorer(model).score(split)
    labels = np.eye(10, dtype=np.float32)[split.labels]
    theirs = model.evaluate(split.images / 255.0, labels, verbose=0, return_dict=True)
    assert mine.accuracy == pytest.approx(theirs["accuracy"], abs=1e-6)
    assert mine.f1 == pytest.approx(theirs["f1"], abs=1e-5)
    assert mine.loss == pytest.approx(theirs["loss"], rel=1e-4)
