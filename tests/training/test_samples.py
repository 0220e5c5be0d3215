"""What a training keeps of its data for the report."""

import numpy as np
import pytest

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.datasets.arrays import Split
from cnnspec.datasets.splits import divide
from cnnspec.report.page import write
from cnnspec.report.pictures import read
from cnnspec.runs.run import IMAGES

TEXT = "model tiny; pool 4; dense 10 softmax; train { epochs 1; batch 250; validation 0.1 }"


@pytest.fixture(scope="module")
def trained(backend, tmp_path_factory):
    from cnnspec.training.backends.choose import start
    from cnnspec.training.session import train

    spec = check(Source("tiny.cnn", TEXT))
    return train(spec, tmp_path_factory.mktemp("runs"), start())


@pytest.fixture(scope="module")
def model(trained):
    from cnnspec.targets.keras.restore import restore

    return restore(trained.run)[1]


def test_mistakes_are_the_most_confident_wrong_predictions(trained, model):
    from cnnspec.training.backends.keras import KerasPredictor
    from cnnspec.training.score import Scorer

    test = divide(check(Source("x", TEXT)).spec, offline=True).test
    kept = read(trained.run, 10)
    outputs = Scorer(KerasPredictor(model)).predict(test.images)
    assert kept.judged == "test"
    assert kept.probable
    assert len(kept.mistakes) == 24
    wrong = outputs.argmax(axis=1) != test.labels
    assert kept.mistakes[0].output_predicted == pytest.approx(outputs[wrong].max())
    heights = [mistake.output_predicted for mistake in kept.mistakes]
    assert heights == sorted(heights, reverse=True)
    for mistake in kept.mistakes:
        assert test.labels[mistake.row] == mistake.true != mistake.predicted
        assert np.array_equal(test.images[mistake.row], mistake.image)
        assert mistake.output_true == pytest.approx(outputs[mistake.row, mistake.true])


def test_samples_are_of_their_class_and_counts_are_whole(trained):
    kept = read(trained.run, 10)
    assert {label: len(images) for label, images in kept.samples.items()} == dict.fromkeys(
        range(10), 10
    )
    assert kept.counts == {"train": (450,) * 10, "validation": (50,) * 10, "test": (100,) * 10}
    assert (trained.run.folder / IMAGES).stat().st_size < 400_000


def test_report_of_a_real_run_shows_its_samples(trained):
    text = write(trained.run).read_text()
    assert f"{trained.scores['test'].accuracy:.4f}" in text
    assert len(text.encode()) < 2**20


def test_test_set_without_labels_is_skipped(trained, model):
    from cnnspec.training.backends.keras import KerasPredictor
    from cnnspec.training.samples import evidence, judged
    from cnnspec.training.score import Scorer

    scorer = Scorer(KerasPredictor(model))
    splits = divide(check(Source("x", TEXT)).spec, offline=True)
    hidden = splits.replace(test=Split(splits.test.images, None))
    outputs = scorer.predict(hidden.validation.images)
    kept = evidence(hidden, 10, [outputs[:70], outputs[70:]])
    assert str(kept["judged"]) == "validation"
    assert "count_test" not in kept
    alone = hidden.replace(validation=None)
    assert judged(alone) is None
    nothing = evidence(alone, 10, [])
    assert not [name for name in nothing if name.startswith(("mistake", "judged"))]


@pytest.mark.parametrize(
    ("shape", "small"),
    [
        ((2, 28, 28, 1), (2, 28, 28, 1)),
        ((1, 64, 64, 3), (1, 64, 64, 3)),
        ((1, 100, 50, 3), (1, 50, 25, 3)),
        ((1, 1000, 3, 1), (1, 62, 1, 1)),
    ],
)
def test_large_images_become_small(backend, shape, small):
    from cnnspec.training.samples import thumbnails

    images = np.full(shape, 7, np.uint8)
    assert thumbnails(images).shape == small
    assert (thumbnails(images) == 7).all()


def test_many_classes_of_large_images_stay_small(backend):
    from cnnspec.training.samples import _samples

    images = np.zeros((600, 64, 64, 3), np.uint8)
    kept = _samples(Split(images, np.arange(600) % 300), 300)
    assert kept["sample_images"].nbytes <= 200_000
    assert len(set(kept["sample_labels"].tolist())) == len(kept["sample_labels"]) == 16


def test_predictions_are_kept_of_every_test_image(trained, model):
    from cnnspec.runs.predictions import read as read_predictions
    from cnnspec.training.backends.keras import KerasPredictor
    from cnnspec.training.score import Scorer

    test = divide(check(Source("x", TEXT)).spec, offline=True).test
    kept = read_predictions(trained.run)
    outputs = Scorer(KerasPredictor(model)).predict(test.images)
    assert kept.split == "test"
    assert np.array_equal(kept.true, test.labels)
    assert np.array_equal(kept.predicted, outputs.argmax(axis=1))
