"""One process of several that train one model together, each with its part of every batch.

All take the same steps and hold the same weights. The first keeps the run folder; every
other works in a copy of it that is thrown away, so that nothing else of a training knows
of them. Knows TensorFlow's way for processes to find each other; not who starts them.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

from cnnspec.runs.tasks import Ended, Task
from cnnspec.targets.keras.backend import start


def train(task: Task, addresses: list[str], rank: int) -> Ended:
    """Trains, or goes on, as one of the processes at some addresses. Raises nothing."""
    cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}}
    os.environ["TF_CONFIG"] = json.dumps(cluster)
    chosen = start(task.backend, task.threads)
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    from cnnspec.training.backends.keras import KerasBackend
    from cnnspec.training.trial import advance

    backend = KerasBackend(chosen, strategy)
    if rank == 0:
        return advance(task, backend)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / task.folder.name
        # Nothing is written there before all have begun to train.
        shutil.copytree(task.folder, copy)
        return advance(task.replace(folder=copy), backend)
