"""`cnnspec train` of LeNet-5 in machine code up to the end of its first step.

`python -m tests.benchmarks.first_step [anew]`; with `anew` nothing is compiled before. It imports
nothing that the command does not, and nothing before the command does.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any


def end_after_one_step(event: str, _: object) -> None:
    """Changes the network once its machine code is loaded, as a hook for audit events."""
    if event != "ctypes.dlopen" or "cnnspec.targets.c.native" not in sys.modules:
        return
    network = sys.modules["cnnspec.targets.c.native"].NativeNetwork
    stepping = network.train

    def one_step(self: Any, images: Any, labels: Any, order: Any, rates: Any, counts: Any) -> None:
        stepping(self, images, labels, order[: len(order) // len(rates)], rates[:1], counts)
        raise SystemExit(0)

    network.train = one_step


def main() -> None:
    from cnnspec.commands import main as command

    sys.addaudithook(end_after_one_step)
    with tempfile.TemporaryDirectory() as folder:
        if "anew" in sys.argv:
            os.environ["XDG_CACHE_HOME"] = str(Path(folder) / "cache")
        command(["train", "specs/lenet5.cnn", "--backend", "native", "--out", folder])


if __name__ == "__main__":
    main()
