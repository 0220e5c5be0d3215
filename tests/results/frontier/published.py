"""Accuracies that others have published for small networks, with how their epoch was chosen."""

from cnnspec.core.record import Record


class Published(Record):
    """A figure of somebody else."""

    data: str
    parameters: int
    accuracy: float
    """Of the test images."""
    chosen: str
    """How the epoch that was measured was chosen."""
    source: str


COURSE = "a public notebook of a course on small networks"

PUBLISHED = (
    Published("mnist", 575, 0.9800, "not said", "https://hexhowells.com/posts/neural-golfing.html"),
    Published("mnist", 697, 0.9903, "best of some 700 runs", "a public repository"),
    Published("mnist", 1936, 0.9910, "on validation images", "a public repository"),
    Published("mnist", 2180, 0.9915, "on validation images", "a public repository"),
    Published("mnist", 4500, 0.9928, "last of 20 epochs", "a public notebook"),
    Published("mnist", 5854, 0.9940, "best on the test images", COURSE),
    Published("mnist", 6720, 0.9950, "last of 15 epochs", COURSE),
    Published("mnist", 7496, 0.9953, "last epoch", COURSE),
    Published("mnist", 8172, 0.9949, "last epoch", COURSE),
    Published(
        "mnist",
        10008,
        0.9938,
        "best on the test images",
        "https://garima-mahato.github.io/EVA4/S5/File3",
    ),
    Published("mnist", 18594, 0.9958, "last epoch", COURSE),
    Published("fashion_mnist", 14862, 0.89, "not said", "a public repository"),
    Published("fashion_mnist", 25298, 0.907, "not said", "a public repository"),
    Published("fashion_mnist", 94410, 0.9259, "own split", "a public repository"),
    Published(
        "fashion_mnist", 98954, 0.9431, "best on the test images, distilled", "a public repository"
    ),
)
"""The best that were found, by parameters. Most are one run with the epoch that did best on the
test images. Where the source is not a link, it was not kept when the figures were collected."""
