"""The same work in plain Keras, as a notebook does it.

`check`, `train NETWORK EPOCHS`, `start`, `many FILE`, `evaluate MODEL` or `sweep EPOCHS LOSS`.
Prints, as JSON, the seconds of every epoch and the test accuracy after the last, or of a sweep
the test accuracy of every network; nothing for the others: `start`
trains LeNet-5 for one step, `many` a small network on the images of a file.
"""

import json
import os
import sys
import time
from itertools import product

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from keras import layers


def lenet() -> keras.Model:
    """LeNet-5 as in specs/lenet5.cnn."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(16, 5, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def budget() -> keras.Model:
    """The network of specs/budget.cnn."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(10, 3, activation="relu"),
            layers.MaxPooling2D(2, padding="same"),
            layers.Dropout(0.1),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(2, padding="same"),
            layers.Flatten(),
            layers.Dense(35, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(10, activation="softmax"),
        ]
    )


def grid() -> keras.Model:
    """The network of specs/grid_2.cnn."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def four() -> keras.Model:
    """The network of specs/four_1.cnn."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


# Optimizer, batch, share held back to validate on (1 stands for the test set), metrics.
SETTINGS = {
    "budget": (budget, lambda: "rmsprop", 512, 0.2, ("accuracy",)),
    "lenet5": (lenet, lambda: keras.optimizers.Adam(1e-4), 64, 0.125, ("accuracy", "f1")),
    "grid_2": (grid, lambda: "adam", 128, 0.1, ("accuracy",)),
    "four_1": (four, lambda: "adam", 128, 1, ("accuracy",)),
}


class Clock(keras.callbacks.Callback):
    """Takes the time of every epoch; or ends the program with the first step."""

    def __init__(self, *, one_step: bool = False) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self.one_step = one_step

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        self.seconds.append(time.perf_counter() - self.began)

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        if self.one_step:
            raise SystemExit(0)


def train(name: str, epochs: int, clock: Clock) -> float:
    """Trains a network; gives its test accuracy."""
    from tests.benchmarks.by_hand.images import mnist

    (pixels, classes), (test, answers) = mnist()
    pixels, test = pixels[..., None], test[..., None]
    labels = keras.utils.to_categorical(classes)
    make, optimizer, batch, share, metrics = SETTINGS[name]
    makers = {"accuracy": "accuracy", "f1": keras.metrics.F1Score(average="macro")}
    model = make()
    model.compile(optimizer(), "categorical_crossentropy", metrics=[makers[m] for m in metrics])
    held = {"validation_split": share}
    tested = test, keras.utils.to_categorical(answers)
    if share == 1:
        held = {"validation_data": tested}
    held |= {"verbose": 0, "callbacks": [clock]}
    model.fit(pixels, labels, batch_size=batch, epochs=epochs, **held)
    return model.evaluate(*tested, verbose=0, return_dict=True)["accuracy"]


def many(file: str) -> None:
    """Trains a small network for an epoch."""
    import numpy as np

    with np.load(file) as arrays:
        pixels = arrays["x_train"][..., None].astype("float32") / 255
        labels = keras.utils.to_categorical(arrays["y_train"], 10)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.MaxPooling2D(4),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(pixels, labels, batch_size=512, epochs=1, verbose=0, validation_split=0.1)


def evaluate(file: str) -> None:
    """Measures a model on all images."""
    from tests.benchmarks.by_hand.images import mnist

    model = keras.models.load_model(file)
    for pixels, classes in mnist():
        model.evaluate(pixels[..., None], keras.utils.to_categorical(classes), verbose=0)


def sweep(epochs: int, loss: str) -> None:
    """The 27 networks of specs/grid.cnn with a loss in nested loops, one after the other."""
    from tests.benchmarks.by_hand.images import mnist

    parts = [(images[..., None], keras.utils.to_categorical(labels)) for images, labels in mnist()]
    (pixels, labels), (test, answers) = parts
    found = {}
    for depth, filters, kernel in product((1, 2, 3), (8, 16, 32), (1, 2, 3)):
        model = keras.Sequential([keras.Input((28, 28, 1))])
        for level in range(depth):
            model.add(layers.Conv2D(filters * 2**level, kernel, activation="relu"))
            model.add(layers.MaxPooling2D(2))
        model.add(layers.Flatten())
        model.add(layers.Dropout(0.5))
        model.add(layers.Dense(10, activation="softmax"))
        model.compile("adam", loss, metrics=["accuracy"])
        held = {"validation_split": 0.1, "verbose": 0}
        model.fit(pixels, labels, batch_size=128, epochs=epochs, **held)
        found[f"{depth}-{filters}-{kernel}"] = model.evaluate(test, answers, verbose=0)[1]
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "check":
        assert lenet().count_params() == 61_706
    elif sys.argv[1] == "sweep":
        sweep(int(sys.argv[2]), sys.argv[3])
    elif sys.argv[1] == "many":
        many(sys.argv[2])
    elif sys.argv[1] == "evaluate":
        evaluate(sys.argv[2])
    elif sys.argv[1] == "start":
        train("lenet5", 1, Clock(one_step=True))
    else:
        clock = Clock()
        accuracy = train(sys.argv[2], int(sys.argv[3]), clock)
        sys.stdout.write(json.dumps({"seconds": clock.seconds, "accuracy": accuracy}) + "\n")
