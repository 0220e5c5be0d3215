"""One network on every backend of Keras that is installed, on the device that it takes.

What an epoch takes, and how long it is to 99 % of the test images of MNIST. A GPU is used
where there is one; where there is none, the row says so.
"""

import json
import statistics
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.measuring import Row, ended, program, python, say
from tests.support.paths import ROOT, full_data

BACKENDS = ("tensorflow", "jax", "torch")
NETWORK = "grid_2"
AIM = "target accuracy 0.99 stop"


def rows() -> list[Row]:
    """A row for each backend; needs the published MNIST."""
    if full_data() is None:
        say("backends are not measured: the published MNIST is not here")
        return []
    found = []
    for backend in BACKENDS:
        if find_spec(backend):
            found.append(row(backend))
        else:
            say(f"{backend} is not measured: it is not installed")
    return found


def row(backend: str) -> Row:
    """A training until its target is reached, or as long as the spec says."""
    text = (ROOT / "specs" / f"{NETWORK}.cnn").read_text(encoding="utf-8")
    assert "validation 0.1 }" in text
    text = text.replace("validation 0.1 }", f"validation 0.1; {AIM} }}")
    device = ended(*python("-m", "tests.benchmarks.backends", backend)).printed.strip()
    with tempfile.TemporaryDirectory() as folder:
        command = (program("cnnspec"), "train", "-e", text, "--backend", backend)
        # A claim of the spec need not hold after so few epochs, which is exit code 1.
        done = ended(*command, "--no-report", "--out", folder, codes=(0, 1))
        run = Path(folder) / f"{NETWORK}-1"
        history = json.loads((run / "history.json").read_text())
        target = json.loads((run / "metrics.json").read_text())["target"]
    # The first epoch compiles.
    epoch = statistics.median(each["seconds"] for each in history[1:] or history)
    name = f"{NETWORK} on {backend}, {device}"
    reached = (
        f"99 % after {target['seconds']:.1f} s, in epoch {target['epoch']}"
        if target["epoch"]
        else f"99 % not reached in {len(history)} epochs"
    )
    say(f"{name:<48} {epoch:8.3f} s an epoch, {reached}, {done.megabytes:.0f} MB")
    return {"measured": name, "epoch_s": epoch, "target": target, "mb": done.megabytes}


def device(backend: str) -> str:
    """What a backend computes on, in words."""
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        name = tf.config.experimental.get_device_details(gpus[0])["device_name"] if gpus else ""
    elif backend == "jax":
        import jax

        first = jax.devices()[0]
        name = "" if first.platform == "cpu" else first.device_kind
    else:
        import torch

        name = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    return name or "the processor: there is no GPU"


if __name__ == "__main__":
    sys.stdout.write(device(sys.argv[1]))
