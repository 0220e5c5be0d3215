"""`python -m tests.results.keras_fit SPEC SEED`: trains the network of a spec by Keras's `fit`.

What the same network, settings and initial weights reach when the loop, the order of the
images and the seeds of dropout are Keras's. Prints the figures of the test set as JSON.
"""

import json
import sys

from cnnspec.analysis.check import check
from cnnspec.datasets.locate import beside
from cnnspec.datasets.splits import divide
from cnnspec.files.sources import read_source
from cnnspec.targets.keras.backend import start
from tests.support.paths import ROOT


def main(name: str, seed: int) -> None:
    start("tensorflow")
    import keras
    import numpy as np

    from cnnspec.targets.keras.build import build, compile_model
    from cnnspec.training.backends.keras import KerasPredictor
    from cnnspec.training.batches import scale
    from cnnspec.training.score import Scorer

    checked = check(read_source(str(ROOT / "specs" / f"{name}.cnn")))
    spec = checked.spec.replace(train=checked.spec.train.replace(seed=seed))
    splits = divide(spec, beside(spec.data, checked.source.name), offline=True)
    keras.utils.set_random_seed(seed)
    model = build(checked, seed)
    compile_model(model, spec.train)
    labels = np.eye(spec.classes, dtype="float32")[splits.train.known]
    images = scale(splits.train.images)
    model.fit(images, labels, batch_size=spec.train.batch, epochs=spec.train.epochs, verbose=0)
    sys.stdout.write(json.dumps(Scorer(KerasPredictor(model)).score(splits.test).figures) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
