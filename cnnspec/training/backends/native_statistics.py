"""The statistics of batch norm for averaged weights, measured anew on training images.

The moving statistics belong to the weights as they were trained; averaged weights give other
values. So the statistics are measured once more, as for stochastic weight averaging (Izmailov
et al., Averaging Weights Leads to Wider Optima and Better Generalization, 2018).
"""

from collections import Counter

import numpy as np

from cnnspec.operations.values import BatchNormalization
from cnnspec.targets.c.native import NativeNetwork
from cnnspec.training.backends.base import Arrays
from cnnspec.training.batches import statistics_batches


def measured_statistics(
    network: NativeNetwork, images: np.ndarray, labels: np.ndarray, batch: int
) -> Arrays:
    """Returns mean and variance of each batch norm by key, means over batches of some images.

    The network is left as it was. A step from statistics of 0 leaves a share of those of its
    batch, which follows from the momentum and from how often the layer is called.
    """
    shares = _shares(network)
    if not shares:
        return {}
    kept = network.state()
    still = {
        name: np.zeros_like(array)
        for name, array in kept.items()
        if not name.startswith(("weight/", "average/", "step", "scales"))
    }
    sums = {key: np.zeros(kept[f"weight/{key}"].shape) for key in shares}
    begin = kept | still | {f"weight/{key}": np.zeros_like(kept[f"weight/{key}"]) for key in shares}
    batches = statistics_batches(len(images), batch)
    for order in batches:
        network.load(begin)
        network.train(images, labels, order, np.zeros(1))
        weights = network.weights
        for key, share in shares.items():
            sums[key] += weights[key] / share
    network.load(kept)
    return {key: (found / len(batches)).astype(np.float32) for key, found in sums.items()}


def _shares(network: NativeNetwork) -> dict[str, float]:
    """What a step leaves of the statistics of its batch, by their keys."""
    momenta: dict[str, float] = {}
    calls: Counter[str] = Counter()
    for step in network.layout.program.steps:
        operation = step.operation
        if isinstance(operation, BatchNormalization) and operation.momentum < 1:
            for key in (operation.mean, operation.variance):
                momenta[key] = operation.momentum
                calls[key] += 1
    return {key: 1 - momentum ** calls[key] for key, momentum in momenta.items()}
