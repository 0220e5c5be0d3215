"""The same networks by hand in PyTorch: `train NETWORK EPOCHS`, or `compile NETWORK EPOCHS`.

As fast as a person would write it: the images are a tensor in memory, batches are taken by
a permutation. `compile` gives the network to `torch.compile`. Prints the seconds of every epoch,
its validation with it, and the test accuracy after the last, as JSON.
"""

import json
import sys
import time

import torch
from torch import nn

from tests.benchmarks.by_hand.images import mnist


def networks() -> dict[str, tuple[nn.Module, type[torch.optim.Optimizer], dict, int, float]]:
    """Network, optimizer and its options, batch, and the share held back (0: the test set)."""
    relu, pool = nn.ReLU, nn.MaxPool2d
    budget = nn.Sequential(
        *(nn.Conv2d(1, 10, 3), relu(), pool(2, ceil_mode=True), nn.Dropout(0.1)),
        *(nn.Conv2d(10, 4, 3), relu(), pool(2, ceil_mode=True), nn.Flatten()),
        *(nn.Linear(144, 35), relu(), nn.Dropout(0.1), nn.Linear(35, 10)),
    )
    lenet = nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), relu(), pool(2), nn.Conv2d(6, 16, 5), relu(), pool(2)),
        *(nn.Flatten(), nn.Linear(400, 120), relu(), nn.Linear(120, 84), relu()),
        nn.Linear(84, 10),
    )
    grid = nn.Sequential(
        *(nn.Conv2d(1, 32, 3), relu(), pool(2), nn.Conv2d(32, 64, 3), relu(), pool(2)),
        *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10)),
    )
    four = nn.Sequential(
        *(nn.Conv2d(1, 32, 3), relu(), nn.Conv2d(32, 64, 3), relu(), pool(2), nn.Dropout(0.25)),
        *(nn.Flatten(), nn.Linear(9216, 128), relu(), nn.Dropout(0.5), nn.Linear(128, 10)),
    )
    adam = torch.optim.Adam
    return {
        "budget": (budget, torch.optim.RMSprop, {"lr": 1e-3, "alpha": 0.9, "eps": 1e-7}, 512, 0.2),
        "lenet5": (lenet, adam, {"lr": 1e-4, "eps": 1e-7}, 64, 0.125),
        "grid_2": (grid, adam, {"lr": 1e-3, "eps": 1e-7}, 128, 0.1),
        "four_1": (four, adam, {"lr": 1e-3, "eps": 1e-7}, 128, 0.0),
    }


def train(name: str, epochs: int, *, compiled: bool = False) -> None:
    """Trains a network and prints what it took and reached."""
    (images, labels), (test, answers) = (
        (torch.from_numpy(pixels).unsqueeze(1), torch.from_numpy(classes).long())
        for pixels, classes in mnist()
    )
    network, optimizer_class, options, batch, share = networks()[name]
    optimizer = optimizer_class(network.parameters(), **options)
    if compiled:
        network.compile()
    loss_of = nn.CrossEntropyLoss()
    watched, known = test, answers
    if share:
        held = round(len(images) * share)
        watched, known = images[-held:], labels[-held:]
        images, labels = images[:-held], labels[:-held]
    taken = []
    for _ in range(epochs):
        began = time.perf_counter()
        network.train()
        right = torch.zeros((), dtype=torch.long)
        for rows in torch.randperm(len(images)).split(batch):
            optimizer.zero_grad(set_to_none=True)
            outputs = network(images[rows])
            loss = loss_of(outputs, labels[rows])
            loss.backward()
            optimizer.step()
            right += (outputs.argmax(1) == labels[rows]).sum()
        _accuracy(network, watched, known)
        taken.append(time.perf_counter() - began)
    found = {"seconds": taken, "accuracy": _accuracy(network, test, answers)}
    sys.stdout.write(json.dumps(found) + "\n")


def _accuracy(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    network.eval()
    right = torch.zeros((), dtype=torch.long)
    with torch.inference_mode():
        for rows in torch.arange(len(images)).split(1000):
            right += (network(images[rows]).argmax(1) == labels[rows]).sum()
    return right.item() / len(images)


if __name__ == "__main__":
    train(sys.argv[2], int(sys.argv[3]), compiled=sys.argv[1] == "compile")
