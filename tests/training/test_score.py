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


def scorer(text):
    from cnnspec.analysis.check import check
    from cnnspec.core.source import Source
    from cnnspec.targets.keras.build import build, compile_model
    from cnnspec.training.backends.keras import KerasPredictor
    from cnnspec.training.score import Scorer

    checked = check(Source("x", text))
    model = build(checked, 1)
    compile_model(model, checked.spec.train)
    return model, Scorer(KerasPredictor(model))


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "binary_crossentropy", "poisson"])
def test_a_score_is_what_keras_evaluates(loss):
    from cnnspec.datasets.arrays import load

    text = f"pool 4; dense 10 softmax l2=0.01; train {{ loss {loss}; metrics accuracy f1 }}"
    model, ours = scorer(text)
    split = load("fashion_mnist_mini").test
    mine = ours.score(split)
    labels = np.eye(10, dtype=np.float32)[split.labels]
    theirs = model.evaluate(split.images / 255.0, labels, verbose=0, return_dict=True)
    assert mine.accuracy == pytest.approx(theirs["accuracy"], abs=1e-6)
    assert mine.f1 == pytest.approx(theirs["f1"], abs=1e-5)
    assert mine.loss == pytest.approx(theirs["loss"], rel=1e-4)


def test_a_scorer_follows_the_weights_of_its_model():
    model, ours = scorer("pool 4; dense 10 softmax")
    images = np.arange(3 * 784, dtype=np.uint8).reshape(3, 28, 28, 1)
    before = ours.predict(images)
    assert before == pytest.approx(model.predict(images / 255.0, verbose=0), abs=1e-6)
    model.set_weights([np.zeros_like(weights) for weights in model.get_weights()])
    assert ours.predict(images) == pytest.approx(np.full((3, 10), 0.1))


@pytest.mark.parametrize(("side", "number", "passes"), [(28, 400, 2), (500, 20, 20)])
def test_scorer_takes_fewer_large_images_at_once(side, number, passes):
    """A thousand large images, each in 64 channels, would fill any memory."""
    from cnnspec.datasets.arrays import Split

    text = f'data "x.npz"; input {side}x{side}; conv 64x1; gap; dense 10 softmax'
    _, ours = scorer(text)
    taken = []
    split = Split(np.zeros((number, side, side, 1), np.uint8), np.zeros(number, np.uint8))
    ours.score(split, lambda: taken.append(1))
    assert len(taken) == passes


def test_split_with_two_names_is_measured_once():
    from cnnspec.datasets.arrays import load

    _, ours = scorer("pool 4; dense 10 softmax")
    images = load("fashion_mnist_mini")
    looks, outputs = [], []
    scores = ours.scores(
        {"test": images.test, "validation": images.test, "train": images.train},
        lambda: looks.append(1),
        {"test": outputs.append},
    )
    assert list(scores) == ["test", "validation", "train"]
    assert scores["validation"] is scores["test"]
    assert len(looks) == (len(images.test) + len(images.train)) // 1000
    assert sum(map(len, outputs)) == len(images.test)
