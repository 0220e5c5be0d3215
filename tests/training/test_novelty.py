"""Distances against the formula, limits against counting."""

import keras
import numpy as np
import pytest

from cnnspec.training.features import features_of
from cnnspec.training.novelty import gaussians, limit


def test_distances_are_those_of_the_formula():
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 600)
    mix = random.normal(size=(5, 5))
    features = random.normal(size=(600, 5)) @ mix + 4 * labels[:, None]
    known = gaussians(features, labels)
    means = np.stack([features[labels == label].mean(axis=0) for label in range(3)])
    within = features - means[labels]
    inverse = np.linalg.inv(within.T @ within / 600)
    new = random.normal(size=(40, 5)) * 3
    off = new[:, None] - means[None]
    expected = np.einsum("ncd,de,nce->nc", off, inverse, off).min(axis=1)
    np.testing.assert_allclose(known.distances(new), expected, rtol=1e-3)


def test_features_that_never_vary_do_no_harm():
    features = np.zeros((50, 3))
    features[:, 0] = np.arange(50)
    known = gaussians(features, np.zeros(50, int))
    assert np.isfinite(known.distances(features)).all()
    assert known.distances(np.array([[25.0, 5, 0]]))[0] > 100 * known.distances(features).max()


@pytest.mark.parametrize(
    ("images", "rate", "beyond"),
    [(99, 0.01, 0), (199, 0.01, 1), (4999, 0.01, 49), (9, 0.1, 0), (50, 1 / 51, 0)],
)
def test_the_limit_lets_so_many_go_beyond(images, rate, beyond):
    distances = np.random.default_rng(0).permutation(images).astype(float)
    found, share = limit(distances)
    assert share == pytest.approx(rate)
    assert (distances > found).sum() == beyond


def test_false_alarms_among_like_images_are_as_rare_as_stated():
    random = np.random.default_rng(0)
    alarms = []
    for _ in range(400):
        scores = random.exponential(size=300)
        alarms.append((scores[200:] > limit(scores[:200])[0]).mean())
    assert np.mean(alarms) == pytest.approx(limit(scores[:200])[1], rel=0.25)


def test_features_are_means_over_positions_and_logits(backend):
    keras.utils.set_random_seed(0)
    image = keras.Input((9, 9, 1))
    conv = keras.layers.Conv2D(4, 3, activation="relu")
    pool = keras.layers.MaxPooling2D(2)
    last = keras.layers.Dense(3, activation="softmax")
    hidden = conv(image)
    model = keras.Model(image, last(keras.layers.Flatten()(pool(hidden))))
    images = np.random.default_rng(0).integers(0, 256, (700, 9, 9, 1), np.uint8)
    found = features_of(model)(images)
    assert found.shape == (700, 4 + 3)
    scaled = images.astype(np.float32) / 255
    kernel, bias = conv.get_weights()
    windows = np.lib.stride_tricks.sliding_window_view(scaled[..., 0], (3, 3), axis=(1, 2))
    by_hand = np.maximum(np.einsum("nyxij,ijf->nyxf", windows, kernel[:, :, 0]) + bias, 0)
    np.testing.assert_allclose(found[:, :4], by_hand.mean(axis=(1, 2)), atol=1e-5)
    powers = np.exp(found[:, 4:])
    outputs = model.predict(scaled, verbose=0)
    np.testing.assert_allclose(powers / powers.sum(axis=1, keepdims=True), outputs, atol=1e-5)
