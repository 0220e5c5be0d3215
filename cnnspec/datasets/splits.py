"""The images of a spec, divided as it says: to train, to validate and to test on."""

from cnnspec.datasets.arrays import Images, Split, load, split_off
from cnnspec.ir.spec import Spec
from cnnspec.record import Record


class Splits(Record):
    """The images of a spec, divided as it says."""

    images: Images
    train: Split
    validation: Split | None
    test: Split

    def named(self) -> dict[str, Split]:
        """Those there are, by name."""
        splits = {"test": self.test, "validation": self.validation, "train": self.train}
        return {name: split for name, split in splits.items() if split is not None}


def divide(spec: Spec, *, offline: bool) -> Splits:
    """Reads the data of a spec and holds back what it validates on. Raises `Problems`."""
    images = load(spec.data.source, offline=offline)
    share = spec.train.validation
    if share == "none":
        return Splits(images, images.train, None, images.test)
    if share == "test":
        return Splits(images, images.train, images.test, images.test)
    train, validation = split_off(images.train, float(share), spec.train.seed)
    return Splits(images, train, validation, images.test)
