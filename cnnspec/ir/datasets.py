"""The datasets the language knows by name: shapes, classes, files and where they come from.

Data only; loads nothing.
"""

from cnnspec.core.record import Record


class File(Record):
    """A file of a dataset: its name, and size in bytes and SHA-256 of its content.

    The gzip wrapper differs between mirrors, so what is pinned is what is inside.
    """

    name: str
    size: int
    sha256: str


class Dataset(Record):
    """A dataset of images with one label each."""

    name: str
    title: str
    licence: str
    files: tuple[File, ...]
    """Of a published dataset training images and labels, test images and labels."""
    counts: tuple[int, int]
    """How many images for training and for testing."""
    shape: tuple[int, int, int]
    labels: tuple[str, ...]
    """The names of the classes."""
    urls: tuple[str, ...] = ()
    """Folders on mirrors that hold the files, gzipped."""
    debian: str = ""
    """The folder below `/usr/share/datasets` where Debian's package puts it."""

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.labels)


_IDX = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def _files(counts: tuple[int, int], *digests: str) -> tuple[File, ...]:
    # An IDX header is 16 bytes for images and 8 for labels.
    sizes = [n for count in counts for n in (16 + 784 * count, 8 + count)]
    return tuple(File(*row) for row in zip(_IDX, sizes, digests, strict=True))


_FULL = (60_000, 10_000)
_CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

_MNIST = Dataset(
    name="mnist",
    title="MNIST, handwritten digits (LeCun, Cortes, Burges)",
    licence="CC BY-SA 3.0",
    counts=_FULL,
    files=_files(
        _FULL,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    shape=(28, 28, 1),
    labels=tuple("0123456789"),
    urls=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
)
_FASHION_MNIST = Dataset(
    name="fashion_mnist",
    title="Fashion-MNIST, pictures of clothes (Zalando SE)",
    licence="MIT",
    counts=_FULL,
    files=_files(
        _FULL,
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    shape=(28, 28, 1),
    labels=_CLOTHES,
    urls=(
        # This one speaks no TLS; the pinned SHA-256 is what is trusted anyway.
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    debian="fashion-mnist",
)

_SAMPLE = (5_000, 1_000)
_MINI = Dataset(
    name="fashion_mnist_mini",
    title="a balanced sample of Fashion-MNIST that comes with cnnspec",
    licence="MIT",
    counts=_SAMPLE,
    files=_files(
        _SAMPLE,
        "444ed5f7ce17397f236f5eba17dd507d3f6912f04edd3e4f1701cdf82f2cc0c5",
        "35d691216f65485d010cc635af5574a9dc04aa5060de9be64ab6e5cb5ead38e9",
        "7cee33c3c6414b1b86c25e665a6c4f41584269de3b7cc9768b1d351922845eef",
        "3128d790775889812b73c4f13923559c8b9e281d112c6ea7862acf60a206a909",
    ),
    shape=(28, 28, 1),
    labels=_CLOTHES,
)

DATASETS: dict[str, Dataset] = {d.name: d for d in (_MNIST, _FASHION_MNIST, _MINI)}
"""Every dataset by its name."""
