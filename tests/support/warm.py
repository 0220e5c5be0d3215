"""What a program that trains imports, done once: see `tests.support.programs`.

Nothing is computed here: how many threads and devices TensorFlow has, a fork decides.
"""

from cnnspec.targets.keras.backend import start

start("tensorflow")

import cnnspec.commands  # noqa: E402 - once Keras has its backend
import cnnspec.training.backends.keras  # noqa: E402
import cnnspec.training.session  # noqa: E402, F401
