"""Run folders made up without a training, as one would have left them."""

import numpy as np

from cnnspec.analysis.check import check
from cnnspec.core.source import Source
from cnnspec.runs.run import ENVIRONMENT, HISTORY, IMAGES, METRICS, Run

TEXT = """
model small   # a comment
data fashion_mnist_mini
conv 4x3 relu; pool 2; dense 10 softmax
budget params <= 10k
expect accuracy >= 0.5
train { epochs 3; metrics accuracy f1; seed 7 }
"""


def confusion(classes=10, images=20):
    """Each class is right but for two images, which go to the next class."""
    right = np.eye(classes, dtype=int)
    return (right * (images - 2) + np.roll(right, 1, axis=1) * 2).tolist()


def metrics(accuracy=0.9, classes=10, **more):
    """What a training without surprises measures."""
    figures = {"f1": 0.89, "loss": 0.3, "confusion": confusion(classes)}
    claim = {"quantity": "accuracy", "relation": ">=", "limit": 0.5, "value": accuracy}
    return {
        "test": {"accuracy": accuracy, **figures},
        "validation": {"accuracy": 0.91, **figures},
        "train": {"accuracy": 0.95, **figures},
        "expectations": [{**claim, "holds": True}],
        "params": 6800,
        "epochs": 3,
        "best_epoch": 2,
        "seconds": 12.5,
        **more,
    }


def history(epochs=3):
    """Figures that get better, with a learning rate that falls."""
    return [
        {
            "epoch": n,
            "seconds": 1.5,
            "learning_rate": 0.001 * 0.9**n,
            **{f"{s}loss": 1 / n for s in ("", "val_")},
            **{f"{s}{m}": 1 - 0.5 / n for s in ("", "val_") for m in ("accuracy", "f1")},
        }
        for n in range(1, epochs + 1)
    ]


def environment(**data):
    """A machine with TensorFlow."""
    recorded = {"name": "fashion_mnist_mini", "origin": "here", "train": 180, "test": 200}
    return {
        "cnnspec": "0.1.0",
        "backend": "tensorflow",
        "started": "2026-11-21T09:00:00+00:00",
        "command": ["cnnspec", "train", "small.cnn"],
        "data": {**recorded, "sha256": {"images": "ab" * 32}, **data},
    }


def images(classes=10, side=8, channels=1, seed=1):
    """Arrays as `images.npz` holds them."""
    pixels = np.random.default_rng(seed).integers(0, 255, (2 * classes, side, side, channels))
    labels = np.repeat(np.arange(classes), 2)
    return {
        "sample_images": pixels.astype(np.uint8),
        "sample_labels": labels,
        "count_train": np.full(classes, 18),
        "count_test": np.full(classes, 20),
        "judged": np.array("test"),
        "mistake_images": pixels[:4].astype(np.uint8),
        "mistake_true": labels[:4],
        "mistake_predicted": (labels[:4] + 1) % classes,
        "mistake_output_true": np.full(4, 0.01, np.float32),
        "mistake_output_predicted": np.full(4, 0.98, np.float32),
        "mistake_rows": np.arange(4),
        "probabilities": np.array(True),
    }


def make(parent, text=TEXT, name=None, *, without=(), **changed):
    """A run folder below `parent`; `changed` are other contents of its JSON files and images."""
    source = Source("small.cnn", text)
    checked = check(source)
    assert checked.ok, checked.problems
    run = Run.create(parent, checked.spec, source)
    if name:
        run = Run(run.folder.rename(parent / name))
    files = {HISTORY: history(), METRICS: metrics(), ENVIRONMENT: environment()}
    for file, data in files.items():
        if file not in without:
            run.write_json(file, changed.get(file.partition(".")[0], data))
    if IMAGES not in without:
        np.savez_compressed(run.folder / IMAGES, **changed.get("images", images()))
    return run
